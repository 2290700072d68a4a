//! Send a zone's share of the traffic to the other zones.
//!
//! In: a hypothesis that blames a zone. Out: a shift of `share`; taken back when it did not heal.
//! Source: zonal shift. Limit: the other zones must carry it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, NotApplicable, Patient, Prescription, Remedy};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{EntityKind, Operation, Risk, Verb};
use crate::unit::SimDuration;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "shift_traffic",
    summary: "send a zone's share of the traffic elsewhere",
    help: "The blamed entity must be a zone. The other zones carry the rest, so this is risky \
           by default.",
    source: "AWS zonal shift; Envoy zone-aware routing",
    example: "{ share: 1 }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Share of its traffic that leaves the zone, above 0 and at most 1.
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
            share: 1.0,
            risk: Risk::Risky,
            settle: SimDuration::from_secs(480),
            with_previous: false,
        }
    }
}

struct ShiftTraffic(Config);

fn build(spec: &Spec) -> Result<Box<dyn Remedy + Send>, KindError> {
    let config: Config = spec.read()?;
    if !(config.share > 0.0 && config.share <= 1.0) {
        let problem = format!("share must be above 0 and at most 1, found {}", config.share);
        return Err(KindError::Params { kind: spec.kind.clone(), problem });
    }
    Ok(Box::new(ShiftTraffic(config)))
}

impl Remedy for ShiftTraffic {
    fn verb(&self) -> Verb {
        Verb::ShiftTraffic
    }

    fn with_previous(&self) -> bool {
        self.0.with_previous
    }

    fn prescribe(&self, patient: &Patient<'_>) -> Result<Prescription, NotApplicable> {
        let target = patient.entity(&[EntityKind::Zone])?;
        let expected = format!("{target} gets less of the traffic");
        let Config { risk, settle, .. } = self.0;
        Ok(Prescription {
            undo: Some(Operation::ShiftTraffic { share: 0.0 }),
            ..Prescription::new(
                target.clone(),
                Operation::ShiftTraffic { share: self.0.share },
                risk,
                expected,
                settle,
            )
        })
    }
}
