//! Families by trace and span: an open-addressed table with a fixed hash, never walked through.
//!
//! In: a trace and a span of it, by id. Out: the family kept for the two. Asked several times for
//! every span, so the place is computed, not searched for; ids that follow each other, as a counter
//! gives them, stand beside each other. Half of the slots at least are free.

use super::Family;

/// See the file's head.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// None, or a power of two.
    slots: Vec<Slot>,
    len: usize,
}

/// A span and its family; nobody has the id 0.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    trace: u128,
    span: u64,
    family: Family,
}

/// Fewest slots.
const LEAST: usize = 64;
/// Low bits of a span's id that choose the place within a group of neighbours.
const NEAR: u32 = 3;

impl Table {
    /// The family of a span, empty if there is none.
    pub(super) fn get(&self, trace: u128, span: u64) -> Family {
        if self.len == 0 || span == 0 {
            return Family::default();
        }
        self.slots[self.place(trace, span)].family
    }

    /// The family of a span, made if there is none. A span's id is not 0.
    pub(super) fn entry(&mut self, trace: u128, span: u64) -> &mut Family {
        if self.slots.len() <= 2 * self.len {
            self.grow();
        }
        let place = self.place(trace, span);
        let slot = &mut self.slots[place];
        if slot.span == 0 {
            *slot = Slot { trace, span, family: Family::default() };
            self.len += 1;
        }
        &mut slot.family
    }

    /// How many families there are.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Forgets all. Of much room that was hardly used half is given back.
    pub(super) fn clear(&mut self) {
        if self.slots.len() > LEAST && 16 * self.len < self.slots.len() {
            self.slots = vec![Slot::default(); self.slots.len() / 2];
        } else if self.len > 0 {
            self.slots.fill(Slot::default());
        }
        self.len = 0;
    }

    /// Where a span is, or the free slot where it belongs.
    fn place(&self, trace: u128, span: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut place = home(trace, span) & mask;
        loop {
            let slot = &self.slots[place];
            if slot.span == 0 || (slot.span == span && slot.trace == trace) {
                return place;
            }
            place = (place + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let slots = vec![Slot::default(); LEAST.max(2 * self.slots.len())];
        let old = std::mem::replace(&mut self.slots, slots);
        for slot in old.into_iter().filter(|slot| slot.span != 0) {
            let place = self.place(slot.trace, slot.span);
            self.slots[place] = slot;
        }
    }
}

/// Where a span is looked for first: the halves of one long product are folded, as wyhash does.
fn home(trace: u128, span: u64) -> usize {
    let ids = (trace as u64) ^ ((trace >> 64) as u64).rotate_left(32) ^ 0x9E37_79B9_7F4A_7C15;
    let group = u128::from((span >> NEAR) ^ 0xA076_1D64_78BD_642F);
    let product = u128::from(ids) * group;
    let hash = ((product >> 64) as u64 ^ product as u64).wrapping_mul(0xE703_7ED1_A0B4_28DB);
    (hash.rotate_left(32 + NEAR) >> NEAR << NEAR | (span & ((1 << NEAR) - 1))) as usize
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_keeps_what_an_ordered_map_keeps(
            generations in prop::collection::vec(
                prop::collection::vec((0u64..4, 1u64..40, 0u32..60, 1i64..9), 0..300),
                1..4,
            ),
        ) {
            let mut table = Table::default();
            for spans in generations {
                let mut map: BTreeMap<(u128, u64), Family> = BTreeMap::new();
                for (trace, span, shift, nanos) in spans {
                    // Ids of all sizes, also such that differ in their high bits only.
                    let key = (u128::from(trace) << shift, span << (shift % 58));
                    table.entry(key.0, key.1).nanos += nanos;
                    map.entry(key).or_default().nanos += nanos;
                    prop_assert_eq!(table.len(), map.len());
                }
                for ((trace, span), family) in &map {
                    prop_assert_eq!(table.get(*trace, *span), *family);
                    let other = map.get(&(*trace, span + 1)).copied().unwrap_or_default();
                    prop_assert_eq!(table.get(*trace, span + 1), other);
                }
                prop_assert_eq!(table.get(1, 0), Family::default());
                table.clear();
                prop_assert!(table.len() == 0 && table.get(0, 1) == Family::default());
            }
        }
    }

    #[test]
    fn ids_of_any_make_lie_apart_and_little_room_is_kept_for_little() {
        for shift in [0, 3, 16, 32, 48] {
            let mut table = Table::default();
            (1..=4096_u64).for_each(|id| table.entry(7, id << shift).nanos = 1);
            let far = |id: u64| {
                let first = home(7, id << shift) & (table.slots.len() - 1);
                table.place(7, id << shift).wrapping_sub(first) & (table.slots.len() - 1)
            };
            let mean = (1..=4096).map(far).sum::<usize>() as f64 / 4096.0;
            assert!(mean < 12.0, "{mean} slots further on, shifted by {shift}");
            (0..20).for_each(|_| table.clear());
            assert_eq!(table.slots.len(), LEAST);
        }
    }
}
