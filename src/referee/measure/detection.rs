//! Was it seen, how soon, and how often was there nothing to see?
//!
//! In: opened incidents and labelled windows, matched. Out: precision, recall, F1, time to detect
//! in seconds, false alarms per simulated day. Each truth counts once: further incidents for the
//! same truth count neither way here (they are splits, see correlation). Source: event-wise
//! scoring as in the Numenta Anomaly Benchmark (Lavin and Ahmad, 2015), without its weights.

use serde::{Deserialize, Serialize};

use super::{Definition, MeasureEntry, define};
use crate::catalog::{Entry, schema_of};
use crate::referee::case::Case;
use crate::referee::estimate::{Estimate, Spread};
use crate::referee::matching::Fate;
use crate::referee::stages::detected_at;
use crate::unit::Window;

const DEFINITIONS: &[Definition] = &[
    define("precision", "1", "truths answered / (truths answered + false alarms)"),
    define("recall", "1", "truths answered / truths"),
    define("f1", "1", "harmonic mean of precision and recall"),
    define("time_to_detect_s", "s", "first anomaly of an answering incident - start of the window"),
    define("false_alarms_per_day", "1/d", "incidents outside every claim / days outside of claims"),
];

/// What `list` and `explain` say.
pub(super) const ENTRY: MeasureEntry = Entry {
    kind: "detection",
    summary: "precision, recall, F1, time to detect, false alarms per simulated day",
    help: "Incidents against labelled windows. A truth counts once, however many incidents answer \
           it. Time to detect may be negative within the label's tolerance.",
    source: "event-wise scoring after the Numenta Anomaly Benchmark (Lavin and Ahmad, 2015)",
    example: "{}",
    schema: schema_of::<Detection>,
    build: DEFINITIONS,
};

/// The group on the scorecard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Detection {
    /// Truths answered / (truths answered + false alarms).
    pub precision: Estimate,
    /// Truths answered / truths.
    pub recall: Estimate,
    /// Harmonic mean of both.
    pub f1: Estimate,
    /// Seconds from the start of the labelled window to the first anomaly told.
    pub time_to_detect_s: Spread,
    /// False alarms per simulated day outside of claims and ignored stretches.
    pub false_alarms_per_day: Estimate,
}

/// What one trial shows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Found {
    /// Truths answered.
    pub answered: u64,
    /// Truths that nobody answered.
    pub missed: u64,
    /// Incidents where nothing was wrong.
    pub false_alarms: u64,
    /// Seconds to detect, for each truth answered.
    pub times_s: Vec<f64>,
    /// Simulated days outside of claims and ignored stretches.
    pub quiet_days: f64,
}

/// Looks at one trial that has a truth.
pub(in crate::referee) fn find(case: &Case<'_>) -> Found {
    let answers = &case.matching.answers;
    let answered = answers.iter().filter(|a| !a.is_empty()).count() as u64;
    let alarms = case.matching.fates.iter().filter(|f| **f == Fate::FalseAlarm).count();
    let time = |index: usize| {
        detected_at(case, index).map(|t| t.since(case.truths()[index].window.start).secs_f64())
    };
    Found {
        answered,
        missed: answers.len() as u64 - answered,
        false_alarms: alarms as u64,
        times_s: (0..answers.len()).filter_map(time).collect(),
        quiet_days: quiet_days(case),
    }
}

/// Sums up trials.
pub(in crate::referee) fn summarise(trials: &[&Found]) -> Detection {
    let sum = |f: fn(&Found) -> u64| trials.iter().map(|t| f(t)).sum::<u64>();
    let (hits, misses) = (sum(|t| t.answered), sum(|t| t.missed));
    let alarms = sum(|t| t.false_alarms);
    let mut times: Vec<f64> = trials.iter().flat_map(|t| t.times_s.iter().copied()).collect();
    times.sort_by(f64::total_cmp);
    let mut days: Vec<f64> = trials.iter().map(|t| t.quiet_days).collect();
    days.sort_by(f64::total_cmp);
    let kinds = [(hits, 0u8), (misses, 1), (alarms, 2)];
    let items: Vec<u8> = kinds.iter().flat_map(|(n, k)| vec![*k; *n as usize]).collect();
    Detection {
        precision: Estimate::proportion(hits, hits + alarms),
        recall: Estimate::proportion(hits, hits + misses),
        f1: Estimate::of(&items, "detection/f1", f1),
        time_to_detect_s: Spread::of(&times, "detection/time_to_detect_s"),
        false_alarms_per_day: Estimate::rate(alarms, days.iter().sum()),
    }
}

/// 0: answered, 1: missed, 2: false alarm.
fn f1(items: &[u8]) -> Option<f64> {
    let hits = items.iter().filter(|k| **k == 0).count() as f64;
    (!items.is_empty()).then(|| 2.0 * hits / (hits + items.len() as f64))
}

fn quiet_days(case: &Case<'_>) -> f64 {
    let run = case.evidence.window;
    let ignored = case.evidence.truth.map_or(&[][..], |t| &t.ignore);
    let mut busy: Vec<Window> = case.truths().iter().map(|t| t.claim()).collect();
    busy.extend(ignored.iter().copied());
    busy.sort_unstable_by_key(|w| w.start);
    let (mut quiet, mut reached) = (0i64, run.start);
    for stretch in busy {
        let (start, end) = (stretch.start.min(run.end), stretch.end.min(run.end));
        quiet += start.since(reached).nanos().max(0);
        reached = reached.max(end);
    }
    quiet += run.end.since(reached).nanos().max(0);
    quiet as f64 / 86.4e12
}
