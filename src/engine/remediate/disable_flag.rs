//! Switch a feature flag off that was switched on shortly before.
//!
//! In: a hypothesis and the changes known. Out: the flag of the latest flag event of the service
//! before the first symptom, off. Source: kill switches of feature-flag services. Limit: without a
//! flag event there is nothing to switch.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, NotApplicable, Patient, Prescription, Remedy};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{EventKind, Operation, Risk, Verb};
use crate::unit::SimDuration;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "disable_flag",
    summary: "switch off the flag that was switched on before the trouble",
    help: "Needs a flag event of the service, with the attribute `flag`, before the first symptom.",
    source: "Hodgson, Feature toggles (ops toggles), 2017",
    example: "{ horizon: 1h }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// How long before the first symptom a switch is worth taking back.
    horizon: SimDuration,
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
            horizon: SimDuration::from_secs(3600),
            risk: Risk::Reversible,
            settle: SimDuration::from_secs(300),
            with_previous: false,
        }
    }
}

struct DisableFlag(Config);

fn build(spec: &Spec) -> Result<Box<dyn Remedy + Send>, KindError> {
    Ok(Box::new(DisableFlag(spec.read()?)))
}

impl Remedy for DisableFlag {
    fn verb(&self) -> Verb {
        Verb::DisableFlag
    }

    fn with_previous(&self) -> bool {
        self.0.with_previous
    }

    fn prescribe(&self, patient: &Patient<'_>) -> Result<Prescription, NotApplicable> {
        let (id, target) = patient.service()?;
        let found = patient.case.change_before(id, &[EventKind::Flag], self.0.horizon);
        let flag = found.and_then(|(event, _)| event.attributes.get("flag").cloned());
        let flag = flag.ok_or_else(|| {
            NotApplicable(format!("no flag of {target} changed before the onset"))
        })?;
        let expected = format!("{target} runs without {flag}");
        let Config { risk, settle, .. } = self.0;
        let operation = Operation::DisableFlag { flag };
        Ok(Prescription::new(target.clone(), operation, risk, expected, settle))
    }
}
