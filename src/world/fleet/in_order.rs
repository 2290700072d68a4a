//! Large records in order of time, by sorting small keys and moving each record once.
//!
//! In: records, the time of one, and who comes first of two at the same time. Out: the same records
//! in order; those that tie altogether stay as they were.

use std::cmp::Ordering;

use crate::unit::SimTime;

/// Puts records in order of time.
pub(super) fn in_order<T>(
    records: &mut [T],
    time: impl Fn(&T) -> SimTime,
    tie: impl Fn(&T, &T) -> Ordering,
) {
    let times = || records.iter().map(|record| time(record).nanos());
    let (Some(first), Some(last)) = (times().min(), times().max()) else { return };
    // A key holds the time since the first and, below it, where the record stands.
    let bits = usize::BITS - records.len().leading_zeros();
    let mask = (1_u64 << bits) - 1;
    if last.abs_diff(first) > u64::MAX >> bits {
        records.sort_by(|a, b| time(a).cmp(&time(b)).then_with(|| tie(a, b)));
        return;
    }
    let keys = times().zip(0_u64..).map(|(time, place)| time.abs_diff(first) << bits | place);
    let mut keys: Vec<u64> = keys.collect();
    keys.sort_unstable();
    let at = |key: u64| (key & mask) as usize;
    for same in keys.chunk_by_mut(|a, b| a >> bits == b >> bits).filter(|same| same.len() > 1) {
        same.sort_by(|a, b| tie(&records[at(*a)], &records[at(*b)]));
    }
    for place in 0..records.len() {
        // Who belongs here may have been swapped away, to where one before belonged.
        let mut from = at(keys[place]);
        while from < place {
            from = at(keys[from]);
        }
        keys[place] = from as u64;
        records.swap(place, from);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_stable_sort_by_time_then_tie(
            near in prop::collection::vec((0i64..20, 0u8..3), 0..60),
            far in prop::collection::vec((any::<i64>(), 0u8..3), 0..4),
        ) {
            for records in [near.clone(), near.into_iter().chain(far).collect()] {
                let numbered = records.into_iter().zip(0..).map(|((t, tie), i)| (t, tie, i));
                let mut records: Vec<(i64, u8, i32)> = numbered.collect();
                let mut expected = records.clone();
                expected.sort_by_key(|(time, tie, _)| (*time, *tie));
                in_order(&mut records, |r| SimTime::from_nanos(r.0), |a, b| a.1.cmp(&b.1));
                prop_assert_eq!(records, expected);
            }
        }
    }
}
