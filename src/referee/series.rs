//! Scores of single labelled series: NAB, point F1 and range F1, with threshold, baselines, n and
//! intervals.
//!
//! In: anomaly scores (0..=1) row by row, and the labelled stretches. A measure counts one series
//! at one threshold into a `Tally`; tallies add up; the measure's value is a function of the sum.
//! So a threshold is fitted, each series left out in turn, series resampled and baselines compared
//! by the same few lines for every measure. A fitted threshold's value is in-sample: the value
//! with each series judged at the threshold of all others stands beside it. Absent is `None`.
//! Known limit: series are the units of resampling; those of one system are not independent.

mod nab;
mod point;
mod range;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::stats::interval::{Span, percentile};

/// One series as a measure sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// Anomaly score of each row.
    pub scores: Vec<f64>,
    /// First and last row of each labelled stretch, ascending.
    pub stretches: Vec<(usize, usize)>,
}

/// How alerts and labels are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Numenta Anomaly Benchmark, standard profile: 100 is perfect, 0 is saying nothing.
    Nab,
    /// F1 of labelled stretches found and runs of alerts outside.
    Point,
    /// F1 of range-based precision and recall.
    Range,
}

/// What a measure counts; what each number is, the measure says.
pub type Tally = [f64; 4];

/// A value with its interval over series.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Value {
    /// The measure; absent if nothing was labelled or said.
    pub value: Option<f64>,
    /// 95 % interval over resampled series.
    pub low: Option<f64>,
    /// Its upper end.
    pub high: Option<f64>,
}

/// A detector without knowledge, at the threshold that suits it best.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Baseline {
    /// `null` (says nothing), `random`, `constant` (alerts on every row).
    pub name: &'static str,
    /// Its value.
    pub value: Option<f64>,
}

/// What all series together say.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeriesReport {
    /// How it was measured.
    pub measure: Measure,
    /// Series.
    pub series: usize,
    /// Rows.
    pub rows: usize,
    /// Labelled stretches.
    pub stretches: usize,
    /// From this score on a row is an alert.
    pub threshold: f64,
    /// The threshold that would have been best on these very series.
    pub fitted: f64,
    /// At `threshold`.
    pub at_threshold: Value,
    /// At `fitted`: in-sample.
    pub at_fitted: Value,
    /// Each series at the threshold fitted on all others.
    pub left_out: Option<f64>,
    /// What was counted at `threshold`, by name.
    pub counts: Vec<(&'static str, f64)>,
    /// Detectors without knowledge.
    pub baselines: Vec<Baseline>,
}

/// Thresholds tried in a fit, at most.
const CANDIDATES: usize = 256;
/// Resamples behind an interval.
const REPLICATES: usize = 1000;
const LEVEL: f64 = 0.95;

impl Measure {
    /// Counts one series at one threshold.
    #[must_use]
    pub fn tally(self, series: &Scored, threshold: f64) -> Tally {
        match self {
            Self::Nab => nab::tally(series, threshold),
            Self::Point => point::tally(series, threshold),
            Self::Range => range::tally(series, threshold),
        }
    }

    /// The measure of a sum of tallies.
    #[must_use]
    pub fn value(self, sum: &Tally) -> Option<f64> {
        match self {
            Self::Nab => nab::value(sum),
            Self::Point => point::value(sum),
            Self::Range => range::value(sum),
        }
    }

    fn names(self) -> [&'static str; 4] {
        match self {
            Self::Nab => nab::NAMES,
            Self::Point => point::NAMES,
            Self::Range => range::NAMES,
        }
    }

    /// Judges all series at `threshold`.
    #[must_use]
    pub fn report(self, all: &[Scored], threshold: f64) -> SeriesReport {
        let grid = candidates(all);
        let table: Vec<Vec<Tally>> =
            all.iter().map(|one| grid.iter().map(|t| self.tally(one, *t)).collect()).collect();
        let best = self.best(&table, None);
        let given: Vec<Tally> = all.iter().map(|one| self.tally(one, threshold)).collect();
        let fitted: Vec<Tally> = table.iter().map(|tallies| tallies[best]).collect();
        let counts = self.names().into_iter().zip(sum(&given)).collect();
        SeriesReport {
            measure: self,
            series: all.len(),
            rows: all.iter().map(|one| one.scores.len()).sum(),
            stretches: all.iter().map(|one| one.stretches.len()).sum(),
            threshold,
            fitted: grid[best],
            at_threshold: self.with_interval(&given),
            at_fitted: self.with_interval(&fitted),
            left_out: self.left_out(&table),
            counts,
            baselines: self.baselines(all),
        }
    }

    /// Which candidate is best on all series but `without`; of equals the highest threshold.
    fn best(self, table: &[Vec<Tally>], without: Option<usize>) -> usize {
        let value = |at: usize| {
            let tallies = table.iter().enumerate().filter(|(i, _)| Some(*i) != without);
            self.value(&sum(tallies.map(|(_, tallies)| &tallies[at]))).unwrap_or(f64::NEG_INFINITY)
        };
        let count = table.first().map_or(1, Vec::len);
        let better = |best: (usize, f64), at| {
            let found = value(at);
            if found > best.1 { (at, found) } else { best }
        };
        (1..count).fold((0, value(0)), better).0
    }

