//! How accurate an engine is on recorded incidents, arrangement by arrangement.
//!
//! An *arrangement* is a policy, how the engine learns of trouble, and what is withheld from it.
//! In: datasets and arrangements. Out: one row per dataset, group of cases and arrangement, with n
//! and intervals. Cases are grouped by their name's first part (`ob-...`, `tt-...`): importers put
//! the system there. Same engine and policy on every set. Limit: ranks of one method are those of
//! its hypotheses after `conclude`, as users see them.

use serde::Serialize;

use super::{AlarmSource, CaseFailure, DatasetRun, Progress, run_dataset};
use crate::catalog::Spec;
use crate::model::Policy;
use crate::referee::{Estimate, Scorecard, aggregate};
use crate::timeline::Dataset;
use crate::trial::Trial;
use crate::unit::SimDuration;

pub use super::deprived::Without;

/// One way of asking.
#[derive(Debug, Clone)]
pub struct Arrangement {
    /// Its name in tables.
    pub name: String,
    /// The engine.
    pub policy: Policy,
    /// How it learns of trouble.
    pub alarm: AlarmSource,
    /// What it is not given.
    pub withheld: Withheld,
}

/// What an arrangement withholds from the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withheld {
    /// Nothing.
    Nothing,
    /// One sort of telemetry or knowledge.
    Kind(Without),
    /// All but so much before the alarm.
    PastBut(SimDuration),
}

/// What one arrangement shows on one group of cases.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The dataset.
    pub set: String,
    /// The first part of the cases' names; absent for the whole set.
    pub group: Option<String>,
    /// The arrangement.
    pub arrangement: String,
    /// Cases.
    pub cases: usize,
    /// Share whose culprit ranks first.
    pub ac_1: Option<Estimate>,
    /// Among the first three.
    pub ac_3: Option<Estimate>,
    /// Among the first five.
    pub ac_5: Option<Estimate>,
    /// Share whose entity and cause are right.
    pub cause: Option<Estimate>,
    /// Share that was noticed.
    pub recall: Option<Estimate>,
    /// Incidents a fault-free simulated day, around faults and in normal periods.
    pub false_alarms: Option<Estimate>,
    /// Share of windows of normal periods in which nothing is claimed; absent where the engine is
    /// told of trouble, and without normal periods.
    pub specificity: Option<Estimate>,
    /// Incidents a day in normal periods alone.
    pub false_in_normal: Option<Estimate>,
    /// Expected calibration error; absent with few answers.
    pub ece: Option<f64>,
}

/// The arrangements of the table: end to end, told, told too late and too early.
#[must_use]
pub fn protocols(policy: &Policy) -> Vec<Arrangement> {
    let minute = SimDuration::from_secs(60);
    let arrangement = |name: &str, alarm| Arrangement {
        name: name.to_owned(),
        policy: policy.clone(),
        alarm,
        withheld: Withheld::Nothing,
    };
    vec![
        arrangement("detected", AlarmSource::Detected),
        arrangement("reported", AlarmSource::Reported(SimDuration::ZERO)),
        arrangement("reported 60 s late", AlarmSource::Reported(minute)),
        arrangement("reported 60 s early", AlarmSource::Reported(SimDuration::ZERO - minute)),
    ]
}

/// Told of the alarm, with something withheld.
#[must_use]
pub fn ablations(policy: &Policy) -> Vec<Arrangement> {
    let kinds = [
        ("without metrics", Without::Metrics),
        ("without logs", Without::Logs),
        ("without traces", Without::Traces),
        ("without topology", Without::Topology),
        ("without changes", Without::Changes),
    ];
    let mut all: Vec<Arrangement> = kinds
        .into_iter()
        .map(|(name, without)| told(name, policy.clone(), Withheld::Kind(without)))
        .collect();
    let past = Withheld::PastBut(SimDuration::from_secs(180));
    all.push(told("one past window only", policy.clone(), past));
    all
}

/// Told of the alarm, each method alone.
#[must_use]
pub fn methods(policy: &Policy, kinds: &[&str]) -> Vec<Arrangement> {
    let alone = |kind: &&str| {
        let alone = vec![Spec::plain(kind)];
        let policy = Policy { diagnose: alone, name: (*kind).to_owned(), ..policy.clone() };
        told(kind, policy, Withheld::Nothing)
    };
    kinds.iter().map(alone).collect()
}

fn told(name: &str, policy: Policy, withheld: Withheld) -> Arrangement {
    let alarm = AlarmSource::Reported(SimDuration::ZERO);
    Arrangement { name: name.to_owned(), policy, alarm, withheld }
}

