//! What is normal for each series: a rolling robust baseline that trouble does not teach.
//!
//! In: the metric history. Out: median, spread and outer quantiles per series. The newest
//! `exclude` frames never count, a series that is abnormal is frozen (for at most one `window`),
//! gaps are skipped. Due every few frames only, series by series in turn, and computed when it is
//! asked for: as a median moves little while few values change, whoever only wants to know that a
//! value is unremarkable can do with a bracket of it. One scratch buffer: no allocation per sample.
//! Known limit: a daily rhythm is covered only if it fits into the window; otherwise it must drift
//! slowly against it.

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

/// Where the median of a series surely lies.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bracket {
    /// Not below this.
    pub low: f64,
    /// Not above this.
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
    /// Holds while fewer than `holds` frames changed since `computed`.
    bracket: Bracket,
    holds: u64,
    /// When `normal` was computed, and when it was last due, as `History::taken` counts.
    computed: u64,
    due: u64,
    /// As `Baselines::frame` counts.
    frozen_until: u64,
    frozen_since: Option<u64>,
}

/// The outer quantile.
const OUTER: f64 = 0.02;
/// A baseline is taken anew every so many frames; more often over the first `YOUNG` frames.
const STRIDE: u64 = 16;
const YOUNG_STRIDE: u64 = 4;
const YOUNG: u64 = 64;

/// What is left of a bound when it was rounded.
const SURELY: f64 = 0.999;

impl Bracket {
    /// Whether a value is surely nearer to the median than `reach`, wherever in here that lies.
    #[inline]
    #[must_use]
    pub fn has_near(self, value: f64, reach: f64) -> bool {
        (value - self.low).max(self.high - value) < SURELY * reach
    }
}

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

    /// Where the median of a series surely lies, if that is known without looking at its past. Call
    /// this or `normal` at every frame in which the series has a value.
    #[inline]
    pub fn bracket(&mut self, id: SeriesId, history: &History) -> Option<Bracket> {
        self.note(id, history);
        let state = &self.states[id.index()];
        (state.due - state.computed < state.holds).then_some(state.bracket)
    }

    /// What is normal for a series now, if that can be told.
    #[inline]
    pub fn normal(&mut self, id: SeriesId, history: &History) -> Option<Normal> {
        self.note(id, history);
        let state = &self.states[id.index()];
        if state.due > state.computed {
            self.compute(id, history);
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

    /// Notes that the baseline is due, if it is; it is computed when somebody asks.
    #[inline]
    fn note(&mut self, id: SeriesId, history: &History) {
        let state = &mut self.states[id.index()];
        let turn = self.frame + u64::from(id.0);
        let turn = turn.is_multiple_of(if self.frame < YOUNG { YOUNG_STRIDE } else { STRIDE });
        if (turn || state.normal.is_none()) && self.frame > state.frozen_until {
            state.due = history.taken();
            state.frozen_since = None;
        }
    }

    /// Takes the baseline as it was when it was due.
    fn compute(&mut self, id: SeriesId, history: &History) {
        let Horizon { window, exclude, least } = self.horizon;
        let state = &mut self.states[id.index()];
        state.computed = state.due;
        state.holds = 0;
        let since = (history.taken() - state.due) as usize;
        let end = history.len().saturating_sub(since + exclude);
        let start = end.saturating_sub(window);
        let values = &mut self.scratch;
        values.clear();
        history.column(id).stretches(start..end).for_each(|part| values.extend_from_slice(part));
        // Gaps are rare: looking for one is faster than leaving out what might be one.
        if values.iter().fold(false, |gap, v| gap | !v.is_finite()) {
            values.retain(|v| v.is_finite());
        }
        if values.len() < least {
            return;
        }
        let guess = state.normal.map(|normal| (normal.center, normal.sigma / MAD_TO_SIGMA));
        if let Some((center, mad)) = guess {
            let room = history.capacity().saturating_sub(window + exclude);
            state.bracket = Bracket { low: center - mad, high: center + mad };
            state.holds = holds(values, state.bracket).min(room).min(values.len() - least) as u64;
        }
        if let Some(found) = outline(values, OUTER, guess) {
            let (center, sigma) = (found.center, MAD_TO_SIGMA * found.mad);
            state.normal = Some(Normal { center, sigma, low: found.low, high: found.high });
        }
    }
}

/// How many frames may change (a value go, a value come) before the median can leave a bracket.
///
/// A value that comes moves the value at a rank by one place at most and the middle rank by half a
/// place after it, one that goes moves the middle rank by half a place: a place a frame. Two are
/// lost to halves and to the interpolation of the median.
fn holds(values: &[f64], Bracket { low, high }: Bracket) -> usize {
    let below = values.iter().filter(|v| **v < low).count();
    let above = values.iter().filter(|v| **v > high).count();
    let middle = values.len() / 2;
    middle.saturating_sub(below.max(above) + 2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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

    proptest! {
        #[test]
        fn the_median_is_in_its_bracket_and_asking_late_changes_nothing(
            values in prop::collection::vec(
                prop_oneof![4 => 0.0f64..10.0, 1 => Just(5.0), 1 => Just(f64::NAN)], 1..400),
            asked in 1usize..40,
        ) {
            let mut series = SeriesCatalog::default();
            let id = series.add(SeriesMeta::gauge(EntityId(0), "x", "")).unwrap();
            let mut history = History::new(120);
            let horizon = Horizon { window: 50, exclude: 2, least: 4 };
            let [mut eager, mut lazy] = [Baselines::new(horizon), Baselines::new(horizon)];
            for (i, value) in values.iter().enumerate() {
                let frame = Frame { time: SimTime::from_secs(i as i64), values: vec![*value] };
                history.push(&frame, &series);
                eager.begin(&history);
                lazy.begin(&history);
                if value.is_nan() {
                    continue;
                }
                let normal = eager.normal(id, &history);
                let bracket = lazy.bracket(id, &history);
                if let (Some(Bracket { low, high }), Some(normal)) = (bracket, normal) {
                    prop_assert!((low..=high).contains(&normal.center), "{low} {normal:?} {high}");
                }
                if bracket.is_none() || i % asked == 0 {
                    prop_assert_eq!(lazy.normal(id, &history), normal);
                }
            }
        }
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
