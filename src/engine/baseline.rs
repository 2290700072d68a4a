//! What is normal for each series: a rolling robust baseline that trouble does not teach.
//!
//! In: the metric history. Out: median, spread and outer quantiles per series. The newest
//! `exclude` frames never count, a series that is abnormal is frozen (for at most one `window`),
//! gaps are skipped. Recomputed every few frames only, series by series in turn, with one scratch
//! buffer: no allocation per sample. Known limit: a daily rhythm is covered only if it fits into
//! the window; otherwise it must drift slowly against it.

use super::History;
use crate::stats::outline::outline;
use crate::stats::robust::MAD_TO_SIGMA;
use crate::unit::SeriesId;

/// How baselines are taken, in frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Horizon {
    /// Frames that count.
    pub window: usize,
    /// Newest frames that do not.
    pub exclude: usize,
    /// Fewest samples for a baseline.
    pub least: usize,
}

/// What is normal for one series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Normal {
    /// Median.
    pub center: f64,
    /// Robust standard deviation (scaled MAD); 0 for a constant series.
    pub sigma: f64,
    /// 2 % quantile.
    pub low: f64,
    /// 98 % quantile.
    pub high: f64,
}

/// Baselines of all series.
#[derive(Debug, Clone)]
pub struct Baselines {
    horizon: Horizon,
    states: Vec<State>,
    scratch: Vec<f64>,
    frame: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct State {
    normal: Option<Normal>,
    refreshed: u64,
    frozen_until: u64,
    frozen_since: Option<u64>,
}

/// The outer quantile.
const OUTER: f64 = 0.02;
const STRIDE: u64 = 16;
const YOUNG: u64 = 64;

impl Baselines {
    /// No baseline yet.
    #[must_use]
    pub fn new(horizon: Horizon) -> Self {
        assert!(horizon.least > 0, "a baseline needs a sample");
        Self { horizon, states: Vec::new(), scratch: Vec::new(), frame: 0 }
    }

    /// Begins a new frame.
    pub fn begin(&mut self, history: &History) {
        self.frame += 1;
        self.states.resize(history.width(), State::default());
    }

    /// What is normal for a series now, if that can be told.
    pub fn normal(&mut self, id: SeriesId, history: &History) -> Option<Normal> {
        let state = self.states[id.index()];
        let stride = if self.frame < YOUNG { 4 } else { STRIDE };
        let turn = (self.frame + u64::from(id.0)).is_multiple_of(stride);
        let due = state.refreshed == 0 || turn || state.normal.is_none();
        if due && self.frame > state.frozen_until {
            let normal = self.compute(id, history);
            let state = &mut self.states[id.index()];
            state.refreshed = self.frame;
            state.frozen_since = None;
            state.normal = normal.or(state.normal);
        }
        self.states[id.index()].normal
    }

    /// Says that a series is abnormal now: its baseline does not learn from that.
    pub fn freeze(&mut self, id: SeriesId) {
        let (frame, exclude) = (self.frame, self.horizon.exclude as u64);
        let state = &mut self.states[id.index()];
        let since = *state.frozen_since.get_or_insert(frame);
        if frame - since < self.horizon.window as u64 {
            state.frozen_until = frame + exclude;
        }
    }

    fn compute(&mut self, id: SeriesId, history: &History) -> Option<Normal> {
        let column = history.column(id);
        let end = column.len().saturating_sub(self.horizon.exclude);
        let start = end.saturating_sub(self.horizon.window);
        self.scratch.clear();
        self.scratch.extend(column.range(start..end).filter(|v| v.is_finite()));
        if self.scratch.len() < self.horizon.least {
            return None;
        }
        let before = self.states[id.index()].normal;
        let guess = before.map(|normal| (normal.center, normal.sigma / MAD_TO_SIGMA));
        let found = outline(&mut self.scratch, OUTER, guess)?;
        let (center, sigma) = (found.center, MAD_TO_SIGMA * found.mad);
        Some(Normal { center, sigma, low: found.low, high: found.high })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Frame, SeriesCatalog, SeriesMeta};
    use crate::unit::{EntityId, SimTime};

    fn run(values: &[f64], freeze_from: usize) -> Option<Normal> {
        let mut series = SeriesCatalog::default();
        let id = series.add(SeriesMeta::gauge(EntityId(0), "x", "")).unwrap();
        let mut history = History::new(1000);
        let mut baselines = Baselines::new(Horizon { window: 50, exclude: 2, least: 4 });
        let mut last = None;
        for (i, value) in values.iter().enumerate() {
            history
                .push(&Frame { time: SimTime::from_secs(i as i64), values: vec![*value] }, &series);
            baselines.begin(&history);
            last = baselines.normal(id, &history);
            if i >= freeze_from {
                baselines.freeze(id);
            }
        }
        last
    }

    #[test]
    fn a_baseline_needs_samples_and_skips_gaps() {
        assert_eq!(run(&[1.0; 5], 99), None);
        assert_eq!(run(&[f64::NAN; 30], 99), None);
        let mut values = [1.0, f64::NAN].repeat(4);
        values.extend([1.0; 4]);
        assert_eq!(run(&values, 99).map(|n| (n.center, n.sigma)), Some((1.0, 0.0)));
    }

    #[test]
    fn an_abnormal_stretch_does_not_become_normal_unless_it_stays_for_a_window() {
        let mut values = vec![1.0; 60];
        values.extend([9.0; 45]);
        assert_eq!(run(&values, 60).unwrap().center, 1.0);
        assert_eq!(run(&values, 999).unwrap().center, 9.0);
        values.extend([9.0; 70]);
        assert_eq!(run(&values, 60).unwrap().center, 9.0);
    }
}
