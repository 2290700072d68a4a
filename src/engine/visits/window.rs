//! One minute of visits: plain counts.

use std::collections::{BTreeMap, VecDeque};

use super::WINDOW;
use crate::unit::{EntityId, SimTime};

/// Kinds of visits in a window; visits of further ones are not counted.
const MOST_KINDS: usize = 4096;
/// Durations kept of each kind and edge in a window.
const MOST_TIMES: usize = 200;
/// Traces kept in a window.
const MOST_COURSES: usize = 300;

/// A sort of visit: one operation of one service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind {
    /// Who served.
    pub entity: EntityId,
    /// Number of the operation.
    pub operation: u32,
}

/// A call edge: whose client end waited for which operation of whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// Who called.
    pub caller: EntityId,
    /// Who was called.
    pub callee: EntityId,
    /// Number of the callee's operation.
    pub operation: u32,
}

/// Something that a visit did or did not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// It called an operation of another service.
    Call(EntityId, u32),
    /// It failed.
    Failure,
    /// It logged a message.
    Log(u32),
}

/// How often an item was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    /// Visits with at least one.
    pub visits: u32,
    /// All of them.
    pub times: u32,
}

/// The visits of one kind.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tally {
    /// How many.
    pub visits: u32,
    /// Own time in milliseconds, of the first few.
    pub own: Vec<f32>,
    /// What they did.
    pub items: BTreeMap<Item, Seen>,
}

/// One trace: how it began, how long it took, whom it crossed.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    /// The visit with which it began.
    pub root: Kind,
    /// From beginning to end, in milliseconds.
    pub millis: f32,
    /// The services that it crossed, in order of their ids.
    pub crossed: Vec<EntityId>,
}

/// What the two ends of calls disagree about.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Gaps {
    /// How many calls.
    pub calls: u32,
    /// Client's time less server's in milliseconds, of the first few.
    pub times: Vec<f32>,
}

/// One minute.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Window {
    /// When it began.
    pub start: SimTime,
    /// Visits.
    pub kinds: BTreeMap<Kind, Tally>,
    /// Call edges with a client span.
    pub edges: BTreeMap<Edge, Gaps>,
    /// Traces, the first few.
    pub courses: Vec<Course>,
}

impl Window {
    /// Counts a visit with its items, each with how often.
    pub(super) fn visit(&mut self, kind: Kind, own_ms: f64, items: &[(Item, u32)]) {
        if self.kinds.len() >= MOST_KINDS && !self.kinds.contains_key(&kind) {
            return;
        }
        let tally = self.kinds.entry(kind).or_default();
        tally.visits += 1;
        if tally.own.len() < MOST_TIMES {
            tally.own.push(own_ms as f32);
        }
        for (item, times) in items {
            let seen = tally.items.entry(*item).or_default();
            seen.visits += 1;
            seen.times += times;
        }
    }

    /// Keeps a trace, if there is room.
    pub(super) fn course(&mut self, course: Course) {
        if self.courses.len() < MOST_COURSES {
            self.courses.push(course);
        }
    }

    /// Counts a call.
    pub(super) fn call(&mut self, edge: Edge, gap_ms: f64) {
        if self.edges.len() >= MOST_KINDS && !self.edges.contains_key(&edge) {
            return;
        }
        let gaps = self.edges.entry(edge).or_default();
        gaps.calls += 1;
        if gaps.times.len() < MOST_TIMES {
            gaps.times.push(gap_ms as f32);
        }
    }
}

/// The window that holds an instant, made if it is new.
pub(super) fn window_at(windows: &mut VecDeque<Window>, at: SimTime) -> &mut Window {
    let length = WINDOW.nanos();
    let start = SimTime::from_nanos(at.nanos().div_euclid(length) * length);
    let place = windows.partition_point(|window| window.start < start);
    if windows.get(place).is_none_or(|window| window.start != start) {
        windows.insert(place, Window { start, ..Window::default() });
    }
    &mut windows[place]
}
