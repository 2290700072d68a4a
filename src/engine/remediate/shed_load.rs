//! Reject a share of the requests at once, so that the rest is served.
//!
//! In: a hypothesis. Out: shedding of `share` at the service; taken back when it did not heal.
//! Source: Beyer et al., Site Reliability Engineering, ch. 22. Limit: those who are rejected are
//! unserved users: it trades some for the others.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, NotApplicable, Patient, Prescription, Remedy};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{Operation, Risk, Verb};
use crate::unit::SimDuration;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "shed_load",
    summary: "reject a share of the requests so that the rest is served",
    help: "Shedding breaks the loop of overload, time-outs and retries. The rejected requests \
           count as failed.",
    source: "Beyer et al., Site Reliability Engineering, 2016, ch. 22",
    example: "{ share: 0.3 }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Share of the requests to reject, above 0 and at most 1.
    share: f64,
    /// How dangerous it is held to be; from `risky` on the default policy asks a person.
    risk: Risk,
    /// How long after it was applied its effect is judged.
    settle: SimDuration,
    /// Belongs to the plan of the remedy before it, instead of being an alternative to it.
    with_previous: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            share: 0.3,
            risk: Risk::Risky,
            settle: SimDuration::from_secs(300),
            with_previous: false,
        }
    }
}

struct ShedLoad(Config);

fn build(spec: &Spec) -> Result<Box<dyn Remedy + Send>, KindError> {
    let config: Config = spec.read()?;
    if !(config.share > 0.0 && config.share <= 1.0) {
        let problem = format!("share must be above 0 and at most 1, found {}", config.share);
        return Err(KindError::Params { kind: spec.kind.clone(), problem });
    }
    Ok(Box::new(ShedLoad(config)))
}

impl Remedy for ShedLoad {
    fn verb(&self) -> Verb {
        Verb::ShedLoad
    }

    fn with_previous(&self) -> bool {
        self.0.with_previous
    }

    fn prescribe(&self, patient: &Patient<'_>) -> Result<Prescription, NotApplicable> {
        let (_, target) = patient.service()?;
        let share = self.0.share;
        let expected = format!("{target} serves what it takes in; {share} of it is rejected");
        let Config { risk, settle, .. } = self.0;
        let operation = Operation::ShedLoad { share };
        Ok(Prescription {
            undo: Some(Operation::ShedLoad { share: 0.0 }),
            ..Prescription::new(target.clone(), operation, risk, expected, settle)
        })
    }
}
