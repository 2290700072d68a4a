//! Median, MAD and outer quantiles of one slice together, faster where the answer is half known.
//!
//! In: values without NaN, of seven digits, and their outline as it was. Out: exactly what
//! `quantile` and `mad` say, in fewer steps: of the tails and of the middle only what lies near the
//! old answer is gathered, without a branch, and the ranks asked for are counted out. A guess that
//! is wrong costs time, nothing else.
//! Source: selection between sampled pivots (Floyd and Rivest, "Expected Time Bounds for
//! Selection", CACM 18, 1975), with the last answer in place of a sample.

/// Where values lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outline {
    /// The outer quantile below.
    pub low: f64,
    /// The outer quantile above.
    pub high: f64,
    /// The median.
    pub center: f64,
    /// The median absolute deviation from the median as rounded to the values' digits, unscaled.
    pub mad: f64,
}

/// Room for values near an old answer, with one place for whatever is looked at next: of as many or
/// more the whole slice is ordered. A power of two.
const GATHERED: usize = 128;
/// So many gathered values are ordered by counting for each who is less.
const COUNTED: usize = 32;
/// Half the width of the stretch about an old median or MAD, in old MADs: about a twentieth of
/// normal values lie in it; where that misses, a third.
const NEAR: [f64; 2] = [0.1, 0.6];
/// How far inside the old outer quantiles tails begin, in old MADs.
const INSIDE: f64 = 0.4;

/// The outline of `values`, with the quantiles `outer` and `1 - outer`; `None` when empty. Reorders
/// and overwrites `values`. Panics if `outer` is outside 0..=0.5.
#[must_use]
pub fn outline(values: &mut [f32], outer: f64, guess: Option<Outline>) -> Option<Outline> {
    assert!((0.0..=0.5).contains(&outer), "an outer quantile lies in 0..=0.5, found {outer}");
    let first = *values.first()?;
    if values.iter().fold(true, |same, value| same & (*value == first)) {
        let center = f64::from(first);
        return Some(Outline { low: center, high: center, center, mad: 0.0 });
    }
    let (low, high) = guess.map_or((None, None), |guess| tails_near(values, outer, guess));
    let near = guess.and_then(|old| median_near(values, old.center, old.mad, |value| value));
    let low = low.unwrap_or_else(|| quantile(values, outer));
    let high = high.unwrap_or_else(|| {
        values.iter_mut().for_each(|value| *value = -*value);
        let turned = quantile(values, outer);
        values.iter_mut().for_each(|value| *value = -*value);
        -turned
    });
    let center = near.unwrap_or_else(|| quantile(values, 0.5));
    let middle = center as f32;
    let deviation = |value: f32| (value - middle).abs();
    let near = guess.and_then(|old| median_near(values, old.mad, old.mad, deviation));
    let mad = near.unwrap_or_else(|| {
        values.iter_mut().for_each(|value| *value = deviation(*value));
        quantile(values, 0.5)
    });
    Some(Outline { low, high, center, mad })
}

/// Both outer quantiles, each if what lies beyond the old one and a little inside is enough.
fn tails_near(values: &[f32], outer: f64, guess: Outline) -> (Option<f64>, Option<f64>) {
    let inside = INSIDE * guess.mad;
    let cuts = ((guess.low + inside) as f32, (guess.high - inside) as f32);
    let (mut lows, mut highs) = ([0.0; GATHERED], [0.0; GATHERED]);
    let (mut low, mut high) = (0, 0);
    for value in values.iter().copied() {
        lows[low % GATHERED] = value;
        low += usize::from(value <= cuts.0);
        highs[high % GATHERED] = -value;
        high += usize::from(value >= cuts.1);
    }
    let rank = outer * (values.len() - 1) as f64;
    let found = |gathered: &[f32; GATHERED], count: usize, old: f64, of: fn(f32) -> f32| {
        if count < GATHERED {
            at_rank(&gathered[..count], rank)
        } else {
            stays(values, old, rank, of)
        }
    };
    // From the top down, at the same rank: of values turned about.
    let highest = found(&highs, high, -guess.high, |value| -value).map(|turned| -turned);
    (found(&lows, low, guess.low, |value| value), highest)
}

/// The median of `of(value)`, if it lies near `guess`, in units of `width`.
fn median_near(values: &[f32], guess: f64, width: f64, of: impl Fn(f32) -> f32) -> Option<f64> {
    let rank = 0.5 * (values.len() - 1) as f64;
    let mut near = [0.0; GATHERED];
    for share in NEAR.into_iter().filter(|_| width > 0.0) {
        let (low, high) = ((guess - share * width) as f32, (guess + share * width) as f32);
        let (mut below, mut count) = (0usize, 0usize);
        for value in values {
            let value = of(*value);
            below += usize::from(value < low);
            near[count % GATHERED] = value;
            count += usize::from((value >= low) & (value <= high));
        }
        if count >= GATHERED {
            break;
        }
        let within = rank - below as f64;
        if within >= 0.0
            && let Some(found) = at_rank(&near[..count], within)
        {
            return Some(found);
        }
    }
    stays(values, guess, rank, of)
}

