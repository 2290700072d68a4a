//! Sampled traces: a few requests per scrape, followed through the call graph.
//!
//! In: the state of the fleet, the share to sample. Out: spans with parents, one server span per
//! service visited and one client span per attempt. Times are drawn from the same laws that move
//! the fleet. Known limit: calls of one request go one after the other; external services leave
//! no server span, as nobody instruments them for us.

use std::sync::Arc;

use crate::kernel::Streams;
use crate::model::{Span, SpanKind, SpanStatus};
use crate::unit::{EntityId, SimDuration, SimTime};

use super::Fleet;
use super::dice::Dice;
use super::latency::{Latency, mixed};
use super::replica::Phase;
use super::service::{Circuit, Service};
use super::spec::ScrapeSpec;

/// Most spans of one trace.
const LONGEST: usize = 200;
/// Number of the draw that chooses an operation: far from those of a visit.
const ROUTE_DRAW: u64 = 1 << 32;

/// One request on its way.
struct Walk<'a> {
    fleet: &'a Fleet,
    trace: u64,
    trace_id: u128,
    names: &'a [Vec<Arc<str>>],
    out: &'a mut Vec<Span>,
    first: usize,
    /// Number of the next span of this trace, from 1.
    next: u64,
}

impl Fleet {
    /// Appends the traces of the interval before `now`; `requests` came in it.
    pub fn sample_spans(
        &self,
        entry: usize,
        spec: &ScrapeSpec,
        (streams, names): (Streams, &[Vec<Arc<str>>]),
        (now, scrape): (SimTime, u64),
        out: &mut Vec<Span>,
    ) {
        let requests = self.services[entry].tally.requests;
        let mut dice = Dice::new(streams.child("traces"), scrape);
        let count = dice.times(requests * spec.span_ratio.get(), spec.span_limit);
        let first = out.len();
        for number in 0..u64::from(count) {
            let before = dice.uniform() * spec.interval.secs_f64();
            let trace_id = (u128::from(dice.bits()) << 64) | u128::from(dice.bits());
            let trace = scrape.wrapping_mul(4096) + number;
            let begin = out.len();
            let mut walk = Walk { fleet: self, trace, trace_id, names, out, first: begin, next: 1 };
            let asked = walk.ask(entry);
            let (length, _) = walk.serve(asked, 0, now - SimDuration::from_secs_f64(before));
            // A span is visible when it ends: move the whole trace so that it ends in the interval.
            let shift = SimDuration::from_secs_f64(length);
            out[begin..].iter_mut().for_each(|span| span.start = span.start - shift);
        }
        out[first..].sort_by_cached_key(|span| (span.end(), span.trace_id, span.span_id));
    }
}

/// What a service is asked for: its index, and the position of the operation.
#[derive(Debug, Clone, Copy)]
struct Asked {
    service: usize,
    route: usize,
}

