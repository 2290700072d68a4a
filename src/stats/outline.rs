//! Median, MAD and outer quantiles of one slice together, faster where the answer is half known.
//!
//! In: values without NaN, of seven digits, and their outline as it was. Out: exactly what
//! `quantile` and `mad` say, in fewer steps: of the tails and of the middle only what lies near the
//! old answer is gathered, without a branch, and the ranks asked for are counted out. A guess that
//! is wrong costs time, nothing else.
//! Source: selection between sampled pivots (Floyd and Rivest, "Expected Time Bounds for
//! Selection", CACM 18, 1975), with the last answer in place of a sample.

/// Where values lie.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
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
const COUNTED: usize = 48;
/// Values that are compared before the first of them is gathered.
const TOGETHER: usize = 64;
/// Values for which is counted together.
const LANES: usize = 8;
/// Half the width of the stretch about where a median or MAD is looked for, in old MADs: about a
/// twelfth of normal values lie in it; where that misses, a third.
const NEAR: [f64; 2] = [0.15, 0.6];
/// A median that moves by less, in MADs, may move for nothing.
const NOISE: f64 = 0.3;
/// How far inside of where the outer quantiles are looked for their tails begin, in MADs.
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
    let rank = outer * (values.len() - 1) as f64;
    let near = guess.and_then(|old| median_near(values, old.center, old.mad, |value| value));
    let center = near.unwrap_or_else(|| median(values));
    let middle = center as f32;
    let deviation = |value: f32| (value - middle).abs();
    let near = guess.and_then(|old| median_near(values, old.mad, old.mad, deviation));
    let tails = guess.map(|old| tails_near(values, rank, old.moved(center, near)));
    let (low, high) = tails.unwrap_or_default();
    let low = low.unwrap_or_else(|| at_rank(values, rank));
    let high = high.unwrap_or_else(|| {
        values.iter_mut().for_each(|value| *value = -*value);
        let turned = at_rank(values, rank);
        values.iter_mut().for_each(|value| *value = -*value);
        -turned
    });
    let mad = near.unwrap_or_else(|| {
        values.iter_mut().for_each(|value| *value = deviation(*value));
        median(values)
    });
    Some(Outline { low, high, center, mad })
}

impl Outline {
    /// Where values lie next if the middle moves on as it did from `older`; by what noise may have
    /// moved it, it is not moved.
    #[must_use]
    pub fn carried_on(self, older: Self) -> Self {
        let by = self.center - older.center;
        if by.abs() <= NOISE * self.mad {
            return self;
        }
        let Self { low, high, center, mad } = self;
        Self { low: low + by, high: high + by, center: center + by, mad }
    }

    /// Where values lie if the middle has moved, and the rest with it.
    fn moved(self, center: f64, mad: Option<f64>) -> Self {
        let by = mad.filter(|_| self.mad > 0.0).map_or(1.0, |mad| mad / self.mad);
        Self {
            low: center - by * (self.center - self.low),
            high: center + by * (self.high - self.center),
            center,
            mad: by * self.mad,
        }
    }
}

/// Both outer quantiles, each if what lies beyond the old one and a little inside is enough. In one
/// pass: two, of the shape of `median_near`'s, took longer.
fn tails_near(values: &[f32], rank: f64, old: Outline) -> (Option<f64>, Option<f64>) {
    let inside = INSIDE * old.mad;
    let (low, high) = ((old.low + inside) as f32, (old.high - inside) as f32);
    let (mut lows, mut highs) = (Gathered::default(), Gathered::default());
    for part in values.chunks(TOGETHER) {
        let (mut is_low, mut is_high) = ([0u32; TOGETHER], [0u32; TOGETHER]);
        for (i, value) in part.iter().enumerate() {
            is_low[i] = u32::from(*value <= low);
            is_high[i] = u32::from(*value >= high);
        }
        for (i, value) in part.iter().enumerate() {
            lows.take(*value, is_low[i]);
            highs.take(-*value, is_high[i]);
        }
    }
    let found = |gathered: &Gathered, old: f64, of: fn(f32) -> f32| match gathered.all() {
        Some(all) => gathered_at(all, rank),
        None => stays(values, old, rank, of),
    };
    // From the top down, at the same rank: of values turned about.
    let highest = found(&highs, -old.high, |value| -value).map(|turned| -turned);
    (found(&lows, old.low, |value| value), highest)
}