/// The quantile of `of(value)` at a rank, if it is the old one because many values are alike.
fn stays(values: &[f32], old: f64, rank: f64, of: impl Fn(f32) -> f32) -> Option<f64> {
    let old = old as f32;
    let below: u32 = values.iter().map(|value| u32::from(of(*value) < old)).sum();
    let up_to: u32 = values.iter().map(|value| u32::from(of(*value) <= old)).sum();
    let stays = f64::from(below) <= rank && rank + 1.0 < f64::from(up_to);
    stays.then_some(f64::from(old))
}

/// The quantile at a rank, between the value at its whole part and the next, if there are so many.
fn at_rank(values: &[f32], rank: f64) -> Option<f64> {
    let at = rank as usize;
    let count = values.len();
    if at + 1 >= count {
        return None;
    }
    let (value, above) = if count <= COUNTED {
        counted_out(values, at as u32)
    } else {
        let mut ordered = [0.0; GATHERED];
        let ordered = &mut ordered[..count];
        ordered.copy_from_slice(values);
        ordered.sort_unstable_by(f32::total_cmp);
        (ordered[at], ordered[at + 1])
    };
    Some(between(value, above, rank))
}

/// The value at a rank and the next, of at most `COUNTED`, without ordering them: whose rank it is
/// tells how many are less and how many alike.
fn counted_out(values: &[f32], at: u32) -> (f32, f32) {
    let mut padded = [f32::INFINITY; COUNTED];
    padded[..values.len()].copy_from_slice(values);
    let padded = &padded[..values.len().next_multiple_of(8)];
    let (mut found, mut above) = (0.0, 0.0);
    for value in values {
        let less: u32 = padded.iter().map(|other| u32::from(other < value)).sum();
        let up_to: u32 = padded.iter().map(|other| u32::from(other <= value)).sum();
        if less <= at && at < up_to {
            found = *value;
        }
        if less <= at + 1 && at + 1 < up_to {
            above = *value;
        }
    }
    (found, above)
}

fn between(value: f32, above: f32, rank: f64) -> f64 {
    let (value, above) = (f64::from(value), f64::from(above));
    value + (above - value) * rank.fract()
}

/// The `q`-quantile of values that are not empty, as `robust::quantile` tells it; reorders them.
fn quantile(values: &mut [f32], q: f64) -> f64 {
    let rank = q * (values.len() - 1) as f64;
    let (_, value, rest) = values.select_nth_unstable_by(rank as usize, f32::total_cmp);
    let above = rest.iter().copied().fold(f32::INFINITY, f32::min);
    if rest.is_empty() { f64::from(*value) } else { between(*value, above, rank) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::robust;

    fn plainly(values: &[f32], outer: f64) -> Outline {
        let mut plain: Vec<f64> = values.iter().map(|value| f64::from(*value)).collect();
        let mut quantile = |q: f64| robust::quantile(&mut plain, q).unwrap();
        let (low, high, center) = (quantile(outer), quantile(1.0 - outer), quantile(0.5));
        let off = |value: &f32| f64::from((value - center as f32).abs());
        let mut off: Vec<f64> = values.iter().map(off).collect();
        Outline { low, high, center, mad: robust::median(&mut off).unwrap() }
    }

    #[test]
    fn constants_and_nothing() {
        assert_eq!(outline(&mut [], 0.02, None), None);
        let flat = Outline { low: 4.0, high: 4.0, center: 4.0, mad: 0.0 };
        assert_eq!(outline(&mut [4.0; 9], 0.02, Some(Outline { mad: 1.0, ..flat })), Some(flat));
    }

    #[test]
    fn as_many_near_the_old_answer_as_there_is_room_for() {
        for near in GATHERED - 1..=GATHERED + 1 {
            for far in [1usize, 2, 200] {
                let near = (0..near).map(|at| at as f32 / 128.0);
                let values: Vec<f32> = near.chain((0..far).map(|at| 100.0 + at as f32)).collect();
                for outer in [0.0, 0.02, 0.3] {
                    let expected = plainly(&values, outer);
                    let wide = Outline { low: 1.0, high: 150.0, center: 0.5, mad: 1.0 };
                    for guess in [expected, wide] {
                        let found = outline(&mut values.clone(), outer, Some(guess)).unwrap();
                        assert!((found.high - expected.high).abs() < 1e-9, "{found:?}");
                        assert_eq!(Outline { high: expected.high, ..found }, expected);
                    }
                }
            }
        }
    }

    proptest! {
        #[test]
        fn it_says_what_the_single_measures_say_whatever_was_guessed(
            values in prop::collection::vec(
                prop_oneof![-1e3f32..1e3, Just(0.0), Just(2.5), 0.0f32..1.0], 1..340),
            guess in prop::option::of((-10f64..10.0, 0.0f64..5.0, 0f64..20.0)),
            outer in prop_oneof![Just(0.02), 0.0f64..=0.5],
        ) {
            let expected = plainly(&values, outer);
            let guess = guess.map(|(center, mad, reach)| {
                Outline { low: center - reach, high: center + reach, center, mad }
            });
            for guess in [guess, Some(expected)] {
                let found = outline(&mut values.clone(), outer, guess).unwrap();
                // Counted from the top, a rank may differ in its last digit.
                prop_assert!((found.high - expected.high).abs() < 1e-9, "{:?}", found);
                prop_assert_eq!(Outline { high: expected.high, ..found }, expected);
            }
        }
    }
}
