//! The minutes kept, in order of time.
//!
//! In: instants. Out: the window that holds one, made if it is new. Bounded: `keep` lets the oldest
//! go, and the next new window takes over the room of the last that went.

use std::collections::VecDeque;

use super::WINDOW;
use super::window::Window;
use crate::unit::SimTime;

/// See the file's head.
#[derive(Debug, Default)]
pub(super) struct Minutes {
    windows: VecDeque<Window>,
    spare: Option<Window>,
}

impl Minutes {
    /// The window that holds an instant, made if it is new.
    pub(super) fn at(&mut self, at: SimTime) -> &mut Window {
        let length = WINDOW.nanos();
        // Nearly all belong to the newest.
        let newest = self.windows.back().map(|window| window.start.nanos());
        if newest.is_some_and(|start| (start..start.saturating_add(length)).contains(&at.nanos())) {
            let last = self.windows.len() - 1;
            return &mut self.windows[last];
        }
        let start = SimTime::from_nanos(at.nanos().div_euclid(length) * length);
        let place = self.windows.partition_point(|window| window.start < start);
        if self.windows.get(place).is_none_or(|window| window.start != start) {
            let new = self.spare.take().unwrap_or_default().renewed(start);
            self.windows.insert(place, new);
        }
        &mut self.windows[place]
    }

    /// Keeps the newest so many.
    pub(super) fn keep(&mut self, most: usize) {
        while self.windows.len() > most {
            self.spare = self.windows.pop_front();
        }
    }

    /// Windows, oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Window> {
        self.windows.iter()
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.windows.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::visits::Kind;
    use crate::unit::EntityId;

    #[test]
    fn windows_stand_in_order_and_begin_empty_whatever_their_room_held() {
        let mut minutes = Minutes::default();
        let kind = Kind { entity: EntityId(1), operation: 2 };
        for secs in [130, 10, 70, 59, -1, 119, 190, 250, 310] {
            minutes.at(SimTime::from_secs(secs)).visit(kind, 1.0, std::iter::empty());
            let read = minutes.iter().last().map(|window| window.kinds().len());
            assert_eq!(read, Some(1));
            minutes.keep(4);
        }
        let found: Vec<(i64, u32)> = minutes
            .iter()
            .map(|w| (w.start.nanos() / 1_000_000_000, w.kinds()[&kind].visits))
            .collect();
        assert_eq!(found, [(120, 1), (180, 1), (240, 1), (300, 1)]);
    }
}