impl Walk<'_> {
    /// Which operation of a service the next call asks for.
    fn ask(&self, service: usize) -> Asked {
        let owner = &self.fleet.services[service];
        if owner.routes.is_empty() {
            return Asked { service, route: 0 };
        }
        let lane = self.trace ^ (self.next << 40);
        Asked { service, route: owner.routes.draw(owner.span_noise.uniform(lane, ROUTE_DRAW)) }
    }

    /// A service works on the request; returns seconds and whether it failed.
    fn serve(&mut self, asked: Asked, parent: u64, start: SimTime) -> (f64, bool) {
        let owner = &self.fleet.services[asked.service];
        let route = owner.routes.get(asked.route);
        let mut dice = self.dice(owner);
        let Some(entity) = pick(owner, &mut dice) else { return (0.002, true) };
        let Some(position) = self.open(asked, entity, parent, start, SpanKind::Server) else {
            return (0.0, false);
        };
        let (response, held) =
            route.map_or((&owner.flow.response, owner.flow.hold), |r| (&r.response, r.down));
        let total = mixed(response);
        let own = Latency {
            mean: (total.mean - held.mean).max(1e-4),
            variance: (total.variance - held.variance).max(0.0),
        };
        let mut seconds = draw(own, &mut dice);
        let served = owner.flow.started.max(1e-9);
        let callee_share = owner.callee_failure();
        let own_share = ((owner.flow.failed / served - callee_share)
            / (1.0 - callee_share).max(1e-9))
        .clamp(0.0, 1.0);
        let mut failed = dice.uniform() < route.map_or(own_share, |route| route.own_failure);
        for index in 0..owner.edges.len() {
            let call = &owner.spec.calls[index];
            let times = route.map_or(call.per_request, |route| route.calls[index]);
            let extra = u64::from(dice.uniform() < times.fract());
            for _ in 0..times.trunc() as u64 + extra {
                let at = start + SimDuration::from_secs_f64(seconds);
                let (took, lost) = self.call(asked.service, index, position, at);
                seconds += took;
                failed |= lost && !call.optional;
            }
        }
        self.close(position, seconds, failed);
        (seconds, failed)
    }

    /// One call with its attempts; returns seconds and whether it failed in the end.
    fn call(&mut self, service: usize, index: usize, parent: usize, start: SimTime) -> (f64, bool) {
        let owner = &self.fleet.services[service];
        let (edge, call) = (&owner.edges[index], &owner.spec.calls[index]);
        if edge.circuit != Circuit::Closed {
            return (0.0, true);
        }
        let callee = &self.fleet.services[edge.callee];
        let parent_id = self.out[parent].span_id;
        let entity = self.out[parent].entity;
        let mut seconds = 0.0;
        for _ in 0..=call.retries {
            let at = start + SimDuration::from_secs_f64(seconds);
            let asked = self.ask(edge.callee);
            let Some(client) = self.open(asked, entity, parent_id, at, SpanKind::Client) else {
                return (seconds, false);
            };
            let client_id = self.out[client].span_id;
            let (took, lost) = if callee.spec.external {
                self.outside(edge.callee)
            } else {
                self.serve(asked, client_id, at)
            };
            let limit = call.timeout.secs_f64();
            let failed = lost || took > limit;
            self.close(client, took.min(limit), failed);
            seconds += took.min(limit);
            if !failed {
                return (seconds, false);
            }
        }
        (seconds, true)
    }

    /// A service that is not ours: no span of its own.
    fn outside(&self, service: usize) -> (f64, bool) {
        let owner = &self.fleet.services[service];
        let mut dice = self.dice(owner);
        let seconds = draw(mixed(&owner.flow.response), &mut dice);
        (seconds, dice.uniform() < owner.flow.failure())
    }

    /// Draws of one service for this visit of this trace.
    fn dice(&self, service: &Service) -> Dice {
        Dice::new(service.span_noise, self.trace ^ (self.next << 40))
    }

    fn open(
        &mut self,
        asked: Asked,
        entity: EntityId,
        parent_span_id: u64,
        start: SimTime,
        kind: SpanKind,
    ) -> Option<usize> {
        if self.out.len() - self.first >= LONGEST {
            return None;
        }
        let span_id = self.next;
        self.next += 1;
        self.out.push(Span {
            start,
            duration: SimDuration::ZERO,
            trace_id: self.trace_id,
            span_id,
            parent_span_id,
            entity,
            operation: Arc::clone(&self.names[asked.service][asked.route]),
            kind,
            status: SpanStatus::Unset,
        });
        Some(self.out.len() - 1)
    }

    fn close(&mut self, position: usize, seconds: f64, failed: bool) {
        let span = &mut self.out[position];
        span.duration = SimDuration::from_secs_f64(seconds);
        span.status = if failed { SpanStatus::Error } else { SpanStatus::Ok };
    }
}

impl Service {
    /// Share of its requests that fail because of critical callees.
    fn callee_failure(&self) -> f64 {
        let calls = self.edges.iter().zip(&self.spec.calls).filter(|(_, call)| !call.optional);
        1.0 - calls
            .map(|(edge, call)| 1.0 - (edge.failure * call.per_request.min(1.0)))
            .product::<f64>()
    }
}

fn pick(service: &Service, dice: &mut Dice) -> Option<EntityId> {
    if service.flow.refused >= service.flow.arrived {
        return None;
    }
    let choice = dice.below(u64::from(service.ready()).max(1)) as usize;
    if let Some(ids) = service.ids_in_step() {
        return ids.get(choice).copied();
    }
    let slots = service.slots.iter().zip(&service.slot_ids);
    let ready = slots.filter(|(slot, _)| slot.as_ref().is_some_and(|r| r.phase == Phase::Ready));
    ready.map(|(_, id)| *id).nth(choice)
}

fn draw(law: Latency, dice: &mut Dice) -> f64 {
    let (mu, sigma) = law.log_parameters();
    (mu + sigma * dice.normal()).exp().min(120.0)
}