/// The median of `of(value)`, if it lies near `guess`, in units of `width`.
fn median_near(values: &[f32], guess: f64, width: f64, of: impl Fn(f32) -> f32) -> Option<f64> {
    let rank = 0.5 * (values.len() - 1) as f64;
    for share in NEAR.into_iter().filter(|_| width > 0.0) {
        let (low, high) = ((guess - share * width) as f32, (guess + share * width) as f32);
        let (mut below, mut near) = (0, Gathered::default());
        for part in values.chunks(TOGETHER) {
            let (mut turned, mut is_near) = ([0.0; TOGETHER], [0u32; TOGETHER]);
            for (i, value) in part.iter().enumerate() {
                let value = of(*value);
                turned[i] = value;
                is_near[i] = u32::from((value >= low) & (value <= high));
                below += u32::from(value < low);
            }
            for i in 0..part.len() {
                near.take(turned[i], is_near[i]);
            }
        }
        let Some(all) = near.all() else { break };
        let within = rank - f64::from(below);
        if within >= 0.0
            && let Some(found) = gathered_at(all, within)
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

/// Values near an old answer.
struct Gathered {
    values: [f32; GATHERED],
    /// How many there were, if they are more than there is room for too.
    count: usize,
}

impl Default for Gathered {
    fn default() -> Self {
        Self { values: [0.0; GATHERED], count: 0 }
    }
}

impl Gathered {
    /// Takes in a value if it `is_near`, 1 or 0, without a branch.
    #[inline]
    fn take(&mut self, value: f32, is_near: u32) {
        self.values[self.count % GATHERED] = value;
        self.count += is_near as usize;
    }

    /// All of them; `None` if they were too many. What was looked at last stands in the place after
    /// them, so that a full room has lost its first.
    fn all(&self) -> Option<&[f32]> {
        self.values.get(..self.count).filter(|all| all.len() < GATHERED)
    }
}

/// The quantile at a rank of gathered values, if that and the next are among them.
fn gathered_at(values: &[f32], rank: f64) -> Option<f64> {
    let at = rank as usize;
    if at + 1 >= values.len() {
        return None;
    }
    if values.len() <= COUNTED {
        let (value, above) = counted_out(values, at as u32);
        return Some(between(value, above, rank));
    }
    let mut ordered = [0.0; GATHERED];
    let ordered = &mut ordered[..values.len()];
    ordered.copy_from_slice(values);
    Some(at_rank(ordered, rank))
}

/// The value at a rank and the next, of at most `COUNTED`, without ordering them: it is the largest
/// of those than which no more than so many are less.
fn counted_out(values: &[f32], at: u32) -> (f32, f32) {
    let mut padded = [f32::INFINITY; COUNTED];
    padded[..values.len()].copy_from_slice(values);
    let (mut found, mut above) = (f32::NEG_INFINITY, f32::NEG_INFINITY);
    for some in padded[..values.len().next_multiple_of(LANES)].chunks_exact(LANES) {
        let mut less = [0u32; LANES];
        for other in values {
            for (less, value) in less.iter_mut().zip(some) {
                *less += u32::from(other < value);
            }
        }
        for (less, value) in less.into_iter().zip(some) {
            found = if less <= at { found.max(*value) } else { found };
            above = if less <= at + 1 { above.max(*value) } else { above };
        }
    }
    (found, above)
}

fn between(value: f32, above: f32, rank: f64) -> f64 {
    let (value, above) = (f64::from(value), f64::from(above));
    value + (above - value) * (rank - (rank as usize) as f64)
}

/// The quantile at a rank of values that are not empty, as `robust::quantile` tells it; reorders
/// them.
fn at_rank(values: &mut [f32], rank: f64) -> f64 {
    let (_, value, rest) = values.select_nth_unstable_by(rank as usize, f32::total_cmp);
    let next = rest.iter().copied().fold(f32::INFINITY, f32::min);
    if rest.is_empty() { f64::from(*value) } else { between(*value, next, rank) }
}

fn median(values: &mut [f32]) -> f64 {
    at_rank(values, 0.5 * (values.len() - 1) as f64)
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
