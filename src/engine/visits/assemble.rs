//! One trace -> its visits: who was entered how, what was done there, how long it took.
//!
//! A span whose parent is missing or belongs to another service enters a service; all spans below
//! it in that service belong to the visit. The parent of an entry is the client's end of the call
//! if it is no entry itself and calls nobody else: then client's time less server's is the gap.
//! A visit fails by itself if no call of it failed; otherwise it hands on what its callee did.
//! Limit: one that fails by itself beside a failed call that it could do without is not told apart.

use super::ids::Ids;
use super::minutes::Minutes;
use super::window::{Course, Edge, Item, Kind};
use crate::model::{Span, SpanKind, SpanStatus};
use crate::unit::{EntityId, SimTime};

/// A span without what is not needed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    id: u64,
    parent: u64,
    entity: EntityId,
    operation: u32,
    end: SimTime,
    millis: f64,
    client: bool,
    failed: bool,
}

/// A log record without its text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Logged {
    pub(super) span: u64,
    pub(super) entity: EntityId,
    pub(super) message: u32,
}

/// A trace in the making.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) pieces: Vec<Piece>,
    pub(super) logs: Vec<Logged>,
    /// Whether its root was seen: children end before it.
    pub(super) rooted: bool,
    /// Steps since its first piece.
    pub(super) age: u8,
}

impl Draft {
    /// An empty one in the room of this.
    pub(super) fn renewed(self) -> Self {
        let Self { mut pieces, mut logs, .. } = self;
        pieces.clear();
        logs.clear();
        Self { pieces, logs, rooted: false, age: 0 }
    }
}

impl Piece {
    pub(super) fn of(span: &Span, entity: EntityId, operation: u32) -> Self {
        Self {
            id: span.span_id,
            parent: span.parent_span_id,
            entity,
            operation,
            end: span.end(),
            millis: span.duration.nanos().max(0) as f64 / 1e6,
            client: matches!(span.kind, SpanKind::Client | SpanKind::Producer),
            failed: span.status == SpanStatus::Error,
        }
    }
}

/// A visit in the making.
#[derive(Debug)]
struct Visit {
    entry: usize,
    own_ms: f64,
    /// The last thing it did, by its place in `Assembler::done`.
    last: u32,
}

/// Something that a visit did: what, how often, and the thing before.
type Done = (Item, u32, u32);

/// Nothing was done before.
const NOTHING: u32 = u32::MAX;

/// Puts traces together, one after the other, in the same room.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    ids: Ids,
    /// In order of ids, each once.
    pieces: Vec<Piece>,
    parents: Vec<Option<usize>>,
    /// For each span the one by which its service was entered.
    entries: Vec<usize>,
    /// For each entry whether a call of its visit failed.
    handed_on: Vec<bool>,
    visits: Vec<Visit>,
    /// For each entry its visit.
    place: Vec<usize>,
    calls_of: Vec<u32>,
    done: Vec<Done>,
    path: Vec<usize>,
}

impl Assembler {
    /// Counts the visits of a trace in the windows in which they ended.
    pub(super) fn count(&mut self, draft: &Draft, minutes: &mut Minutes) {
        self.ids.order(&draft.pieces, |piece| piece.id);
        self.pieces.clear();
        self.pieces.extend(self.ids.places().map(|place| draft.pieces[place]));
        self.parents.clear();
        let (ids, parent) = (&self.ids, |p: &Piece| Some(p.parent).filter(|id| *id != 0));
        self.parents.extend(self.pieces.iter().map(|p| parent(p).and_then(|id| ids.rank(id))));
        self.enter();
        self.hand_on();
        self.begin();
        self.call(minutes);
        self.log(&draft.logs);
        self.course(minutes);
        for visit in &self.visits {
            let entry = self.pieces[visit.entry];
            let kind = Kind { entity: entry.entity, operation: entry.operation };
            let mut next = visit.last;
            let items = std::iter::from_fn(|| {
                let (item, times, before) = *self.done.get(next as usize)?;
                next = before;
                Some((item, times))
            });
            minutes.at(entry.end).visit(kind, visit.own_ms.max(0.0), items);
        }
    }

