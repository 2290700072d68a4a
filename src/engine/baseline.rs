//! What is normal for each series: a rolling robust baseline that trouble does not teach.
//!
//! In: the metric history. Out: median, spread and outer quantiles per series. The newest
//! `exclude` frames never count, a series that is abnormal is frozen (for at most one `window`),
//! gaps are skipped. Due every few frames only, series by series in turn, and computed when it is
//! asked for: as a median moves little while few values change, whoever only wants to know that a
//! value is unremarkable can do with a bracket of it. Who finds a value unremarkable says within
//! which band that holds, and is not asked again until a value leaves it.
//! Known limit: a daily rhythm is covered only if it fits into the window; otherwise it must drift
//! slowly against it.

mod bands;
mod turns;

use std::num::NonZeroU32;

pub use self::bands::Band;
use self::bands::Bands;
use self::turns::Turns;
use super::History;
pub use super::history::Bracket;
use crate::stats::outline::Outline;
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
#[derive(Debug, Clone, Copy, PartialEq, Default)]
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
    bands: Bands,
}

/// Of one series, in a line of the cache. Frames are numbered as `History::taken` counts them;
/// beyond four thousand million, which at one a second is after 136 years, nothing is due.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
struct State {
    normal: Normal,
    is_known: bool,
    /// Holds while fewer than `holds` frames changed since `computed`.
    bracket: Bracket,
    holds: u32,
    /// When `normal` was computed, and when it was last due.
    computed: u32,
    due: u32,
    frozen_until: u32,
    frozen_since: Option<NonZeroU32>,
}

impl State {
    fn normal(&self) -> Option<Normal> {
        self.is_known.then_some(self.normal)
    }
}

fn number(frame: u64) -> u32 {
    u32::try_from(frame).unwrap_or(u32::MAX)
}

/// What is left of a bound when it was rounded.
pub const SURELY: f64 = 0.999;

impl Bracket {
    /// The values that are surely nearer to the median than `reach`, wherever in here that lies.
    #[inline]
    #[must_use]
    pub fn near(self, reach: f64) -> Band {
        let Self { low, high } = self;
        Band { low: f64::from(high) - SURELY * reach, high: f64::from(low) + SURELY * reach }
    }
}

impl Normal {
    fn of(Outline { low, high, center, mad }: Outline) -> Self {
        Self { center, sigma: MAD_TO_SIGMA * mad, low, high }
    }
}

impl Baselines {
    /// No baseline yet.
    #[must_use]
    pub fn new(horizon: Horizon) -> Self {
        assert!(horizon.least > 0, "a baseline needs a sample");
        Self { horizon, states: Vec::new(), bands: Bands::default() }
    }

    /// Begins a new frame: the series whose newest value must be looked at.
    pub fn begin(&mut self, history: &History) -> Vec<SeriesId> {
        self.states.resize(history.width(), State::default());
        self.bands.outside(history)
    }

    /// Where the median of a series surely lies, if that is known without looking at its past.
    #[inline]
    pub fn bracket(&mut self, id: SeriesId, history: &History) -> Option<Bracket> {
        self.note(id, history);
        let state = &self.states[id.index()];
        (state.due - state.computed < state.holds).then_some(state.bracket)
    }

    /// Says which values of a series need no look while its `bracket` holds; whether `value` is
    /// one of them. If not, nothing changes.
    #[inline]
    pub fn is_calm(&mut self, id: SeriesId, value: f64, band: Band) -> bool {
        let calm = band.contains(value);
        if calm {
            let state = &self.states[id.index()];
            let over = self.turns(id).next(u64::from(state.computed) + u64::from(state.holds));
            self.bands.set(id, band, over - 1);
        }
        calm
    }

    /// What is normal for a series now, if that can be told.
    #[inline]
    pub fn normal(&mut self, id: SeriesId, history: &History) -> Option<Normal> {
        self.note(id, history);
        let state = &self.states[id.index()];
        if state.due > state.computed {
            self.compute(id, history);
        }
        self.states[id.index()].normal()
    }

    /// Says which values of a series need no look while what is `normal` now holds.
    #[inline]
    pub fn calm(&mut self, id: SeriesId, band: Band, history: &History) {
        self.bands.set(id, band, self.lasts(id, history));
    }

    /// The last frame for which what is `normal` now holds.
    #[inline]
    #[must_use]
    pub fn lasts(&self, id: SeriesId, history: &History) -> u64 {
        self.turns(id).next(history.taken() + 1) - 1
    }

    /// Says that the next value of a series must be looked at, whatever it is.
    #[inline]
    pub fn watch(&mut self, id: SeriesId) {
        self.bands.clear(id);
    }

    /// Says that a series is abnormal now: its baseline does not learn from that.
    pub fn freeze(&mut self, id: SeriesId, history: &History) {
        let Horizon { window, exclude, .. } = self.horizon;
        let state = &mut self.states[id.index()];
        let frame = NonZeroU32::new(number(history.taken())).unwrap_or(NonZeroU32::MIN);
        let since = state.frozen_since.get_or_insert(frame).get();
        if ((frame.get() - since) as usize) < window {
            state.frozen_until = number(history.taken() + exclude as u64);
        }
    }

    /// Notes that the baseline is due, if it is; it is computed when somebody asks.
    #[inline]
    fn note(&mut self, id: SeriesId, history: &History) {
        let now = history.taken();
        let known = self.states[id.index()].is_known;
        let turn = number(if known { self.turns(id).last(now) } else { now });
        let state = &mut self.states[id.index()];
        if turn > state.due && turn > state.frozen_until {
            state.due = turn;
            state.frozen_since = None;
        }
    }

    fn turns(&self, id: SeriesId) -> Turns {
        Turns::of(id, self.horizon.exclude)
    }

    /// Takes the baseline as it was when it was due.
    fn compute(&mut self, id: SeriesId, history: &History) {
        let Horizon { window, exclude, least } = self.horizon;
        let state = &mut self.states[id.index()];
        (state.computed, state.holds) = (state.due, 0);
        let told = history.outline(id, window, u64::from(state.due).saturating_sub(exclude as u64));
        let samples = told.samples as usize;
        let Some(outline) = told.outline().filter(|_| samples >= least) else { return };
        let room = history.capacity().saturating_sub(window + exclude);
        let holds = (told.holds as usize).min(room).min(samples - least);
        (state.bracket, state.holds) = (told.bracket, number(holds as u64));
        (state.normal, state.is_known) = (Normal::of(outline), true);
    }
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
                baselines.freeze(id, &history);
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
            let mut claimed = None;
            for (i, value) in values.iter().enumerate() {
                let frame = Frame { time: SimTime::from_secs(i as i64), values: vec![*value] };
                history.push(&frame, &series);
                eager.begin(&history);
                let restless = lazy.begin(&history);
                if value.is_nan() {
                    continue;
                }
                let normal = eager.normal(id, &history);
                let bracket = lazy.bracket(id, &history);
                if let (Some((low, high)), Some(normal), []) = (claimed, normal, &restless[..]) {
                    prop_assert!((low..=high).contains(&normal.center), "{low} {normal:?} {high}");
                }
                if let (Some(Bracket { low, high }), Some(normal)) = (bracket, normal) {
                    let (low, high) = (f64::from(low), f64::from(high));
                    prop_assert!((low..=high).contains(&normal.center), "{low} {normal:?} {high}");
                    // All values of the bracket shall need no look while it holds.
                    lazy.is_calm(id, low, Band { low, high });
                    claimed = Some((low, high));
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
