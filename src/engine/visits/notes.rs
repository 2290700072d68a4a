//! A minute as it is noted down, before anybody asks for its sums.
//!
//! In: visits with what they did, and calls, in order of arrival. Out: their sums, the same as if
//! each had been counted at once. Three flat lists: a note is a few bytes at the end of one.

use super::window::{Edge, Item, Kind, Sums};

/// Visits and calls, noted down.
#[derive(Debug, Clone, Default)]
pub(super) struct Notes {
    visits: Vec<Visit>,
    /// What the visits did, each with how often, one visit after the other.
    items: Vec<(Item, u32)>,
    calls: Vec<(Edge, f32)>,
}

/// One visit; its items end where those of the next begin.
#[derive(Debug, Clone, Copy)]
struct Visit {
    kind: Kind,
    own_ms: f32,
    items_end: u32,
}

impl Notes {
    /// Notes down a visit.
    pub(super) fn visit(
        &mut self,
        kind: Kind,
        own_ms: f32,
        items: impl Iterator<Item = (Item, u32)>,
    ) {
        self.items.extend(items);
        self.visits.push(Visit { kind, own_ms, items_end: self.items.len() as u32 });
    }

    /// Notes down a call.
    pub(super) fn call(&mut self, edge: Edge, gap_ms: f32) {
        self.calls.push((edge, gap_ms));
    }

    /// How many notes there are.
    pub(super) const fn len(&self) -> usize {
        self.visits.len() + self.items.len() + self.calls.len()
    }

    /// Forgets all, and keeps the room.
    pub(super) fn clear(&mut self) {
        self.visits.clear();
        self.items.clear();
        self.calls.clear();
    }

    /// The sums of what was noted down.
    pub(super) fn sum_up(&self) -> Sums {
        let (mut sums, mut begin) = (Sums::default(), 0);
        for Visit { kind, own_ms, items_end } in &self.visits {
            let end = *items_end as usize;
            sums.visit(*kind, *own_ms, self.items[begin..end].iter().copied());
            begin = end;
        }
        for (edge, gap_ms) in &self.calls {
            sums.call(*edge, *gap_ms);
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::unit::EntityId;

    proptest! {
        #[test]
        fn sums_of_notes_are_those_of_counting_at_once(
            visits in prop::collection::vec(
                ((0..4u32, 0..3u32), 0.0f32..9.0, prop::collection::vec((0..5u32, 1..4u32), 0..4)),
                0..40,
            ),
            calls in prop::collection::vec((0..3u32, 0..3u32, 0.0f32..9.0), 0..40),
        ) {
            let (mut notes, mut sums) = (Notes::default(), Sums::default());
            for ((entity, operation), own_ms, items) in visits {
                let kind = Kind { entity: EntityId(entity), operation };
                let items = || items.iter().map(|(message, n)| (Item::Log(*message), *n));
                notes.visit(kind, own_ms, items());
                sums.visit(kind, own_ms, items());
            }
            for (caller, callee, gap_ms) in calls {
                let (caller, callee) = (EntityId(caller), EntityId(callee));
                let edge = Edge { caller, callee, operation: 0 };
                notes.call(edge, gap_ms);
                sums.call(edge, gap_ms);
            }
            prop_assert_eq!(notes.sum_up(), sums);
            notes.clear();
            prop_assert!(notes.len() == 0 && notes.sum_up() == Sums::default());
        }
    }
}
