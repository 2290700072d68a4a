//! A runbook: several remedies with a check after each, branches, and escalation to people.
//!
//! In: steps, each a remedy, what to measure after it, and where to go when it passes or not. Out:
//! one prescription per step. Jumps go forward only, so that every runbook ends. Source: the
//! article's runbook automation (phase 3); PagerDuty and StackStorm workflows. Limit: a check reads
//! one metric of the step's target and its replicas; the worst value decides, and no value fails.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, NotApplicable, Patient, Prescription, Remedy, catalog};
use crate::catalog::{Entry, KindError, Spec, find, schema_of};
use crate::model::Verb;
use crate::unit::{Name, SimDuration};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "runbook",
    summary: "several remedies with verify, branch and escalate",
    help: "Each step does one remedy, waits for its settling time at most `within`, measures, and \
           goes on: `next` step, `done` (the effect is judged as for any plan), `escalate` (a \
           person is paged with what was done), or the label of a later step. Every step passes \
           the guardrails like any action.",
    source: "the article, phase 3 (runbook automation)",
    example: "{ name: slow-service, steps: [{ do: restart, verify: { metric: \
              http.server.request.error_ratio, below: 0.01, within: 5m }, then: done, otherwise: \
              next }, { do: scale_out, otherwise: escalate }] }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Its name, for reports.
    name: String,
    /// What is done, in order.
    steps: Vec<StepSpec>,
    /// Belongs to the plan of the remedy before it, instead of being an alternative to it.
    #[serde(default)]
    with_previous: bool,
}

/// One step.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct StepSpec {
    /// A name to jump to.
    #[serde(default)]
    label: Option<String>,
    /// The remedy.
    r#do: Spec,
    /// What is measured afterwards; absent: whether it was applied.
    #[serde(default)]
    verify: Option<Verify>,
    /// Where to go when it passes: next, done, escalate or a label (default next).
    #[serde(default = "next")]
    then: String,
    /// Where to go when it does not (default escalate).
    #[serde(default = "escalate")]
    otherwise: String,
}

/// What is measured.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Verify {
    /// Name of the metric, read at the step's target and its replicas.
    pub metric: String,
    /// It passes below this value, in the metric's unit.
    #[serde(default)]
    pub below: Option<f64>,
    /// It passes above this value, in the metric's unit.
    #[serde(default)]
    pub above: Option<f64>,
    /// How long it may take to get there.
    #[serde(default = "five_minutes")]
    pub within: SimDuration,
}

/// Where a runbook goes after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jump {
    /// To the step with this index.
    Step(usize),
    /// To its end: the effect is judged.
    Done,
    /// To people.
    Escalate,
}

/// The check after a step.
#[derive(Debug, Clone, PartialEq)]
pub struct StepCheck {
    /// What is measured; absent: whether the step was applied.
    pub verify: Option<Verify>,
    /// Where to go when it passes.
    pub then: Jump,
    /// Where to go when it does not.
    pub otherwise: Jump,
}

/// The steps of a runbook.
pub struct Runbook {
    /// Its name.
    pub name: String,
    /// Each remedy with the check after it.
    pub steps: Vec<(Box<dyn Remedy + Send>, StepCheck)>,
    with_previous: bool,
}

fn next() -> String {
    "next".to_owned()
}

fn escalate() -> String {
    "escalate".to_owned()
}

const fn five_minutes() -> SimDuration {
    SimDuration::from_secs(300)
}

