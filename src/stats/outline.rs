//! Median, MAD and outer quantiles of one slice together, faster where the answer is half known.
//!
//! In: values without NaN, and their outline as it was. Out: exactly what `quantile` and `mad` say,
//! in fewer steps: of the tails and of the middle only what lies near the old answer is gathered in
//! one pass each and ordered. A guess that is wrong costs time, nothing else.
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

/// Values near an old answer that are gathered; of more the whole slice is ordered.
const GATHERED: usize = 128;
/// Outermost values on one side that are kept in a pass where no guess helps.
const OUTERMOST: usize = 12;
/// Half the width of the stretch about an old median or MAD, in old MADs: about a twentieth of
/// normal values lie in it; where that misses, a third.
const NEAR: [f64; 2] = [0.1, 0.6];
/// How far inside the old outer quantiles tails begin, in old MADs.
const INSIDE: f64 = 0.4;

/// The outline of `values`, with the quantiles `outer` and `1 - outer`; `None` when empty. Reorders
/// and overwrites `values`. Panics if `outer` is outside 0..=0.5.
#[must_use]
pub fn outline(values: &mut [f64], outer: f64, guess: Option<Outline>) -> Option<Outline> {
    assert!((0.0..=0.5).contains(&outer), "an outer quantile lies in 0..=0.5, found {outer}");
    let first = *values.first()?;
    if values.iter().all(|value| *value == first) {
        return Some(Outline { low: first, high: first, center: first, mad: 0.0 });
    }
    let tails = guess.and_then(|guess| tails_near(values, outer, guess));
    let (low, high) = match tails.or_else(|| outermost(values, outer)) {
        Some(found) => found,
        None => (quantile(values, outer)?, quantile(values, 1.0 - outer)?),
    };
    let near = guess.and_then(|old| median_near(values, old.center, old.mad, |value| value));
    let center = match near {
        Some(center) => center,
        None => quantile(values, 0.5)?,
    };
    let deviation = |value: f64| (value - center).abs();
    let near = guess.and_then(|old| median_near(values, old.mad, old.mad, deviation));
    let mad = match near {
        Some(mad) => mad,
        None => mad(values, center)?,
    };
    Some(Outline { low, high, center, mad })
}

/// Both outer quantiles, if what lies beyond the old ones and a little inside is enough.
fn tails_near(values: &[f64], outer: f64, guess: Outline) -> Option<(f64, f64)> {
    let inside = INSIDE * guess.mad;
    let cuts = (guess.low + inside, guess.high - inside);
    let (mut lows, mut highs) = ([0.0; GATHERED], [0.0; GATHERED]);
    let (mut low, mut high) = (0, 0);
    for value in values.iter().copied() {
        if value <= cuts.0 {
            lows[low % GATHERED] = value;
            low += 1;
        }
        if value >= cuts.1 {
            highs[high % GATHERED] = -value;
            high += 1;
        }
    }
    if low.max(high) > GATHERED {
        return None;
    }
    let last = values.len() - 1;
    let ranks = [outer, 1.0 - outer].map(|q| q * last as f64);
    let (lowest, above) = at_rank(&lows[..low], ranks[0] as usize)?;
    let lowest = lowest + (above - lowest) * ranks[0].fract();
    // From the top down the value at the rank comes after the one above it.
    let highest = match last - ranks[1] as usize {
        0 => -at_rank(&highs[..high], 0)?.0,
        at => {
            let (above, highest) = at_rank(&highs[..high], at - 1)?;
            -highest + (-above + highest) * ranks[1].fract()
        }
    };
    Some((lowest, highest))
}

/// The value at a rank and the next, if there are so many.
fn at_rank(values: &[f64], at: usize) -> Option<(f64, f64)> {
    let mut keys = [0i64; GATHERED];
    let keys = keys.get_mut(..values.len()).filter(|keys| at + 1 < keys.len())?;
    // Numbers that are ordered like the values, and compare in one step; its own inverse.
    let turned = |bits: i64| bits ^ (((bits >> 63) as u64) >> 1) as i64;
    for (key, value) in keys.iter_mut().zip(values) {
        *key = turned(value.to_bits() as i64);
    }
    keys.sort_unstable();
    let value = |at: usize| f64::from_bits(turned(keys[at]) as u64);
    Some((value(at), value(at + 1)))
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

/// The median of `of(value)`, if it lies near `guess`, in units of `width`.
fn median_near(values: &[f64], guess: f64, width: f64, of: impl Fn(f64) -> f64) -> Option<f64> {
    let rank = 0.5 * (values.len() - 1) as f64;
    if width == 0.0 {
        let below = values.iter().filter(|value| of(**value) < guess).count();
        let same = values.iter().filter(|value| of(**value) == guess).count();
        let stays = below as f64 <= rank && (rank as usize) + 1 < below + same;
        return stays.then_some(guess);
    }
    let mut near = [0.0; GATHERED];
    NEAR.into_iter().find_map(|share| {
        let (low, high) = (guess - share * width, guess + share * width);
        let (mut below, mut count) = (0usize, 0usize);
        for value in values {
            let value = of(*value);
            below += usize::from(value < low);
            near[count % GATHERED] = value;
            count += usize::from((value >= low) & (value <= high));
        }
        let at = (rank as usize).checked_sub(below)?;
        if count > GATHERED || at + 1 >= count {
            return None;
        }
        let (value, above) = at_rank(&near[..count], at)?;
        Some(value + (above - value) * rank.fract())
    })
}

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
        assert_eq!(outline(&mut [4.0; 9], 0.02, Some(Outline { mad: 1.0, ..flat })), Some(flat));
    }

    proptest! {
        #[test]
        fn it_says_what_the_single_measures_say_whatever_was_guessed(
            values in prop::collection::vec(
                prop_oneof![-1e3f64..1e3, Just(0.0), Just(2.5), 0.0f64..1.0], 1..340),
            guess in prop::option::of((-10f64..10.0, 0.0f64..5.0, 0f64..20.0)),
            outer in prop_oneof![Just(0.02), 0.0f64..=0.5],
        ) {
            let expected = plainly(&values, outer);
            let guess = guess.map(|(center, mad, reach)| {
                Outline { low: center - reach, high: center + reach, center, mad }
            });
            prop_assert_eq!(outline(&mut values.clone(), outer, guess), Some(expected));
            let right = Some(expected);
            prop_assert_eq!(outline(&mut values.clone(), outer, right), Some(expected));
        }
    }
}