    fn left_out(self, table: &[Vec<Tally>]) -> Option<f64> {
        if table.len() < 2 {
            return None;
        }
        let tallies: Vec<Tally> =
            (0..table.len()).map(|i| table[i][self.best(table, Some(i))]).collect();
        self.value(&sum(&tallies))
    }

    fn with_interval(self, tallies: &[Tally]) -> Value {
        let mut stream = ChaCha8Rng::seed_from_u64(1);
        let statistic = |drawn: &[Tally]| self.value(&sum(drawn));
        let span: Option<Span> = percentile(tallies, LEVEL, REPLICATES, &mut stream, statistic);
        let value = self.value(&sum(tallies));
        let span = span.filter(|_| value.is_some());
        Value { value, low: span.map(|s| s.low), high: span.map(|s| s.high) }
    }

    fn baselines(self, all: &[Scored]) -> Vec<Baseline> {
        let at = |scores: &dyn Fn(usize, usize) -> f64| -> Vec<Scored> {
            let of = |(i, one): (usize, &Scored)| Scored {
                scores: (0..one.scores.len()).map(|row| scores(i, row)).collect(),
                stretches: one.stretches.clone(),
            };
            all.iter().enumerate().map(of).collect()
        };
        let fitted = |all: &[Scored]| {
            let grid = candidates(all);
            let values =
                grid.iter().map(|t| self.value(&sum(all.iter().map(|one| self.tally(one, *t)))));
            values.flatten().max_by(f64::total_cmp)
        };
        let plain = |all: &[Scored]| self.value(&sum(all.iter().map(|one| self.tally(one, 0.5))));
        vec![
            Baseline { name: "null", value: plain(&at(&|_, _| 0.0)) },
            Baseline { name: "random", value: fitted(&at(&uniform)) },
            Baseline { name: "constant", value: plain(&at(&|_, _| 1.0)) },
        ]
    }
}

/// A number in 0..1 that only series and row decide (SplitMix64).
fn uniform(series: usize, row: usize) -> f64 {
    let mut x = ((series as u64) << 32 | row as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((x ^ (x >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

fn sum<'a, T: std::borrow::Borrow<Tally> + 'a>(tallies: impl IntoIterator<Item = T>) -> Tally {
    let mut total = [0.0; 4];
    for tally in tallies {
        total.iter_mut().zip(tally.borrow()).for_each(|(sum, one)| *sum += one);
    }
    total
}

/// Thresholds worth trying, from above every score down: dense where few rows alert.
fn candidates(all: &[Scored]) -> Vec<f64> {
    let scores = all.iter().flat_map(|one| one.scores.iter().copied()).filter(|s| *s > 0.0);
    let mut scores: Vec<f64> = scores.collect();
    scores.sort_unstable_by(|a, b| b.total_cmp(a));
    scores.dedup();
    let mut grid = vec![f64::INFINITY];
    let growth = (scores.len() as f64).powf(1.0 / CANDIDATES as f64);
    let mut rank = 0.0f64;
    while (rank as usize) < scores.len() && grid.len() <= 2 * CANDIDATES {
        grid.push(scores[rank as usize]);
        rank = (rank + 1.0).max(rank * growth);
    }
    grid
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(rows: usize, hits: &[usize], stretch: (usize, usize)) -> Scored {
        let mut scores = vec![0.1; rows];
        hits.iter().for_each(|row| scores[*row] = 0.8);
        Scored { scores, stretches: vec![stretch] }
    }

    #[test]
    fn a_perfect_detector_is_perfect_and_the_baselines_are_not() {
        let all = [series(400, &[200], (200, 239)), series(400, &[300], (300, 339))];
        for measure in [Measure::Nab, Measure::Point, Measure::Range] {
            let report = measure.report(&all, 0.5);
            let perfect = if measure == Measure::Nab { 99.0 } else { 0.0 };
            assert!(report.at_threshold.value.unwrap() > perfect, "{report:?}");
            assert_eq!(report.fitted, 0.8);
            assert_eq!(report.left_out, report.at_fitted.value);
            for baseline in &report.baselines {
                let value = baseline.value.unwrap_or(0.0);
                assert!(value < report.at_threshold.value.unwrap(), "{measure:?} {baseline:?}");
            }
        }
    }

    #[test]
    fn nothing_labelled_gives_no_value() {
        let all = [Scored { scores: vec![0.0; 50], stretches: Vec::new() }];
        for measure in [Measure::Nab, Measure::Point, Measure::Range] {
            let report = measure.report(&all, 0.5);
            assert_eq!((report.at_threshold.value, report.left_out), (None, None));
        }
    }
}
