//! Remove what may be removed from a full disk.
//!
//! In: a hypothesis that blames a service or a node. Out: a cleaning of its disks. Source: the
//! article's disk runbook, phase 3. Limit: frees what is there once; whatever fills the disk goes
//! on, so a runbook must look again after a while.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, NotApplicable, Patient, Prescription, Remedy};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::engine::case::SCARCE;
use crate::model::{EntityKind, Operation, Risk, Role, Verb};
use crate::unit::{SimDuration, SimTime};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "clean_disk",
    summary: "remove what may be removed from a full disk",
    help: "Old images and rotated logs go. Whatever fills the disk goes on filling it.",
    source: "the article, phase 3; kubelet image garbage collection",
    example: "{ settle: 5m }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// How dangerous it is held to be; from `risky` on the default policy asks a person.
    risk: Risk,
    /// How long after it was applied its effect is judged.
    settle: SimDuration,
    /// Belongs to the plan of the remedy before it, instead of being an alternative to it.
    with_previous: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { risk: Risk::Reversible, settle: SimDuration::from_secs(300), with_previous: false }
    }
}

struct CleanDisk(Config);

fn build(spec: &Spec) -> Result<Box<dyn Remedy + Send>, KindError> {
    Ok(Box::new(CleanDisk(spec.read()?)))
}

impl Remedy for CleanDisk {
    fn verb(&self) -> Verb {
        Verb::CleanDisk
    }

    fn with_previous(&self) -> bool {
        self.0.with_previous
    }

    fn prescribe(&self, patient: &Patient<'_>) -> Result<Prescription, NotApplicable> {
        let target = patient.entity(&[EntityKind::Service, EntityKind::Node])?;
        let id = patient.around().topology.find(target).ok();
        let full = id.is_some_and(|id| patient.case.full(id).any(|f| f.role == Role::Disk));
        if !full {
            return Err(NotApplicable(format!("no disk of {target} is known to be full")));
        }
        let expected = format!("the disks of {target} have room again");
        let Config { risk, settle, .. } = self.0;
        Ok(Prescription::new(target.clone(), Operation::CleanDisk, risk, expected, settle))
    }

    /// Every disk had room at some time since: the cleaning worked, whatever else went on.
    fn held(&self, patient: &Patient<'_>, since: SimTime) -> bool {
        let around = patient.around();
        let Some(id) = around.topology.lookup(&patient.hypothesis.entity) else { return false };
        let from = around.history.position(since);
        let disks = around.series.iter().take(around.history.width()).filter(|(_, meta)| {
            meta.role == Role::Disk
                && meta.unit == "1"
                && around.topology.service_of(meta.entity) == id
        });
        // A slot without a replica has no disk.
        let lowest: Vec<f64> = disks
            .filter_map(|(series, _)| {
                let since = around.history.column(series).iter().skip(from);
                since.filter(|share| share.is_finite()).min_by(f64::total_cmp)
            })
            .collect();
        !lowest.is_empty() && lowest.iter().all(|share| *share < SCARCE)
    }
}
