//! One detector over many single series: each row gets an anomaly score.
//!
//! In: series in memory and a detector's `Spec`. Out: one score 0..=1 per row, in the rows' order:
//! `s / (1 + s)` of the detector's own score `s`, so that 0.5 is its nominal threshold; 0 where it
//! says nothing. Series are independent and run in parallel; the detector sees a neutral name, and
//! rows one after the other. Known limit: a row that is not later than the one before is taken as
//! just after it.

use super::{Progress, pool};
use crate::catalog::{KindError, Spec};
use crate::engine::History;
use crate::engine::detect::{Scores, build};
use crate::model::{Batch, SeriesCatalog, SeriesMeta, StepInput, Topology};
use crate::unit::{SimDuration, SimTime};

/// Frames that the history holds.
const FRAMES: usize = 2048;

/// Rows of one series: when, and what (NaN: absent).
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// For progress.
    pub name: &'a str,
    /// Instants, as the file has them.
    pub times: &'a [SimTime],
    /// Values; NaN is absent.
    pub values: &'a [f64],
}

/// Scores all series with a fresh detector each, on `jobs` threads (0: one a processor).
///
/// # Errors
/// If the detector is unknown or a parameter of it is wrong.
pub fn detect(
    series: &[Rows<'_>],
    detector: &Spec,
    jobs: usize,
    progress: &Progress<'_>,
) -> Result<Vec<Vec<f64>>, KindError> {
    let specs = std::slice::from_ref(detector);
    let only = |mut problems: Vec<KindError>| problems.remove(0);
    build(specs).map_err(only)?;
    let name = |rows: &Rows<'_>| rows.name.to_owned();
    pool::map(series, jobs, progress, name, |rows| one(rows, specs).map_err(only))
        .into_iter()
        .collect()
}

fn one(rows: &Rows<'_>, detector: &[Spec]) -> Result<Vec<f64>, Vec<KindError>> {
    let mut detectors = build(detector)?;
    let (mut topology, mut series) = (Topology::default(), SeriesCatalog::default());
    let entity = topology.service("series");
    series.add(SeriesMeta::gauge(entity, "value", "")).expect("the only series");
    let (mut history, mut scores) = (History::new(FRAMES), Scores::keeping_all());
    let mut batch = Batch { has_frame: true, ..Batch::default() };
    let mut last: Option<SimTime> = None;
    let mut found = Vec::with_capacity(rows.values.len());
    for (time, value) in rows.times.iter().zip(rows.values) {
        let after = last.map(|last| last + SimDuration::from_nanos(1));
        let now = after.map_or(*time, |after| after.max(*time));
        last = Some(now);
        batch.frame.reset(now, 1);
        batch.frame.values[0] = *value;
        history.push(&batch.frame, &series);
        scores.clear();
        let input = StepInput { now, topology: &topology, series: &series, batch: &batch };
        detectors.iter_mut().for_each(|detector| detector.observe(&input, &history, &mut scores));
        let strongest = scores.series.iter().map(|scored| scored.score).fold(0.0, f64::max);
        found.push(strongest / (1.0 + strongest));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_scored_whatever_its_time_and_value() {
        let times: Vec<SimTime> = (0..400).map(|i| SimTime::from_secs(60 * (i % 399))).collect();
        let mut values: Vec<f64> = (0..400).map(|i| 10.0 + (i % 7) as f64).collect();
        (values[50], values[300]) = (f64::NAN, 90.0);
        let rows = Rows { name: "a", times: &times, values: &values };
        let run = |kind: &str, jobs| detect(&[rows; 3], &Spec::plain(kind), jobs, &|_, _, _| {});
        let scores = run("context_band", 1).unwrap();
        assert_eq!(scores[0].len(), 400);
        assert!(scores[0].iter().all(|s| (0.0..1.0).contains(s)) && scores[0][50] == 0.0);
        assert!(scores[0][300] > 0.5 && scores[0][200] < 0.5);
        assert_eq!(scores, run("context_band", 3).unwrap());
        assert!(run("contxt_band", 1).unwrap_err().to_string().contains("context_band"));
    }
}
