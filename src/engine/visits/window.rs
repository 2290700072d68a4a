//! One minute of visits: plain counts.
//!
//! A minute is noted down as it comes, and only summed up by kind and call edge when somebody asks:
//! most minutes nobody asks for, as nothing was wrong in them. In: visits, calls, traces. Out: the
//! counts of each kind and edge. Bounded: beyond `MOST_NOTES` notes it is summed up anyway.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use super::notes::Notes;
use crate::unit::{EntityId, SimTime};

/// Kinds of visits in a window; visits of further ones are not counted.
const MOST_KINDS: usize = 4096;
/// Durations kept of each kind and edge in a window.
const MOST_TIMES: usize = 200;
/// Traces kept in a window.
const MOST_COURSES: usize = 300;
/// Notes of a window that is not summed up.
const MOST_NOTES: usize = 8192;

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

/// The sums of a minute.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Sums {
    kinds: BTreeMap<Kind, Tally>,
    edges: BTreeMap<Edge, Gaps>,
}

/// One minute.
#[derive(Debug, Clone, Default)]
pub struct Window {
    /// When it began.
    pub start: SimTime,
    /// Traces, the first few.
    pub courses: Vec<Course>,
    /// What is not summed up yet; means nothing once there are sums.
    notes: Notes,
    sums: OnceCell<Sums>,
}

impl Window {
    /// Visits.
    #[must_use]
    pub fn kinds(&self) -> &BTreeMap<Kind, Tally> {
        &self.sums().kinds
    }

    /// Call edges with a client span.
    #[must_use]
    pub fn edges(&self) -> &BTreeMap<Edge, Gaps> {
        &self.sums().edges
    }

    /// An empty window in the room of one that nobody needs any more.
    pub(super) fn renewed(mut self, start: SimTime) -> Self {
        self.start = start;
        self.courses.clear();
        self.notes.clear();
        self.sums.take();
        self
    }

    /// Counts a visit with its items, each with how often.
    pub(super) fn visit(
        &mut self,
        kind: Kind,
        own_ms: f64,
        items: impl Iterator<Item = (Item, u32)>,
    ) {
        match self.sums.get_mut() {
            Some(sums) => sums.visit(kind, own_ms as f32, items),
            None => self.notes.visit(kind, own_ms as f32, items),
        }
        self.bound();
    }

    /// Counts a call.
    pub(super) fn call(&mut self, edge: Edge, gap_ms: f64) {
        match self.sums.get_mut() {
            Some(sums) => sums.call(edge, gap_ms as f32),
            None => self.notes.call(edge, gap_ms as f32),
        }
        self.bound();
    }

    /// Keeps a trace, if there is room.
    pub(super) fn course(&mut self, course: impl FnOnce() -> Course) {
        if self.courses.len() < MOST_COURSES {
            self.courses.push(course());
        }
    }

    fn bound(&mut self) {
        if self.notes.len() >= MOST_NOTES {
            self.sums();
            self.notes = Notes::default();
        }
    }

    fn sums(&self) -> &Sums {
        self.sums.get_or_init(|| self.notes.sum_up())
    }
}

impl Sums {
    pub(super) fn visit(
        &mut self,
        kind: Kind,
        own_ms: f32,
        items: impl Iterator<Item = (Item, u32)>,
    ) {
        if self.kinds.len() >= MOST_KINDS && !self.kinds.contains_key(&kind) {
            return;
        }
        let tally = self.kinds.entry(kind).or_default();
        tally.visits += 1;
        if tally.own.len() < MOST_TIMES {
            tally.own.push(own_ms);
        }
        for (item, times) in items {
            let seen = tally.items.entry(item).or_default();
            seen.visits += 1;
            seen.times += times;
        }
    }

    pub(super) fn call(&mut self, edge: Edge, gap_ms: f32) {
        if self.edges.len() >= MOST_KINDS && !self.edges.contains_key(&edge) {
            return;
        }
        let gaps = self.edges.entry(edge).or_default();
        gaps.calls += 1;
        if gaps.times.len() < MOST_TIMES {
            gaps.times.push(gap_ms);
        }
    }
}
