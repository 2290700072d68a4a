//! Plain services at rest, side by side in memory.
//!
//! In: services in step of which nothing is special (`Service::is_plain`). Out: the same numbers
//! as `flow.rs` has for them, digit by digit, from a few hundred bytes each in call order, where
//! a `Service` with its spec, calls and replicas lies in many places. `still/tick.rs` moves them,
//! `telemetry.rs` reads them; `show` gives a service its numbers back for whoever looks at it, and
//! before anything may happen to one of them all go back (`Fleet::fall_out`). Known limit: no
//! machines, caches, brokers, pools, disks, probes, flags or certificates.

mod tick;

use std::ops::Range;

use super::Fleet;
use super::calls::{Reception, Retry, tries};
use super::latency::Latency;
use super::memory::Collection;
use super::service::{Edge, Service, Tally};
use super::spec::Runtime;
use super::work::{Terms, spare_files};

/// Not among them.
const NONE: u32 = u32::MAX;

/// All services that are still.
#[derive(Debug, Default)]
pub(super) struct Stillness {
    /// In call order.
    stills: Vec<Still>,
    /// Their calls, one service's after the other's.
    calls: Vec<StillCall>,
    /// What callers see of each, by its position.
    answers: Vec<Answer>,
    /// Position of each service of the fleet, or `NONE`.
    positions: Vec<u32>,
    /// What a scrape reads.
    pub(super) rows: Rows,
    /// Whether a scrape has seen what was counted so far.
    seen: bool,
}

/// What a scrape reads of all of them, service by service in name order, as scrapes go.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) services: Vec<Row>,
    /// Attempts, failed ones and the seconds they took, of each call since the last scrape.
    pub(super) calls: Vec<[f64; 3]>,
    /// Restarts of each slot; NaN where there is no replica.
    pub(super) restarts: Vec<f64>,
}

/// What a scrape reads of one service.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) count: u32,
    pub(super) calls: u32,
    pub(super) slots: u32,
    pub(super) workers: f64,
    pub(super) file_limit: f64,
    pub(super) memory_limit: f64,
    pub(super) lead: Lead,
    /// Requests, failed ones and the seconds they took, since the last scrape.
    pub(super) tally: [f64; 3],
    /// Requests answered in the last tick, the law of their response time, and that on a
    /// logarithmic axis.
    pub(super) weight: f64,
    pub(super) law: Latency,
    pub(super) log: (f64, f64),
}

/// One service: what stays as it is, and what a tick moves.
#[derive(Debug, Clone)]
pub(super) struct Still {
    index: usize,
    calls: Range<usize>,
    /// Its row, and that of its first call.
    row: usize,
    first: usize,
    /// Whether its `Service` is shown its numbers in each tick.
    shown: bool,
    count: u32,
    runtime: Runtime,
    terms: Terms,
    cv: f64,
    queue_limit: f64,
    spare_files: f64,
    memory_base: f64,
    memory_per_request: f64,
    memory_limit: f64,
    lead: Lead,
    /// What collecting costs in this tick, and the share of connections for which there are files.
    gc: Collection,
    files: f64,
    hold: Latency,
    flow: StillFlow,
    tally: Tally,
}

/// The numbers of a replica that stands for all.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lead {
    served: f64,
    pub(super) backlog: f64,
    pub(super) memory_mib: f64,
    pub(super) in_flight: f64,
    pub(super) cpu: f64,
    pub(super) collecting: f64,
    probe_wait: f64,
}

/// The part of a `Flow` that is not 0.
#[derive(Debug, Clone, Copy, Default)]
struct StillFlow {
    arrived: f64,
    refused: f64,
    shed: f64,
    started: f64,
    capacity: f64,
    failed: f64,
}

/// One call.
#[derive(Debug, Clone)]
pub(super) struct StillCall {
    callee: usize,
    optional: bool,
    retry: Retry,
    per_request: f64,
    limit: f64,
    /// Mean number of attempts.
    tries: f64,
    attempt_failure: f64,
    attempt_repeat: f64,
    failure: f64,
    repeat: f64,
    call: Latency,
    demand: f64,
    pooled: f64,
    /// Attempts, failed ones and the seconds they took, since the last scrape.
    counts: [f64; 3],
}

/// What callers see of a service in a tick.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Answer {
    /// Requests and the law of their response time.
    weight: f64,
    law: Latency,
    /// Location and scale of its logarithm.
    log: (f64, f64),
    reception: Reception,
    repeat: f64,
    /// The time-out that was asked for last, and the moments cut off there.
    cut: (f64, (f64, f64, f64)),
}

