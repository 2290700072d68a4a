//! Quantiles of stretches of the past, each computed once.
//!
//! In: a stretch (numbers of its first frame and of the one after its last), a series, its values.
//! Out: median, quartiles and deciles of the finite ones. A past does not change, so what was
//! computed for a stretch holds for as long as somebody asks. Bounded: `MOST_SLOTS` series over all
//! stretches; the stretch that was not asked for longest goes first.

use std::cell::RefCell;

use crate::stats::robust::{median, quantile};
use crate::unit::SeriesId;

/// Series times stretches that are remembered at most: 64 MB.
const MOST_SLOTS: usize = 1 << 20;
/// Stretches that are remembered at most, and at least.
const STRETCHES: (usize, usize) = (16, 2);

/// Where values lay.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    /// How many.
    pub(crate) n: usize,
    /// Median.
    pub(crate) median: f64,
    /// Lower and upper quartile.
    pub(crate) quartiles: (f64, f64),
    /// Lower and upper decile.
    pub(crate) deciles: (f64, f64),
}

/// What is remembered.
#[derive(Debug, Clone, Default)]
pub(super) struct Spreads {
    /// The one that was asked last stands last.
    known: RefCell<Vec<Stretch>>,
}

#[derive(Debug, Clone)]
struct Stretch {
    frames: (u64, u64),
    series: Vec<Option<Option<Spread>>>,
}

impl Spreads {
    pub(super) fn of(
        &self,
        frames: (u64, u64),
        id: SeriesId,
        width: usize,
        values: impl Iterator<Item = f64>,
    ) -> Option<Spread> {
        let mut known = self.known.borrow_mut();
        match known.iter().rposition(|stretch| stretch.frames == frames) {
            Some(at) if at + 1 == known.len() => {}
            Some(at) => known[at..].rotate_left(1),
            None => {
                let most = (MOST_SLOTS / width.max(1)).clamp(STRETCHES.1, STRETCHES.0);
                let surplus = (known.len() + 1).saturating_sub(most);
                known.drain(..surplus);
                known.push(Stretch { frames, series: Vec::new() });
            }
        }
        let stretch = known.last_mut().expect("it was just put there");
        stretch.series.resize(width.max(stretch.series.len()), None);
        *stretch.series[id.index()].get_or_insert_with(|| measure(values))
    }
}

fn measure(values: impl Iterator<Item = f64>) -> Option<Spread> {
    let mut finite: Vec<f64> = values.filter(|v| v.is_finite()).collect();
    if finite.len() < 2 {
        return None;
    }
    let values = finite.as_mut_slice();
    Some(Spread {
        n: values.len(),
        median: median(values)?,
        quartiles: (quantile(values, 0.25)?, quantile(values, 0.75)?),
        deciles: (quantile(values, 0.1)?, quantile(values, 0.9)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_is_measured_once_and_the_one_not_asked_for_is_forgotten() {
        let spreads = Spreads::default();
        let ask =
            |frames, values: &[f64]| spreads.of(frames, SeriesId(0), 1, values.iter().copied());
        let first = ask((0, 3), &[1.0, f64::NAN, 3.0]).unwrap();
        assert_eq!((first.n, first.median), (2, 2.0));
        assert_eq!(ask((0, 3), &[]), Some(first), "asked again");
        assert_eq!(ask((0, 1), &[1.0]), None);
        for end in 4..4 + STRETCHES.0 as u64 {
            ask((0, end), &[5.0, 5.0]);
        }
        assert_eq!(ask((0, 3), &[]), None, "forgotten, and measured anew");
    }
}