    /// Finds for each span the one by which its service was entered. A circle of parents ends where
    /// it began.
    fn enter(&mut self) {
        let Self { pieces, parents, entries, path, .. } = self;
        entries.clear();
        entries.resize(pieces.len(), usize::MAX);
        for start in 0..pieces.len() {
            path.clear();
            let mut here = start;
            let entry = loop {
                if entries[here] != usize::MAX {
                    break entries[here];
                }
                path.push(here);
                match parents[here] {
                    Some(parent)
                        if pieces[parent].entity == pieces[here].entity
                            && !path.contains(&parent) =>
                    {
                        here = parent;
                    }
                    _ => break here,
                }
            };
            path.iter().for_each(|index| entries[*index] = entry);
        }
    }

    /// Tells for each entry whether a call of its visit failed, as either end of the call tells.
    fn hand_on(&mut self) {
        let Self { pieces, parents, entries, handed_on, .. } = self;
        handed_on.clear();
        handed_on.resize(pieces.len(), false);
        for (index, piece) in pieces.iter().enumerate().filter(|(_, piece)| piece.failed) {
            if piece.client && entries[index] != index {
                handed_on[entries[index]] = true;
            }
            if let Some(parent) = parents[index].filter(|_| entries[index] == index) {
                handed_on[entries[parent]] = true;
            }
        }
    }

    /// Begins a visit at each entry.
    fn begin(&mut self) {
        let Self { pieces, entries, handed_on, visits, place, done, .. } = self;
        visits.clear();
        done.clear();
        place.clear();
        place.resize(pieces.len(), usize::MAX);
        for (index, entry) in entries.iter().enumerate().filter(|(i, e)| i == *e) {
            place[index] = visits.len();
            visits.push(Visit { entry: *entry, own_ms: pieces[*entry].millis, last: NOTHING });
            if pieces[index].failed && !handed_on[index] {
                did(&mut visits[place[index]], done, Item::Failure);
            }
        }
    }

    /// Takes each visit for a call of the visit that asked for it.
    fn call(&mut self, minutes: &mut Minutes) {
        let Self { pieces, parents, entries, visits, place, calls_of, done, .. } = self;
        calls_of.clear();
        calls_of.resize(pieces.len(), 0);
        for visit in &*visits {
            if let Some(parent) = parents[visit.entry] {
                calls_of[parent] += 1;
            }
        }
        for index in 0..visits.len() {
            let entry = visits[index].entry;
            let Some(parent) = parents[entry] else { continue };
            let (server, client) = (pieces[entry], pieces[parent]);
            let caller = &mut visits[place[entries[parent]]];
            did(caller, done, Item::Call(server.entity, server.operation));
            let has_client_span = entries[parent] != parent && calls_of[parent] == 1;
            caller.own_ms -= if has_client_span { client.millis } else { server.millis };
            if has_client_span {
                let (caller, callee) = (client.entity, server.entity);
                let edge = Edge { caller, callee, operation: server.operation };
                minutes.at(server.end).call(edge, (client.millis - server.millis).max(0.0));
            }
        }
    }

    /// Gives each log record to the visit that wrote it.
    fn log(&mut self, logs: &[Logged]) {
        let Self { ids, pieces, entries, visits, place, done, .. } = self;
        for log in logs {
            let by_span = ids.rank(log.span).filter(|i| pieces[*i].entity == log.entity);
            let visit = match by_span {
                Some(piece) => visits.get_mut(place[entries[piece]]),
                None => visits.iter_mut().find(|v| pieces[v.entry].entity == log.entity),
            };
            if let Some(visit) = visit {
                did(visit, done, Item::Log(log.message));
            }
        }
    }

    /// Keeps the trace as a whole; its root is the longest span that nobody called.
    fn course(&self, minutes: &mut Minutes) {
        let roots = self.pieces.iter().zip(&self.parents).filter(|(_, parent)| parent.is_none());
        let root = roots.max_by(|(a, _), (b, _)| a.millis.total_cmp(&b.millis));
        let Some((root, _)) = root else { return };
        minutes.at(root.end).course(|| {
            let mut crossed: Vec<EntityId> = self.pieces.iter().map(|piece| piece.entity).collect();
            crossed.sort_unstable();
            crossed.dedup();
            let kind = Kind { entity: root.entity, operation: root.operation };
            Course { root: kind, millis: root.millis as f32, crossed }
        });
    }
}

/// Notes down what a visit did.
fn did(visit: &mut Visit, done: &mut Vec<Done>, item: Item) {
    let mut next = visit.last;
    while let Some((known, times, before)) = done.get_mut(next as usize) {
        if *known == item {
            *times += 1;
            return;
        }
        next = *before;
    }
    done.push((item, 1, visit.last));
    visit.last = done.len() as u32 - 1;
}
