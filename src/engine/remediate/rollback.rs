//! Return a service to the version before its last deploy.
//!
//! In: a hypothesis and the changes known. Out: a rollback to the deploy's `previous_version`, by
//! canary or rolling. Source: Argo Rollouts and Flagger (analysis-driven rollback). Limit: without
//! a deploy event there is nothing to go back to; schema changes are not undone, so
//! it does not go back over a change that tells of a `migration` unless the policy says so.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, NotApplicable, Patient, Prescription, Remedy};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{Event, EventKind, Operation, Risk, Strategy, Verb};
use crate::unit::{EntityId, SimDuration};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "rollback",
    summary: "back to the version before the last deploy",
    help: "Needs a deploy event of the service before the incident; the engine's own \
           rollouts do not count. By canary a small share goes first and the rest follows \
           if it is healthy.",
    source: "Argo Rollouts, Flagger",
    example: "{ strategy: canary, settle: 6m }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// How it is rolled out.
    strategy: Strategy,
    /// How long before the first symptom a deploy is worth taking back.
    horizon: SimDuration,
    /// How dangerous it is held to be; from `risky` on the default policy asks a person.
    risk: Risk,
    /// How long after it was applied its effect is judged.
    settle: SimDuration,
    /// Belongs to the plan of the remedy before it, instead of being an alternative to it.
    with_previous: bool,
    /// Whether to go back even over a change that says it migrates data the old version knows.
    over_migration: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            strategy: Strategy::Canary,
            horizon: SimDuration::from_secs(3600),
            risk: Risk::Reversible,
            settle: SimDuration::from_secs(360),
            with_previous: false,
            over_migration: false,
        }
    }
}

/// How long before its deploy a migration may run.
const MIGRATION_BEFORE: SimDuration = SimDuration::from_secs(900);

struct Rollback(Config);

fn build(spec: &Spec) -> Result<Box<dyn Remedy + Send>, KindError> {
    Ok(Box::new(Rollback(spec.read()?)))
}

impl Remedy for Rollback {
    fn verb(&self) -> Verb {
        Verb::Rollback
    }

    fn with_previous(&self) -> bool {
        self.0.with_previous
    }

    fn prescribe(&self, patient: &Patient<'_>) -> Result<Prescription, NotApplicable> {
        let (id, target) = patient.service()?;
        let (deploy, _) = patient
            .case
            .change_before(id, &[EventKind::Deploy], self.0.horizon)
            .ok_or_else(|| NotApplicable(format!("no deploy of {target} before the onset")))?;
        if let (false, Some(migration)) = (self.0.over_migration, migration(patient, id, deploy)) {
            return Err(NotApplicable(format!("going back over the migration {migration}")));
        }
        let version = deploy.attributes.get("previous_version").cloned();
        let to = version.as_deref().unwrap_or("the version before");
        let expected = format!("{target} runs {to}; its symptoms end");
        Ok(Prescription {
            target: target.clone(),
            operation: Operation::Rollback { version, strategy: self.0.strategy },
            risk: self.0.risk,
            expected,
            settle: self.0.settle,
            undo: None,
            complete: Some(Operation::Restart),
            check: None,
        })
    }
}

/// The migration that came with a deploy, where a change of the same entity tells of one.
fn migration(patient: &Patient<'_>, id: EntityId, deploy: &Event) -> Option<String> {
    let told = patient.case.changes().iter().find_map(|event| {
        let near = deploy.time.since(event.time) <= MIGRATION_BEFORE && event.time <= deploy.time;
        let name = event.attributes.get("migration")?;
        (near && patient.case.entity_of(event) == Some(id)).then_some(name)
    });
    told.cloned()
}