fn build(spec: &Spec) -> Result<Box<dyn Remedy + Send>, KindError> {
    let config: Config = spec.read()?;
    let fail = |problem: String| KindError::Params { kind: spec.kind.clone(), problem };
    if config.steps.is_empty() {
        return Err(fail("expected at least one step, found none".to_owned()));
    }
    let mut steps = Vec::new();
    for (index, step) in config.steps.iter().enumerate() {
        let remedy = find("remedy", catalog::ALL, &step.r#do.kind)
            .and_then(|entry| (entry.build)(&step.r#do))
            .map_err(|error| fail(format!("step {}: {error}", index + 1)))?;
        if remedy.runbook().is_some() {
            return Err(fail(format!("step {}: a runbook inside a runbook", index + 1)));
        }
        let bounds = step.verify.as_ref().map(|v| (v.below, v.above));
        if matches!(bounds, Some((None, None) | (Some(_), Some(_)))) {
            let problem = "verify needs either below or above";
            return Err(fail(format!("step {}: {problem}", index + 1)));
        }
        let jump = |word: &str| jump(word, index, &config.steps).map_err(fail);
        let (then, otherwise) = (jump(&step.then)?, jump(&step.otherwise)?);
        steps.push((remedy, StepCheck { verify: step.verify.clone(), then, otherwise }));
    }
    let Config { name, with_previous, .. } = config;
    Ok(Box::new(Runbook { name, steps, with_previous }))
}

fn jump(word: &str, from: usize, steps: &[StepSpec]) -> Result<Jump, String> {
    match word {
        "next" if from + 1 < steps.len() => Ok(Jump::Step(from + 1)),
        "next" | "done" => Ok(Jump::Done),
        "escalate" => Ok(Jump::Escalate),
        label => {
            let place = steps.iter().position(|s| s.label.as_deref() == Some(label));
            match place {
                Some(place) if place > from => Ok(Jump::Step(place)),
                Some(_) => Err(format!("step {}: {label:?} is not a later step", from + 1)),
                None => Err(format!(
                    "step {}: expected next, done, escalate or a label, found {label:?}",
                    from + 1
                )),
            }
        }
    }
}

impl Remedy for Runbook {
    fn verb(&self) -> Verb {
        self.steps[0].0.verb()
    }

    fn with_previous(&self) -> bool {
        self.with_previous
    }

    fn prescribe(&self, patient: &Patient<'_>) -> Result<Prescription, NotApplicable> {
        self.steps[0].0.prescribe(patient)
    }

    fn runbook(&self) -> Option<&Runbook> {
        Some(self)
    }
}

impl Runbook {
    /// What each step does for this patient; absent where it does not apply, with the reason.
    #[must_use]
    pub fn steps_for(
        &self,
        patient: &Patient<'_>,
    ) -> Vec<(Result<Prescription, NotApplicable>, Verb)> {
        let step = |(remedy, check): &(Box<dyn Remedy + Send>, StepCheck)| {
            let found = remedy.prescribe(patient);
            let checked = found.map(|p| Prescription { check: Some(check.clone()), ..p });
            (checked, remedy.verb())
        };
        self.steps.iter().map(step).collect()
    }
}

/// Whether what was measured passes; absent values pass nothing.
#[must_use]
pub(in crate::engine) fn passes(
    verify: &Verify,
    patient: &super::Surroundings<'_>,
    target: &Name,
) -> bool {
    let Ok(target) = patient.topology.find(target) else { return false };
    let mine = patient.series.iter().filter(|(_, meta)| {
        let near = meta.entity == target || patient.topology.service_of(meta.entity) == target;
        near && meta.metric == verify.metric
    });
    let values: Vec<f64> = mine.filter_map(|(id, _)| patient.history.latest(id)).collect();
    let below = |limit: f64| values.iter().all(|value| *value < limit);
    let above = |limit: f64| values.iter().all(|value| *value > limit);
    !values.is_empty() && verify.below.is_none_or(below) && verify.above.is_none_or(above)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(yaml: &str) -> Result<Box<dyn Remedy + Send>, String> {
        let spec: Spec = serde_saphyr::from_str(&format!("runbook: {yaml}")).unwrap();
        build(&spec).map_err(|error| error.to_string())
    }

    #[test]
    fn jumps_go_forward_and_every_slip_is_named() {
        let steps = |text: &str| built(&format!("{{ name: outer, steps: {text} }}"));
        let book = steps(
            "[{ do: restart, otherwise: big }, { do: scale_out }, { label: big, do: rollback }]",
        )
        .unwrap();
        let checks: Vec<(Jump, Jump)> =
            book.runbook().unwrap().steps.iter().map(|(_, c)| (c.then, c.otherwise)).collect();
        assert_eq!(checks[0], (Jump::Step(1), Jump::Step(2)));
        assert_eq!(checks[2], (Jump::Done, Jump::Escalate));
        for (text, expected) in [
            ("[]", "at least one step"),
            ("[{ do: restrat }]", "did you mean \"restart\"?"),
            ("[{ do: restart, then: big }]", "found \"big\""),
            ("[{ label: a, do: restart }, { do: restart, then: a }]", "not a later step"),
            ("[{ do: restart, verify: { metric: m } }]", "either below or above"),
            (
                "[{ do: { runbook: { name: inner, steps: [{ do: restart }] } } }]",
                "inside a runbook",
            ),
        ] {
            let error = steps(text).err().unwrap();
            assert!(error.contains(expected), "{error}");
        }
    }
}
