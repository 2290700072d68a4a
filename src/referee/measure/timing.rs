//! How long did each stage take?
//!
//! In: the stage times of every truth. Out: spreads in seconds over the truths that reached the
//! stage, and the share of felt incidents that did not recover. MTTD runs from the onset to the
//! first anomaly, MTTR from the onset to users being served again; MTTA from the first page or
//! request to the first answer of a person. In open loop nothing recovers, so MTTR is absent and
//! only the time to decision is claimed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Definition, MeasureEntry, define};
use crate::catalog::{Entry, schema_of};
use crate::model::{Action, Verb};
use crate::referee::case::{Case, Said};
use crate::referee::estimate::{Estimate, Spread};
use crate::referee::evidence::Mode;
use crate::referee::recovery::Recovery;
use crate::referee::stages::{Stages, of_truth, recovered};

const DEFINITIONS: &[Definition] = &[
    define("mttd_s", "s", "onset to first anomaly"),
    define("mtta_s", "s", "first page or request for approval to the first answer of a person"),
    define("mttr_s", "s", "onset to users served as promised again; null in open loop"),
    define("time_to_decision_s", "s", "onset to first plan"),
    define("correlate_s", "s", "first anomaly to incident"),
    define("diagnose_s", "s", "incident to first diagnosis"),
    define("decide_s", "s", "first diagnosis to first plan"),
    define("approve_s", "s", "first plan to first act on the fleet"),
    define("apply_s", "s", "first act on the fleet to its success"),
    define("verify_s", "s", "success to the engine's own verification"),
    define("recover_s", "s", "first success to users served again; negative if before"),
    define("not_recovered", "1", "felt incidents that did not recover / felt incidents"),
    define("unfelt", "1", "incidents in which the objective was never missed"),
];

/// What `list` and `explain` say.
pub(super) const ENTRY: MeasureEntry = Entry {
    kind: "timing",
    summary: "MTTD, MTTA, MTTR and every stage: mean, median, p95, n",
    help: "Over labelled incidents. Recovered means that user-visible SLIs are back inside their \
           objective for a sustained time, not that a replica is ready.",
    source: "Beyer et al., Site Reliability Engineering (2016), for the objective; own definitions",
    example: "{}",
    schema: schema_of::<Timing>,
    build: DEFINITIONS,
};

/// The group on the scorecard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Timing {
    /// Onset to first anomaly.
    pub mttd_s: Spread,
    /// First page or request to the first answer of a person.
    pub mtta_s: Spread,
    /// Onset to users served again; null where nothing can recover.
    pub mttr_s: Option<Spread>,
    /// Onset to first plan.
    pub time_to_decision_s: Spread,
    /// First anomaly to incident.
    pub correlate_s: Spread,
    /// Incident to first diagnosis.
    pub diagnose_s: Spread,
    /// First diagnosis to first plan.
    pub decide_s: Spread,
    /// First plan to first act on the fleet.
    pub approve_s: Spread,
    /// First act on the fleet to its success.
    pub apply_s: Spread,
    /// Success to the engine's own verification.
    pub verify_s: Spread,
    /// First success to users served again.
    pub recover_s: Spread,
    /// Share of felt incidents that did not recover; null where nothing can recover.
    pub not_recovered: Option<Estimate>,
    /// Incidents in which the objective was never missed; null where there is none.
    pub unfelt: Option<u64>,
}

/// How users fared, as stored.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Users {
    /// The objective was never missed.
    NeverFelt,
    /// They were not served again by the end.
    NotRecovered,
    /// They were served again.
    Recovered,
}

/// What one truth shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Found {
    /// The truth's name.
    pub truth: String,
    /// When each stage was reached.
    pub stages: Stages,
    /// Seconds from the first page or request to the first answer of a person.
    pub acknowledged_s: Option<f64>,
    /// How users fared; null if nobody can know.
    pub users: Option<Users>,
}

/// Looks at one trial that has a truth.
pub(in crate::referee) fn find(case: &Case<'_>) -> Vec<Found> {
    let blind = case.evidence.mode == Mode::OpenLoop;
    let look = |index: usize| Found {
        truth: case.truths()[index].id.clone(),
        stages: of_truth(case, index),
        acknowledged_s: acknowledged(case, index),
        users: if blind { None } else { users(recovered(case, index)) },
    };
    (0..case.truths().len()).map(look).collect()
}

/// Sums up truths.
pub(in crate::referee) fn summarise(items: &[&Found]) -> Timing {
    let spread = |name: &str, of: fn(&Found) -> Option<f64>| {
        let values: Vec<f64> = items.iter().filter_map(|f| of(f)).collect();
        Spread::of(&values, &format!("timing/{name}"))
    };
    let known: Vec<Users> = items.iter().filter_map(|f| f.users).collect();
    let count = |users: Users| known.iter().filter(|u| **u == users).count() as u64;
    let (lost, healed) = (count(Users::NotRecovered), count(Users::Recovered));
    let sighted = !known.is_empty();
    Timing {
        mttd_s: spread("mttd_s", |f| Stages::seconds(f.stages.onset, f.stages.detected)),
        mtta_s: spread("mtta_s", |f| f.acknowledged_s),
        mttr_s: sighted
            .then(|| spread("mttr_s", |f| Stages::seconds(f.stages.onset, f.stages.recovered))),
        time_to_decision_s: spread("decision_s", |f| {
            Stages::seconds(f.stages.onset, f.stages.decided)
        }),
        correlate_s: spread("correlate_s", |f| {
            Stages::seconds(f.stages.detected, f.stages.correlated)
        }),
        diagnose_s: spread("diagnose_s", |f| {
            Stages::seconds(f.stages.correlated, f.stages.diagnosed)
        }),
        decide_s: spread("decide_s", |f| Stages::seconds(f.stages.diagnosed, f.stages.decided)),
        approve_s: spread("approve_s", |f| Stages::seconds(f.stages.decided, f.stages.approved)),
        apply_s: spread("apply_s", |f| Stages::seconds(f.stages.approved, f.stages.applied)),
        verify_s: spread("verify_s", |f| Stages::seconds(f.stages.applied, f.stages.verified)),
        recover_s: spread("recover_s", |f| Stages::seconds(f.stages.applied, f.stages.recovered)),
        not_recovered: sighted.then(|| Estimate::proportion(lost, lost + healed)),
        unfelt: sighted.then(|| count(Users::NeverFelt)),
    }
}

fn users(recovery: Recovery) -> Option<Users> {
    match recovery {
        Recovery::Unknown => None,
        Recovery::NeverFelt => Some(Users::NeverFelt),
        Recovery::NotYet => Some(Users::NotRecovered),
        Recovery::At(_) => Some(Users::Recovered),
    }
}

fn acknowledged(case: &Case<'_>, index: usize) -> Option<f64> {
    let ids = case.answering(index);
    let from = case.truths()[index].claim().start;
    let pages = case.acts.iter().filter(|a| a.what.verb() == Verb::PageOnCall && !a.what.dry_run);
    let first = pages
        .chain(&case.asks)
        .filter(|a| a.time >= from && ids.contains(&a.what.incident))
        .min_by_key(|a| a.sequence)?;
    let calls = |id| {
        let of = |a: &&Said<'_, Action>| a.what.id == id;
        case.asks.iter().chain(&case.acts).find(of).map(|a| a.what.incident)
    };
    let answer = case.answers.iter().find(|a| {
        a.sequence > first.sequence && calls(a.what.action).is_some_and(|id| ids.contains(&id))
    })?;
    Some(answer.time.since(first.time).secs_f64())
}
