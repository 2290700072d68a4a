//! What a sweep says by setting, and which axes matter.
//!
//! In: the rows of a sweep, streamed. Out: the mean of each measure by setting with its n, and for
//! a Saltelli design Sobol's indices of one measure. A mean is over the trials that have a value.

use serde_json::Value as Json;

use super::plan::{Plan, Sampling};
use super::row::Row;
use super::table::MEASURES;
use crate::kernel::Streams;
use crate::stats::sensitivity::{Indices, indices};

/// Replicates of the bootstrap behind the intervals.
const REPLICATES: usize = 500;

/// Sums of every measure by setting.
#[derive(Debug, Clone)]
pub struct Means {
    sums: Vec<[(f64, u64); MEASURES.len()]>,
    /// Rows of trials that could not be run.
    pub failed: u64,
}

impl Means {
    /// No rows yet.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        Self { sums: vec![[(0.0, 0); MEASURES.len()]; plan.settings.len()], failed: 0 }
    }

    /// Takes a row in.
    pub fn add(&mut self, row: &Row) {
        if row.problem.is_some() {
            self.failed += 1;
            return;
        }
        let cells = &mut self.sums[row.setting as usize];
        for ((_, of), cell) in MEASURES.iter().zip(cells) {
            if let Some(value) = of(row) {
                *cell = (cell.0 + value, cell.1 + 1);
            }
        }
    }

    /// Mean and n of a measure at a setting.
    #[must_use]
    pub fn mean(&self, setting: usize, measure: usize) -> (Option<f64>, u64) {
        let (sum, n) = self.sums[setting][measure];
        ((n > 0).then(|| sum / n as f64), n)
    }
}

/// Indices of every axis for one measure; `None` if the plan is no Saltelli design, the measure is
/// absent somewhere or does not vary.
#[must_use]
pub fn sensitivity(plan: &Plan, means: &Means, measure: usize) -> Option<Vec<Indices>> {
    if !matches!(plan.sampling, Sampling::Saltelli(_)) {
        return None;
    }
    let outputs: Option<Vec<f64>> =
        (0..plan.settings.len()).map(|setting| means.mean(setting, measure).0).collect();
    let mut stream = Streams::new(0).stream("sweep/sensitivity");
    indices(&outputs?, plan.axes.len(), REPLICATES, &mut stream)
}

/// A value for a person.
#[must_use]
pub fn shown(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}
