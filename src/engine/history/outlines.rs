//! Outlines of the stretches of frames that baselines look at, each computed once.
//!
//! In: a series, the frame before which a stretch ends, its length; the values. Out: median, MAD
//! and outer quantiles of the finite ones, and how long the median stays where it is. Detectors
//! that leave out more or fewer of the newest frames look at the same stretch one after the other,
//! so the last two of each series are kept. One scratch buffer: no allocation per sample.

use std::cell::RefCell;

use super::{Column, at_least, at_most};
use crate::stats::outline::{Outline, outline};
use crate::unit::SeriesId;

/// What a stretch of one series told.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Told {
    /// Where finite values lie, if there was one.
    lie: Outline,
    /// Finite values.
    pub(crate) samples: u32,
    /// Where the median is and stays while fewer than `holds` frames change.
    pub(crate) bracket: Bracket,
    /// 0 if the bracket says nothing.
    pub(crate) holds: u32,
}

/// Where the median of a series surely lies.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bracket {
    /// Not below this.
    pub low: f32,
    /// Not above this.
    pub high: f32,
}

/// What is remembered.
#[derive(Debug, Clone, Default)]
pub(super) struct Outlines(RefCell<Kept>);

#[derive(Debug, Clone, Default)]
struct Kept {
    /// By length of the stretch; few lengths are ever asked for.
    lengths: Vec<(usize, Vec<Entries>)>,
    scratch: Vec<f32>,
}

/// The newer one first.
type Entries = [(u64, Told); 2];

/// The outer quantile.
const OUTER: f64 = 0.02;

impl Outlines {
    /// What the `length` frames before frame `end` tell of a series; `column` gives the values of
    /// such a stretch, of at most `width` series.
    pub(super) fn of<'c>(
        &self,
        (id, width): (SeriesId, usize),
        (length, end): (usize, u64),
        column: impl FnOnce() -> (Column<'c>, std::ops::Range<usize>),
    ) -> Told {
        let Kept { lengths, scratch } = &mut *self.0.borrow_mut();
        let known = lengths.iter().position(|(one, _)| *one == length);
        let at = known.unwrap_or_else(|| {
            lengths.push((length, Vec::new()));
            lengths.len() - 1
        });
        let series = &mut lengths[at].1;
        if series.len() < width {
            series.resize(width, Entries::default());
        }
        let entries = &mut series[id.index()];
        if let Some((_, told)) = entries.iter().find(|(one, _)| *one == end) {
            return *told;
        }
        let (column, frames) = column();
        scratch.clear();
        column.stretches(frames).for_each(|part| scratch.extend_from_slice(part));
        let told = Told::of(scratch, expected(entries, end));
        if end > entries[0].0 {
            entries[1] = std::mem::replace(&mut entries[0], (end, told));
        } else {
            entries[1] = (end, told);
        }
        told
    }
}

impl Told {
    /// Where finite values lie; `None` without one.
    pub(crate) fn outline(&self) -> Option<Outline> {
        (self.samples > 0).then_some(self.lie)
    }

    fn of(values: &mut Vec<f32>, expected: Option<Outline>) -> Self {
        // Gaps are rare: looking for one is faster than leaving out what might be one.
        if values.iter().fold(false, |gap, v| gap | !v.is_finite()) {
            values.retain(|v| v.is_finite());
        }
        let bracket = expected.map_or(Bracket::default(), |Outline { center, mad, .. }| Bracket {
            low: at_least(center - mad),
            high: at_most(center + mad),
        });
        let holds = if expected.is_some() { holds(values, bracket) } else { 0 };
        let samples = u32::try_from(values.len()).unwrap_or(u32::MAX);
        Self { samples, lie: outline(values, OUTER, expected).unwrap_or_default(), bracket, holds }
    }
}

/// Where the values before a frame will lie: as the newer stretch did, moved on as from the older
/// one if they are as far apart.
fn expected([newer, older]: &Entries, end: u64) -> Option<Outline> {
    let now = newer.1.outline()?;
    let before = older.1.outline().filter(|_| end + older.0 == 2 * newer.0);
    Some(before.map_or(now, |before| now.carried_on(before)))
}

/// How many frames may change (a value go, a value come) before the median can leave a bracket.
///
/// A value that comes moves the value at a rank by one place at most and the middle rank by half a
/// place after it, one that goes moves the middle rank by half a place: a place a frame. Two are
/// lost to halves and to the interpolation of the median.
fn holds(values: &[f32], Bracket { low, high }: Bracket) -> u32 {
    let below = values.iter().map(|v| u32::from(*v < low)).sum::<u32>();
    let above = values.iter().map(|v| u32::from(*v > high)).sum::<u32>();
    let middle = values.len() as u32 / 2;
    middle.saturating_sub(below.max(above) + 2)
}