impl Fleet {
    /// Takes in all plain services that rest; `entry` is where users come.
    pub(super) fn still(&mut self) {
        self.stir();
        let positions = vec![NONE; self.services.len()];
        let mut stillness = Stillness { positions, ..Stillness::default() };
        let mut told = vec![false; self.services.len()];
        let messages = self.services.iter().flat_map(|s| &s.edges).filter(|e| e.via.is_some());
        messages.for_each(|edge| told[edge.callee] = true);
        for index in &self.order {
            let service = &self.services[*index];
            if self.resting[*index] && !told[*index] && self.is_plain(service) {
                stillness.add(*index, service);
            }
        }
        // Whoever is called by others, or where users come, is looked at.
        let mut called = vec![false; self.services.len()];
        for (index, service) in self.services.iter().enumerate() {
            let moving = stillness.positions[index] == NONE;
            for edge in service.edges.iter().filter(|_| moving) {
                called[edge.callee] = true;
            }
        }
        for still in &mut stillness.stills {
            still.shown = called[still.index] || self.entry == Some(still.index);
        }
        for (index, service) in self.services.iter().enumerate() {
            if let Some(position) = stillness.position(index) {
                stillness.list(position, service);
            }
        }
        self.stillness = stillness;
    }

    /// Whether nothing is special about a service that rests.
    fn is_plain(&self, service: &Service) -> bool {
        let spec = &service.spec;
        let gone = service.dying.queued + service.dying.working;
        service.lead().is_some()
            && self.nodes.is_empty()
            && service.routes.is_empty()
            && service.effects.is_empty()
            && service.call_effects.is_empty()
            && service.certificate_ends.is_none()
            && service.shed_share == 0.0
            && !spec.external
            && spec.cache.is_none()
            && spec.max_connections.is_none()
            && spec.flags.is_empty()
            && spec.calls.iter().all(|call| call.pool.is_none())
            && service.edges.iter().all(Edge::is_plain)
            && gone + service.flow.dark + service.flow.lost == 0.0
    }

    /// All services have their own numbers again.
    pub(super) fn stir(&mut self) {
        self.show();
        self.stillness = Stillness::default();
    }

    /// How many services are still.
    #[cfg(test)]
    pub fn count_still(&self) -> usize {
        self.stillness.stills.len()
    }

    /// All services are shown their numbers.
    pub fn show(&mut self) {
        for position in 0..self.stillness.stills.len() {
            let index = self.stillness.stills[position].index;
            self.stillness.show(position, &mut self.services[index]);
        }
    }
}

impl Edge {
    fn is_plain(&self) -> bool {
        self.via.is_none()
            && self.cache.is_none()
            && !self.counted
            && self.bad_since.is_none()
            && (self.pass, self.made) == (1.0, 1.0)
            && self.waiting == 0.0
    }
}

impl Stillness {
    /// The position of a service, if it is still.
    pub(super) fn position(&self, index: usize) -> Option<usize> {
        self.positions.get(index).filter(|at| **at != NONE).map(|at| *at as usize)
    }

    /// A tick begins: what a scrape has seen is counted anew.
    pub(super) fn begin(&mut self) {
        if std::mem::take(&mut self.seen) {
            self.stills.iter_mut().for_each(|still| still.tally = Tally::default());
            self.calls.iter_mut().for_each(|call| call.counts = [0.0; 3]);
        }
    }

    /// A scrape has seen what was counted.
    pub(super) fn see(&mut self) {
        self.seen = true;
    }

    /// What was counted in a tick of another length is made comparable.
    pub(super) fn stretch(&mut self, factor: f64) {
        self.stills.iter_mut().for_each(|still| still.lead.served *= factor);
    }

