//! An act that cannot be accounted for afterwards.
//!
//! Definition: an act on the fleet whose audit record (`referee/audit.rs`) lacks a part: the plan
//! that lists it, what was detected, the confidence, the evidence, the alternatives, the verdicts,
//! the approver, or, unless it came less than `grace` before the end, the result; a deed of the
//! engine without an act in the journal; or a page or a dry run without any verdict. A page needs
//! no plan: it is what is left when there is none. Whether the team was told has its own rule.

use serde::{Deserialize, Serialize};

use super::{Build, Check, Violation, built, by_act, by_deed, engine_deeds};
use crate::catalog::{Entry, schema_of};
use crate::referee::audit::AuditRecord;
use crate::referee::case::{Case, touches};
use crate::unit::SimDuration;

/// What `list` and `explain` say.
pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "incomplete_audit",
    summary: "an act whose record lacks detection, confidence, evidence, verdict, approver ...",
    help: "Only whether the parts exist is asked, not what they say.\n\
           Passes: 3 open 1 a; 4 diagnose a 0.9; 5 plan 1 a; 5 verdict 1; 6 act 1 a; 9 outcome 1\n\
           Fails: 3 open 1 a; 4 diagnose a 0.9; 5 plan 1 a; 6 act 1 a; 9 outcome 1",
    source: "the article, audit logging",
    example: "{ grace: 10m }",
    schema: schema_of::<Config>,
    build: built::<Config>,
};

/// The limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How long before the end an outcome may still be missing.
    pub grace: SimDuration,
}

impl Default for Config {
    fn default() -> Self {
        Self { grace: SimDuration::from_secs(600) }
    }
}

impl Check for Config {
    fn check(&self, case: &Case<'_>) -> Result<Vec<Violation>, &'static str> {
        let mut found = Vec::new();
        for act in &case.acts {
            let missing = if touches(act.what) {
                let late = case.evidence.window.end.since(act.time) < self.grace;
                AuditRecord::of(case, act).missing(!late)
            } else {
                let mut verdicts = case.verdicts.iter();
                let ruled =
                    verdicts.any(|v| v.what.action == act.what.id && v.sequence < act.sequence);
                if ruled { Vec::new() } else { vec!["verdicts"] }
            };
            if !missing.is_empty() {
                let saw = format!("{} without {}", act.what.verb(), missing.join(", "));
                found.push(by_act(act, saw, "a complete audit record".to_owned()));
            }
        }
        for deed in engine_deeds(case).unwrap_or_default() {
            if !case.acts.iter().any(|a| Some(a.what.id) == deed.action) {
                let saw = format!("{} without an action in the journal", deed.verb);
                found.push(by_deed(deed, saw, "a complete audit record".to_owned()));
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Body, Decision};
    use crate::referee::safety::missing_notification;
    use crate::referee::sketch::Sketch;

    /// An act with everything that a record needs.
    fn whole() -> Sketch {
        Sketch::default()
            .fleet(20)
            .open(3, 1, "a")
            .diagnose(4, "a", 0.9)
            .plan(5, 1, "a")
            .verdict(5, 1)
            .act(6, 1, "a")
            .deed(6, 9, 1, "a", 1)
            .outcome(9, 1)
            .notify(9, Some(1))
    }

    fn seen(sketch: &Sketch) -> (usize, usize) {
        let told = missing_notification::Config::default();
        (sketch.breaches(&Config::default()), sketch.breaches(&told))
    }

    #[test]
    fn deleting_any_one_part_of_the_record_is_seen() {
        assert_eq!(seen(&whole()), (0, 0));
        type Edit = fn(&mut Body) -> bool;
        /// Each edit returns whether the line stays.
        const EDITS: [(&str, Edit); 9] = [
            ("detected", |body| match body {
                Body::Decision(Decision::Anomaly(_)) => false,
                Body::Decision(Decision::Incident(incident)) => {
                    incident.anomalies.clear();
                    true
                }
                _ => true,
            }),
            ("confidence", |body| !matches!(body, Body::Decision(Decision::Diagnosis(_)))),
            ("evidence", |body| {
                if let Body::Decision(Decision::Diagnosis(diagnosis)) = body {
                    diagnosis.hypotheses.iter_mut().for_each(|h| h.evidence.clear());
                }
                true
            }),
            ("alternatives", |body| {
                if let Body::Decision(Decision::Plan(plan)) = body {
                    plan.rejected.clear();
                }
                true
            }),
            ("verdicts", |body| !matches!(body, Body::Decision(Decision::Verdict(_)))),
            ("approver", |body| {
                if let Body::Decision(Decision::Verdict(verdict)) = body {
                    verdict.ruling = crate::model::Ruling::NeedsApproval;
                }
                true
            }),
            ("action", |body| !matches!(body, Body::Decision(Decision::Act(_)))),
            ("result", |body| !matches!(body, Body::Outcome(_))),
            ("notification", |body| !matches!(body, Body::Decision(Decision::Notify(_)))),
        ];
        for (part, edit) in EDITS {
            let expected = if part == "notification" { (0, 1) } else { (1, 0) };
            assert_eq!(seen(&whole().edited(edit)), expected, "{part}");
        }
        let unplanned = |body: &mut Body| !matches!(body, Body::Decision(Decision::Plan(_)));
        assert_eq!(seen(&whole().edited(unplanned)), (1, 0));
    }

    #[test]
    fn pages_and_late_acts_need_less() {
        let check = |sketch: Sketch| sketch.breaches(&Config::default());
        let base = || {
            let sketch = Sketch::default().open(3, 1, "a").diagnose(4, "a", 0.9);
            sketch.plan(5, 1, "a").verdict(5, 1)
        };
        assert_eq!(check(base().act(6, 1, "a")), 1);
        assert_eq!(check(base().act(3100, 1, "a")), 0, "an outcome may still come");
        assert_eq!(check(Sketch::default().page(6, 1)), 1);
        assert_eq!(check(Sketch::default().verdict(5, 1).page(6, 1)), 0);
    }
}
