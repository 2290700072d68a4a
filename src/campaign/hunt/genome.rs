//! One scenario of the search, and how it becomes a file.

use std::path::PathBuf;

use crate::model::Policy;
use crate::scenario::{Checked, PolicySource, ScenarioFile};
use crate::unit::SimDuration;
use crate::world::chaos::Onset;

/// A scenario with its seed.
#[derive(Debug, Clone, PartialEq)]
pub struct Genome {
    /// What it says; the policy stands in it.
    pub file: ScenarioFile,
    /// Where it was given; paths in it are relative to that.
    pub path: PathBuf,
}

impl Genome {
    /// A scenario that was drawn.
    #[must_use]
    pub fn drawn(file: ScenarioFile) -> Self {
        let path = PathBuf::from(format!("{}.yaml", file.name));
        Self { file, path }
    }

    /// A scenario that was given, with what it expects.
    #[must_use]
    pub fn given(checked: &Checked) -> Self {
        Self { file: checked.file.clone(), path: checked.path.clone() }
    }

    /// Ready to run; `None` if it does not fit together.
    #[must_use]
    pub fn checked(&self, policy: &Policy) -> Option<Checked> {
        let spec = self.file.synthetic();
        spec.check().is_empty().then(|| Checked {
            path: self.path.clone(),
            file: self.file.clone(),
            spec,
            policy: policy.clone(),
        })
    }

    /// How large it is: faults, services, replicas, minutes and settings that are not the default.
    /// Shrinking only ever makes it smaller.
    #[must_use]
    pub fn size(&self) -> u64 {
        let file = &self.file;
        let replicas: u64 = file.fleet.services.values().map(|s| u64::from(s.replicas)).sum();
        let calls: usize = file.fleet.services.values().map(|s| s.calls.len()).sum();
        let minutes = file.duration.nanos().unsigned_abs()
            / SimDuration::from_secs(60).nanos().unsigned_abs();
        let params: usize = file.faults.iter().map(|fault| fault.spec.params.len()).sum();
        let settings = u64::from(file.people != crate::world::people::PeopleSpec::default())
            + u64::from(file.actuation != crate::world::fleet::ActuationSpec::default())
            + u64::from(file.scrape != crate::world::fleet::ScrapeSpec::default())
            + u64::from(!file.fleet.nodes.is_empty());
        let onsets = file.faults.iter().filter(|fault| fault.onset != Onset::Step).count() as u64;
        let faults = file.faults.len() as u64;
        let services = file.fleet.services.len() as u64;
        faults * 1000
            + services * 100
            + settings * 50
            + params as u64 * 10
            + onsets * 10
            + calls as u64 * 5
            + replicas * 2
            + minutes
    }

    /// The scenario as it is written, with the policy in place.
    #[must_use]
    pub fn with_policy(&self, policy: &Policy) -> ScenarioFile {
        let mut file = self.file.clone();
        file.policy = PolicySource::Inline(Box::new(policy.clone()));
        file
    }
}
