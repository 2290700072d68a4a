//! The spans of a trace in order of their ids, and where one stands in it.
//!
//! In: spans as they came. Out: their places by rising id, the first of each id only; an id's rank.

/// See the file's head.
#[derive(Debug, Default)]
pub(super) struct Ids {
    /// Id and place, by rising id.
    order: Vec<(u64, u32)>,
}

impl Ids {
    /// Puts spans in order.
    pub(super) fn order<T>(&mut self, spans: &[T], id: impl Fn(&T) -> u64) {
        self.order.clear();
        self.order.extend(spans.iter().map(id).zip(0..));
        self.order.sort_unstable();
        self.order.dedup_by_key(|(id, _)| *id);
    }

    /// Places of the spans by rising id.
    pub(super) fn places(&self) -> impl Iterator<Item = usize> {
        self.order.iter().map(|(_, place)| *place as usize)
    }

    /// Where an id stands among all.
    pub(super) fn rank(&self, id: u64) -> Option<usize> {
        self.order.binary_search_by_key(&id, |(known, _)| *known).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(ids: &[u64]) {
        let mut sorted: Vec<(u64, usize)> = ids.iter().copied().zip(0..).collect();
        sorted.sort_by_key(|(id, _)| *id);
        sorted.dedup_by_key(|(id, _)| *id);
        let mut found = Ids::default();
        found.order(&[1, u64::MAX], |id| *id);
        found.order(ids, |id| *id);
        let places: Vec<usize> = found.places().collect();
        assert_eq!(places, sorted.iter().map(|(_, place)| *place).collect::<Vec<_>>());
        for id in ids.iter().flat_map(|id| [id.wrapping_sub(1), *id, id.wrapping_add(1)]) {
            let rank = sorted.binary_search_by_key(&id, |(known, _)| *known).ok();
            assert_eq!(found.rank(id), rank, "{id} of {ids:?}");
        }
    }

    proptest! {
        #[test]
        fn order_and_ranks_are_those_of_a_stable_sort(
            near in prop::collection::vec(0u64..40, 0..40),
            far in prop::collection::vec(0u64.., 0..10),
        ) {
            check(&near);
            check(&far);
            check(&near.iter().chain(&far).copied().collect::<Vec<_>>());
            check(&near.iter().map(|id| u64::MAX - id).collect::<Vec<_>>());
        }
    }
}
