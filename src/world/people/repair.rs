//! How long a person takes to find out and to put right by hand, by cause.
//!
//! In: a cause. Out: two medians. Known limit: the defaults are of the right order, not measured:
//! what shows itself (a deploy, an expired certificate) is found in minutes, what hides (a leak,
//! the network, drift) takes longer; what is a matter of one command is mended in minutes,
//! what needs somebody else (a provider, a new machine) takes long.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::delay::{Lane, delay};
use crate::kernel::Streams;
use crate::model::Cause;
use crate::unit::SimDuration;

/// Manual work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ManualSpec {
    /// Whether a person who has seen a page puts the fleet right by hand (default true).
    pub fix: bool,
    /// All times of manual work are multiplied by this (default 1).
    pub pace: f64,
    /// Standard deviation of the logarithm of the times (default 0.5).
    pub spread: f64,
    /// Median time from the acknowledgement to knowing what is wrong, by cause.
    pub diagnose: BTreeMap<Cause, SimDuration>,
    /// Median time from knowing to having mended, by cause.
    pub mend: BTreeMap<Cause, SimDuration>,
}

impl Default for ManualSpec {
    fn default() -> Self {
        let (diagnose, mend) = (BTreeMap::new(), BTreeMap::new());
        Self { fix: true, pace: 1.0, spread: 0.5, diagnose, mend }
    }
}

impl ManualSpec {
    /// How long it takes from the acknowledgement until fault `number` is mended.
    pub(super) fn takes(&self, chance: Streams, number: u32, cause: Cause) -> SimDuration {
        let (diagnose, mend) = usual(cause);
        let diagnose = self.diagnose.get(&cause).copied().unwrap_or(diagnose);
        let mend = self.mend.get(&cause).copied().unwrap_or(mend);
        let draw = |lane, median: SimDuration| {
            delay(chance, lane, u64::from(number), median.scaled(self.pace), self.spread)
        };
        draw(Lane::Diagnose, diagnose) + draw(Lane::Fix, mend)
    }
}

/// Median times to know and to mend.
const fn usual(cause: Cause) -> (SimDuration, SimDuration) {
    let (diagnose, mend) = match cause {
        Cause::BadDeploy => (10, 5),
        Cause::CodeDefect => (30, 45),
        Cause::ResourceExhaustion => (20, 10),
        Cause::ConfigDrift => (25, 5),
        Cause::DependencyFailure => (15, 20),
        Cause::NetworkFault => (30, 20),
        Cause::NodeFailure => (10, 15),
        Cause::CertificateExpiry => (12, 15),
        Cause::TrafficSurge => (10, 5),
        Cause::Unknown => (30, 30),
    };
    (SimDuration::from_secs(diagnose * 60), SimDuration::from_secs(mend * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_differ_and_a_file_may_say_otherwise() {
        let chance = Streams::new(1);
        let mut manual = ManualSpec { spread: 0.0, ..ManualSpec::default() };
        let minutes = |m: &ManualSpec, cause| m.takes(chance, 1, cause).secs_f64() / 60.0;
        assert_eq!(minutes(&manual, Cause::BadDeploy), 15.0);
        assert!(minutes(&manual, Cause::CodeDefect) > minutes(&manual, Cause::BadDeploy));
        manual.mend.insert(Cause::BadDeploy, SimDuration::from_secs(60));
        manual.pace = 2.0;
        assert_eq!(minutes(&manual, Cause::BadDeploy), 22.0);
    }
}
