//! Between which values a series needs no second look.
//!
//! In: for single series, the bounds within which a value says nothing, and up to which frame that
//! is sure. Out: the few series of a frame that must be looked at. Bounds lie side by side, so that
//! a frame in which nothing happens costs a few comparisons a value and touches nothing else.

use super::SURELY;
use crate::engine::History;
use crate::engine::history::{at_least, at_most};
use crate::unit::SeriesId;

/// Values from `low` to `high` say nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// The lowest of them.
    pub low: f64,
    /// The highest of them.
    pub high: f64,
}

impl Band {
    /// The values that are surely nearer to a center than a reach `below` and one `above`.
    #[inline]
    #[must_use]
    pub fn about(center: f64, below: f64, above: f64) -> Self {
        Self { low: center - SURELY * below, high: center + SURELY * above }
    }

    /// Whether a value lies in it.
    #[inline]
    #[must_use]
    pub fn contains(self, value: f64) -> bool {
        value >= self.low && value <= self.high
    }
}

/// The bands of all series.
#[derive(Debug, Clone, Default)]
pub(super) struct Bands {
    /// Of the values that columns keep, the lowest and the highest that say nothing.
    low: Vec<f32>,
    high: Vec<f32>,
    /// The last frame for which the band is sure, a number that compares as fast as the values.
    until: Vec<i32>,
    /// How many were found last.
    found: usize,
}

/// Series that are looked at together.
const TOGETHER: usize = 8;
/// Before every frame, and after every one.
const NEVER: i32 = -1;
const ALWAYS: i32 = i32::MAX;

/// A frame's number; beyond two thousand million, which at one a second is after 68 years, every
/// value is looked at.
fn frame(number: u64) -> i32 {
    i32::try_from(number).unwrap_or(ALWAYS - 1)
}

impl Bands {
    /// Sets the band of a series up to a frame, as `History::taken` counts them.
    #[inline]
    pub(super) fn set(&mut self, id: SeriesId, band: Band, until: u64) {
        let at = id.index();
        (self.low[at], self.high[at]) = (at_least(band.low), at_most(band.high));
        self.until[at] = frame(until);
    }

    /// Says that the next value of a series must be looked at.
    #[inline]
    pub(super) fn clear(&mut self, id: SeriesId) {
        self.until[id.index()] = NEVER;
    }

    /// The series whose newest value must be looked at: those that are tracked and have one, unless
    /// it lies in a band that is sure.
    pub(super) fn outside(&mut self, history: &History) -> Vec<SeriesId> {
        self.widen(history);
        let mut out = Vec::with_capacity(self.found + self.found / 4);
        let (values, frame) = (history.newest(), frame(history.taken()));
        let whole = values.len() / TOGETHER * TOGETHER;
        for first in (0..whole).step_by(TOGETHER) {
            let together = first..first + TOGETHER;
            let (low, high) = (&self.low[together.clone()], &self.high[together.clone()]);
            let (until, values) = (&self.until[together.clone()], &values[together.clone()]);
            let mut outside = 0u32;
            for i in 0..TOGETHER {
                let inside = (values[i] >= low[i]) & (values[i] <= high[i]) & (until[i] >= frame);
                outside |= u32::from(!inside) << i;
            }
            while outside != 0 {
                let index = outside.trailing_zeros() as usize;
                if !values[index].is_nan() {
                    out.push(SeriesId((first + index) as u32));
                }
                outside &= outside - 1;
            }
        }
        let rest = (whole..values.len()).filter(|index| !values[*index].is_nan());
        let rest = rest.map(|index| SeriesId(index as u32));
        out.extend(rest.filter(|id| history.effect(*id).has_baseline));
        self.found = out.len();
        out
    }

    fn widen(&mut self, history: &History) {
        for index in self.low.len()..history.width() {
            let tracked = history.effect(SeriesId(index as u32)).has_baseline;
            self.low.push(f32::NEG_INFINITY);
            self.high.push(f32::INFINITY);
            self.until.push(if tracked { NEVER } else { ALWAYS });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Frame, SeriesCatalog, SeriesMeta, names};
    use crate::unit::{EntityId, SimTime};

    #[test]
    fn who_has_a_value_and_no_sure_band_about_it_is_found() {
        let mut series = SeriesCatalog::default();
        for index in 0..20 {
            let metric = if index == 4 { names::RESTARTS } else { "x" };
            let meta = SeriesMeta::gauge(EntityId(0), metric, "");
            series.add(meta.label("nr", &index.to_string())).unwrap();
        }
        let (mut bands, mut history) = (Bands::default(), History::new(9));
        let mut check = |bands: &mut Bands, values: &[f64], expected: &[u32]| {
            let time = SimTime::from_secs(history.taken() as i64);
            history.push(&Frame { time, values: values.to_vec() }, &series);
            let out = bands.outside(&history);
            assert_eq!(out.iter().map(|id| id.0).collect::<Vec<u32>>(), expected);
        };
        let all: Vec<u32> = (0..20).filter(|id| *id != 4).collect();
        let mut values = vec![1.5; 20];
        check(&mut bands, &values, &all);
        let band = Band { low: 1.0, high: 2.0 };
        all.iter().for_each(|id| bands.set(SeriesId(*id), band, 3));
        check(&mut bands, &values, &[16, 17, 18, 19]);
        (values[3], values[12], values[11]) = (0.9, f64::NAN, 2.1);
        bands.clear(SeriesId(9));
        check(&mut bands, &values, &[3, 9, 11, 16, 17, 18, 19]);
        check(
            &mut bands,
            &values,
            &all.iter().copied().filter(|id| *id != 12).collect::<Vec<u32>>(),
        );
    }
}