/// Replays a dataset under one arrangement; the whole set first, then its groups if several.
#[must_use]
pub fn measure(
    dataset: &Dataset,
    arrangement: &Arrangement,
    jobs: usize,
    progress: &Progress<'_>,
) -> (Vec<Row>, Vec<CaseFailure>) {
    let run = DatasetRun {
        dataset,
        policy: &arrangement.policy,
        case: None,
        seed: 1,
        jobs,
        alarm: arrangement.alarm,
        withheld: arrangement.withheld,
    };
    let outcomes = run_dataset(&run, progress);
    let mut rows = vec![row(dataset, arrangement, None, &outcomes.trials)];
    let groups: Vec<&[Trial]> =
        outcomes.trials.chunk_by(|a, b| group(&a.name) == group(&b.name)).collect();
    if groups.len() > 1 {
        let each = groups.iter().map(|trials| {
            row(dataset, arrangement, trials.first().map(|t| group(&t.name).to_owned()), trials)
        });
        rows.extend(each);
    }
    (rows, outcomes.failures)
}

/// The first part of a case's name.
pub(super) fn group(case: &str) -> &str {
    case.split(['-', '.']).next().unwrap_or(case)
}

fn row(
    dataset: &Dataset,
    arrangement: &Arrangement,
    group: Option<String>,
    trials: &[Trial],
) -> Row {
    let (normal, faulty): (Vec<&Trial>, Vec<&Trial>) = trials.iter().partition(|t| is_normal(t));
    let cards: Vec<Scorecard> = trials.iter().map(|trial| trial.scorecard.clone()).collect();
    let all = aggregate(&cards);
    let asked = matches!(arrangement.alarm, AlarmSource::Detected) && !normal.is_empty();
    let quiet = asked.then(|| Quiet::of(&normal));
    let place = all.localization.as_ref();
    Row {
        set: dataset.meta.name.clone(),
        group,
        arrangement: arrangement.name.clone(),
        cases: faulty.len(),
        ac_1: place.map(|p| p.ac_1),
        ac_3: place.map(|p| p.ac_3),
        ac_5: place.map(|p| p.ac_5),
        cause: place.map(|p| p.cause_accuracy),
        recall: all.detection.as_ref().map(|d| d.recall),
        false_alarms: all.detection.as_ref().map(|d| d.false_alarms_per_day),
        specificity: quiet.map(|q| Estimate::proportion(q.windows - q.claimed, q.windows)),
        false_in_normal: quiet.map(|q| Estimate::rate(q.incidents, q.days)),
        ece: all.confidence.as_ref().and_then(|c| c.ece),
    }
}

/// A window of a normal period: as long as an issue of PetShop's, five rows of five minutes.
const WINDOW: SimDuration = SimDuration::from_secs(1500);

/// Whether a case is a period in which nothing was wrong.
fn is_normal(trial: &Trial) -> bool {
    trial.truth.as_ref().is_some_and(|truth| truth.incidents.is_empty())
}

/// What normal periods show.
#[derive(Debug, Clone, Copy)]
struct Quiet {
    windows: u64,
    claimed: u64,
    incidents: u64,
    days: f64,
}

impl Quiet {
    /// An incident claims the window in which it is opened: with it comes a diagnosis.
    fn of(trials: &[&Trial]) -> Self {
        let mut quiet = Self { windows: 0, claimed: 0, incidents: 0, days: 0.0 };
        for trial in trials {
            let lasted = trial.window.end.since(trial.window.start);
            let windows = lasted.nanos().div_euclid(WINDOW.nanos());
            let opened = trial.scorecard.findings.iter().flat_map(|found| &found.opened);
            let begun = opened.map(|one| {
                one.opened_at.since(trial.window.start).nanos().div_euclid(WINDOW.nanos())
            });
            let begun: Vec<i64> = begun.collect();
            let mut claimed: Vec<i64> = begun.iter().map(|at| (*at).min(windows - 1)).collect();
            claimed.sort_unstable();
            claimed.dedup();
            quiet.windows += windows.max(0) as u64;
            quiet.claimed += if windows > 0 { claimed.len() as u64 } else { 0 };
            quiet.incidents += begun.len() as u64;
            quiet.days += lasted.secs_f64() / 86_400.0;
        }
        quiet
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_the_first_part_of_names() {
        for (name, expected) in
            [("ob-2022-web", "ob"), ("low_traffic-x", "low_traffic"), ("a", "a")]
        {
            assert_eq!(group(name), expected);
        }
    }

    #[test]
    fn every_method_is_alone_in_its_arrangement() {
        let policy = crate::scenario::default_policy();
        let all = methods(&policy, &["baro", "traversal"]);
        let kinds: Vec<usize> = all.iter().map(|a| a.policy.diagnose.len()).collect();
        assert_eq!(kinds, [1, 1]);
        assert_eq!(protocols(&policy).len() + ablations(&policy).len(), 10);
    }
}
