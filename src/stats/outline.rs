//! Median, MAD and outer quantiles of one slice together, faster where the answer is half known.
//!
//! In: values without NaN, and where median and MAD lay last time. Out: exactly what `quantile` and
//! `mad` say, in fewer steps: the few outermost values are kept in one pass, and of the middle only
//! what lies near the old answer is selected from. A guess that is wrong costs time, nothing else.
//! Source: selection between sampled pivots (Floyd and Rivest, "Expected Time Bounds for
//! Selection", CACM 18, 1975), with the last answer in place of a sample.

use super::robust::{mad, quantile};

/// Where values lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outline {
    /// The outer quantile below.
    pub low: f64,
    /// The outer quantile above.
    pub high: f64,
    /// The median.
    pub center: f64,
    /// The median absolute deviation, unscaled.
    pub mad: f64,
}

/// Outermost values on one side that are kept in a pass; more are selected in full.
const OUTERMOST: usize = 12;
/// Half the width of the stretch about the old median, and about the old MAD, in old MADs: about a
/// fifth of normal values lie in it.
const NEAR: f64 = 0.35;

/// The outline of `values`, with the quantiles `outer` and `1 - outer`; `None` when empty. Reorders
/// and overwrites `values`. Panics if `outer` is outside 0..=0.5.
#[must_use]
pub fn outline(values: &mut [f64], outer: f64, guess: Option<(f64, f64)>) -> Option<Outline> {
    assert!((0.0..=0.5).contains(&outer), "an outer quantile lies in 0..=0.5, found {outer}");
    let first = *values.first()?;
    if values.iter().all(|value| *value == first) {
        return Some(Outline { low: first, high: first, center: first, mad: 0.0 });
    }
    let (low, high) = match outermost(values, outer) {
        Some(found) => found,
        None => (quantile(values, outer)?, quantile(values, 1.0 - outer)?),
    };
    let width = guess.map_or(0.0, |(_, mad)| NEAR * mad);
    let near = guess.and_then(|(center, _)| median_near(values, center, width, |value| value));
    let center = match near {
        Some(center) => center,
        None => quantile(values, 0.5)?,
    };
    let deviation = |value: f64| (value - center).abs();
    let near = guess.and_then(|(_, mad)| median_near(values, mad, width, deviation));
    let mad = match near {
        Some(mad) => mad,
        None => mad(values, center)?,
    };
    Some(Outline { low, high, center, mad })
}

/// Both outer quantiles, if few values lie beyond them.
fn outermost(values: &[f64], outer: f64) -> Option<(f64, f64)> {
    let last = values.len() - 1;
    let ranks = [outer, 1.0 - outer].map(|q| q * last as f64);
    let kept = (ranks[0] as usize + 2).max(last - ranks[1] as usize + 1);
    if kept > OUTERMOST || kept > values.len() {
        return None;
    }
    let (mut lowest, mut highest) = ([f64::INFINITY; OUTERMOST], [f64::INFINITY; OUTERMOST]);
    for value in values {
        insert(&mut lowest[..kept], *value);
        insert(&mut highest[..kept], -*value);
    }
    let between = |below: f64, above: f64, rank: f64| below + (above - below) * rank.fract();
    let low = ranks[0] as usize;
    let high = last - ranks[1] as usize;
    let above = if high == 0 { -highest[0] } else { -highest[high - 1] };
    Some((
        between(lowest[low], lowest[low + 1], ranks[0]),
        between(-highest[high], above, ranks[1]),
    ))
}

/// Puts a value into an ascending list that keeps its length.
fn insert(list: &mut [f64], value: f64) {
    let last = list.len() - 1;
    if value >= list[last] {
        return;
    }
    let mut at = last;
    while at > 0 && value < list[at - 1] {
        list[at] = list[at - 1];
        at -= 1;
    }
    list[at] = value;
}

/// The median of `of(value)`, if it lies within `width` of `guess` and not at the edge of that.
fn median_near(values: &[f64], guess: f64, width: f64, of: impl Fn(f64) -> f64) -> Option<f64> {
    let mut near = [0.0; MOST];
    if values.len() > MOST {
        return None;
    }
    let (mut below, mut count) = (0usize, 0usize);
    for value in values {
        let value = of(*value);
        below += usize::from(value < guess - width);
        near[count] = value;
        count += usize::from(value >= guess - width && value <= guess + width);
    }
    let rank = 0.5 * (values.len() - 1) as f64;
    let at = (rank as usize).checked_sub(below)?;
    if at + 1 >= count {
        return None;
    }
    let (_, low, above) = near[..count].select_nth_unstable_by(at, f64::total_cmp);
    let low = *low;
    let high = above.iter().copied().min_by(f64::total_cmp)?;
    Some(low + (high - low) * rank.fract())
}

/// Values of which the middle is gathered without allocation.
const MOST: usize = 320;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plainly(values: &[f64], outer: f64) -> Outline {
        let mut values = values.to_vec();
        let low = quantile(&mut values, outer).unwrap();
        let high = quantile(&mut values, 1.0 - outer).unwrap();
        let center = quantile(&mut values, 0.5).unwrap();
        Outline { low, high, center, mad: mad(&mut values, center).unwrap() }
    }

    #[test]
    fn constants_and_nothing() {
        assert_eq!(outline(&mut [], 0.02, None), None);
        let flat = Outline { low: 4.0, high: 4.0, center: 4.0, mad: 0.0 };
        assert_eq!(outline(&mut [4.0; 9], 0.02, Some((7.0, 1.0))), Some(flat));
    }

    proptest! {
        #[test]
        fn it_says_what_the_single_measures_say_whatever_was_guessed(
            values in prop::collection::vec(
                prop_oneof![-1e3f64..1e3, Just(0.0), Just(2.5), 0.0f64..1.0], 1..340),
            guess in prop::option::of((-10f64..10.0, 0.0f64..5.0)),
            outer in prop_oneof![Just(0.02), 0.0f64..=0.5],
        ) {
            let expected = plainly(&values, outer);
            prop_assert_eq!(outline(&mut values.clone(), outer, guess), Some(expected));
            let right = Some((expected.center, expected.mad));
            prop_assert_eq!(outline(&mut values.clone(), outer, right), Some(expected));
        }
    }
}