    fn add(&mut self, index: usize, service: &Service) {
        let Some((replica, _)) = service.lead() else { return };
        let (spec, first) = (&service.spec, self.calls.len());
        self.positions[index] = self.stills.len() as u32;
        let calls = service.edges.iter().zip(&spec.calls);
        self.calls.extend(calls.map(|(edge, call)| {
            let retry = Retry::of(call);
            StillCall {
                callee: edge.callee,
                optional: call.optional,
                retry,
                per_request: call.per_request,
                limit: call.timeout.secs_f64(),
                tries: tries(edge.attempt_failure, edge.attempt_repeat, retry).mean,
                attempt_failure: edge.attempt_failure,
                attempt_repeat: edge.attempt_repeat,
                failure: edge.failure,
                repeat: edge.repeat,
                call: edge.call,
                demand: edge.demand,
                pooled: edge.pooled,
                counts: [edge.attempts, edge.failed, edge.seconds],
            }
        }));
        let flow = &service.flow;
        self.answers.push(Answer::of(flow));
        self.stills.push(Still {
            index,
            calls: first..self.calls.len(),
            row: 0,
            first: 0,
            shown: true,
            count: service.alive(),
            runtime: spec.runtime,
            terms: service.plain_terms(replica),
            cv: spec.service_time_cv,
            queue_limit: f64::from(spec.queue_limit),
            spare_files: spare_files(spec.file_limit),
            memory_base: spec.memory_base_mib,
            memory_per_request: spec.memory_per_request_mib,
            memory_limit: service.memory_limit(replica.template.limits),
            lead: Lead {
                served: replica.served,
                backlog: replica.backlog,
                memory_mib: replica.memory_mib,
                in_flight: replica.in_flight,
                cpu: replica.cpu,
                collecting: replica.collecting,
                probe_wait: replica.probe_wait,
            },
            gc: Collection::default(),
            files: 1.0,
            hold: flow.hold,
            flow: StillFlow {
                arrived: flow.arrived,
                refused: flow.refused,
                shed: flow.shed,
                started: flow.started,
                capacity: flow.capacity,
                failed: flow.failed,
            },
            tally: service.tally.clone(),
        });
    }

    /// Makes the row of a service, after those of all before it in name order.
    fn list(&mut self, position: usize, service: &Service) {
        let (still, rows) = (&mut self.stills[position], &mut self.rows);
        let restarts = service.lead().map_or(&[][..], |(_, restarts)| restarts);
        (still.row, still.first) = (rows.services.len(), rows.calls.len());
        rows.restarts.extend_from_slice(restarts);
        rows.calls.extend(self.calls[still.calls.clone()].iter().map(|call| call.counts));
        rows.services.push(Row {
            count: still.count,
            calls: still.calls.len() as u32,
            slots: restarts.len() as u32,
            workers: f64::from(service.spec.concurrency),
            file_limit: f64::from(service.spec.file_limit),
            memory_limit: still.memory_limit,
            lead: Lead::default(),
            tally: [0.0; 3],
            weight: 0.0,
            law: Latency::default(),
            log: (0.0, 0.0),
        });
        self.report(position);
    }

    /// Tells a scrape of what a service does.
    fn report(&mut self, position: usize) {
        let (still, answer) = (&self.stills[position], &self.answers[position]);
        let (row, tally) = (&mut self.rows.services[still.row], &still.tally);
        row.lead = still.lead;
        row.tally = [tally.requests, tally.failed, tally.seconds];
        (row.weight, row.law, row.log) = (answer.weight, answer.law, answer.log);
        let calls = &self.calls[still.calls.clone()];
        let counts = &mut self.rows.calls[still.first..still.first + calls.len()];
        counts.iter_mut().zip(calls).for_each(|(counts, call)| *counts = call.counts);
    }

    /// Gives a service its numbers.
    pub(super) fn show(&self, position: usize, service: &mut Service) {
        let (still, answer) = (&self.stills[position], &self.answers[position]);
        let (flow, lead) = (&mut service.flow, still.lead);
        (flow.arrived, flow.connections) = (still.flow.arrived, 0.0);
        (flow.refused, flow.shed) = (still.flow.refused, still.flow.shed);
        (flow.started, flow.capacity) = (still.flow.started, still.flow.capacity);
        (flow.failed, flow.repeat, flow.hold) = (still.flow.failed, answer.repeat, still.hold);
        flow.response.clear();
        flow.response.push((answer.weight, answer.law));
        service.tally = if self.seen { Tally::default() } else { still.tally.clone() };
        if let Some(replica) = service.lead_mut() {
            (replica.served, replica.backlog) = (lead.served, lead.backlog);
            (replica.memory_mib, replica.in_flight) = (lead.memory_mib, lead.in_flight);
            (replica.cpu, replica.collecting) = (lead.cpu, lead.collecting);
            replica.probe_wait = lead.probe_wait;
        }
        for (edge, call) in service.edges.iter_mut().zip(&self.calls[still.calls.clone()]) {
            edge.attempt_failure = call.attempt_failure;
            edge.attempt_repeat = call.attempt_repeat;
            (edge.failure, edge.repeat, edge.call) = (call.failure, call.repeat, call.call);
            (edge.sent, edge.demand, edge.pooled) = (call.demand, call.demand, call.pooled);
            let counts = if self.seen { [0.0; 3] } else { call.counts };
            [edge.attempts, edge.failed, edge.seconds] = counts;
        }
    }
}
