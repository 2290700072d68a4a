//! Floors that were tuned on synthetic incidents, replayed on recorded ones in open loop.
//!
//! In: a dataset and a policy. Out: how often the engine would have acted, how often on a target
//! that is no root cause, and whether its confidences can be believed there. Nothing of effect is
//! claimed: a recording cannot answer that.

use super::Transfer;
use super::outcome::Number;
use crate::campaign::belief::Belief;
use crate::campaign::calibrate::answers_of;
use crate::campaign::{AlarmSource, DatasetRun, run_dataset};
use crate::model::Policy;
use crate::stats::interval::clopper_pearson;
use crate::timeline::Dataset;
use crate::unit::SimDuration;

/// Replays a dataset; the recording's own alarm is handed to the engine where it has one.
#[must_use]
pub fn transfer(dataset: &Dataset, policy: &Policy, floors: &str, jobs: usize) -> Transfer {
    let alarm = AlarmSource::Reported(SimDuration::ZERO);
    let run = DatasetRun { dataset, policy, case: None, seed: 1, jobs, alarm };
    let outcomes = run_dataset(&run, &|_, _, _| {});
    let found = || outcomes.trials.iter().flat_map(|t| &t.scorecard.findings);
    let judged = || found().flat_map(|f| &f.remediation);
    let acted = judged().filter(|r| r.acted.is_some()).count() as u64;
    let wrong = judged().filter(|r| r.acted.as_ref().is_some_and(|a| !a.right_target));
    let wrong = wrong.count() as u64;
    let span = clopper_pearson(wrong, acted, 0.95);
    Transfer {
        dataset: dataset.meta.name.clone(),
        floors: floors.to_owned(),
        cases: judged().count() as u64,
        acted,
        wrong_target: wrong,
        wrong_target_rate: Number {
            value: (acted > 0).then(|| wrong as f64 / acted as f64),
            n: acted,
            interval: span.map(|s| [s.low, s.high]),
        },
        belief: Belief::of(&answers_of(&outcomes.trials)),
    }
}
