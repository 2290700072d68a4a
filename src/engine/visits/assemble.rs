//! One trace -> its visits: who was entered how, what was done there, how long it took.
//!
//! A span whose parent is missing or belongs to another service enters a service; all spans below
//! it in that service belong to the visit. The parent of an entry is the client's end of the call
//! if it is no entry itself and calls nobody else: then client's time less server's is the gap.
//! A visit fails by itself if no call of it failed; otherwise it hands on what its callee did.
//! Limit: one that fails by itself beside a failed call that it could do without is not told apart.

use std::collections::VecDeque;

use super::window::{Course, Edge, Item, Kind, Window, window_at};
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
struct Visit {
    entry: usize,
    own_ms: f64,
    items: Vec<(Item, u32)>,
}

impl Visit {
    fn did(&mut self, item: Item) {
        match self.items.iter_mut().find(|(known, _)| *known == item) {
            Some((_, times)) => *times += 1,
            None => self.items.push((item, 1)),
        }
    }
}

/// Counts the visits of a trace in the windows in which they ended.
pub(super) fn count(mut draft: Draft, windows: &mut VecDeque<Window>) {
    draft.pieces.sort_by_key(|piece| piece.id);
    draft.pieces.dedup_by_key(|piece| piece.id);
    let pieces = &draft.pieces;
    let at = |id: u64| pieces.binary_search_by_key(&id, |piece| piece.id).ok();
    let parents: Vec<Option<usize>> =
        pieces.iter().map(|p| at(p.parent).filter(|_| p.parent != 0)).collect();
    let entries = entries(pieces, &parents);
    let mut visits: Vec<Visit> = Vec::new();
    let mut place: Vec<usize> = vec![usize::MAX; pieces.len()];
    let handed_on = handed_on(pieces, &parents, &entries);
    for (index, entry) in entries.iter().enumerate().filter(|(i, e)| i == *e) {
        place[index] = visits.len();
        let failed = (pieces[index].failed && !handed_on[index]).then_some((Item::Failure, 1));
        let items = failed.into_iter().collect();
        visits.push(Visit { entry: *entry, own_ms: pieces[*entry].millis, items });
    }
    let mut calls_of = vec![0u32; pieces.len()];
    for visit in &visits {
        if let Some(parent) = parents[visit.entry] {
            calls_of[parent] += 1;
        }
    }
    for index in 0..visits.len() {
        let entry = visits[index].entry;
        let Some(parent) = parents[entry] else { continue };
        let (server, client) = (pieces[entry], pieces[parent]);
        let caller = &mut visits[place[entries[parent]]];
        caller.did(Item::Call(server.entity, server.operation));
        let has_client_span = entries[parent] != parent && calls_of[parent] == 1;
        caller.own_ms -= if has_client_span { client.millis } else { server.millis };
        if has_client_span {
            let (caller, callee) = (client.entity, server.entity);
            let edge = Edge { caller, callee, operation: server.operation };
            window_at(windows, server.end).call(edge, (client.millis - server.millis).max(0.0));
        }
    }
    for log in &draft.logs {
        let by_span = at(log.span).filter(|i| pieces[*i].entity == log.entity);
        let visit = match by_span {
            Some(piece) => visits.get_mut(place[entries[piece]]),
            None => visits.iter_mut().find(|v| pieces[v.entry].entity == log.entity),
        };
        if let Some(visit) = visit {
            visit.did(Item::Log(log.message));
        }
    }
    if let Some(course) = course(pieces, &parents) {
        window_at(windows, course.1).course(course.0);
    }
    for visit in visits {
        let entry = pieces[visit.entry];
        let kind = Kind { entity: entry.entity, operation: entry.operation };
        window_at(windows, entry.end).visit(kind, visit.own_ms.max(0.0), &visit.items);
    }
}

/// For each entry whether a call of its visit failed, as either end of the call tells.
fn handed_on(pieces: &[Piece], parents: &[Option<usize>], entries: &[usize]) -> Vec<bool> {
    let mut handed_on = vec![false; pieces.len()];
    for (index, piece) in pieces.iter().enumerate().filter(|(_, piece)| piece.failed) {
        if piece.client && entries[index] != index {
            handed_on[entries[index]] = true;
        }
        if let Some(parent) = parents[index].filter(|_| entries[index] == index) {
            handed_on[entries[parent]] = true;
        }
    }
    handed_on
}

/// The trace as a whole, and when it ended; its root is the longest span that nobody called.
fn course(pieces: &[Piece], parents: &[Option<usize>]) -> Option<(Course, SimTime)> {
    let roots = pieces.iter().zip(parents).filter(|(_, parent)| parent.is_none());
    let (root, _) = roots.max_by(|(a, _), (b, _)| a.millis.total_cmp(&b.millis))?;
    let mut crossed: Vec<EntityId> = pieces.iter().map(|piece| piece.entity).collect();
    crossed.sort_unstable();
    crossed.dedup();
    let kind = Kind { entity: root.entity, operation: root.operation };
    Some((Course { root: kind, millis: root.millis as f32, crossed }, root.end))
}

/// For each span the one by which its service was entered. A circle of parents ends where it
/// began.
fn entries(pieces: &[Piece], parents: &[Option<usize>]) -> Vec<usize> {
    let mut entries: Vec<Option<usize>> = vec![None; pieces.len()];
    for start in 0..pieces.len() {
        let mut path = Vec::new();
        let mut here = start;
        let entry = loop {
            if let Some(known) = entries[here] {
                break known;
            }
            path.push(here);
            match parents[here] {
                Some(parent)
                    if pieces[parent].entity == pieces[here].entity && !path.contains(&parent) =>
                {
                    here = parent;
                }
                _ => break here,
            }
        };
        path.into_iter().for_each(|index| entries[index] = Some(entry));
    }
    entries.into_iter().enumerate().map(|(i, entry)| entry.unwrap_or(i)).collect()
}
