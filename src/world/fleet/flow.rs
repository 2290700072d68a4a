//! Traffic of one tick: requests flow from callers to callees, times and failures flow back.
//!
//! In: requests per second at the entry, the state of all replicas. Out: each service's `Flow`.
//! Forward pass: each ready replica gets an equal share, takes up what its workers and its
//! processor can, queues the rest as a fluid and sheds what its line cannot hold; retries follow
//! last tick's failures. Backward pass: time-outs, failures and held workers, callees first; a
//! worker is held while it waits for a callee, so a slow callee fills its callers. Processor
//! sharing stretches computing by 1 / (1 - load) (Kleinrock 1967). Known limit: within one tick
//! the state is steady, and a caller that gave up still costs its callee work.

use crate::stats::queueing::{erlang_c, wait_if_waiting};
use crate::unit::SimTime;

use super::Fleet;
use super::calls::{Fate, attempts, edge_result, repeated};
use super::circuit::passing;
use super::latency::{Latency, mixed};
use super::memory::{Collection, collection};
use super::outbox::{Life, Outbox};
use super::replica::{Death, Phase, Replica};
use super::service::{Flow, Service};
use super::spec::ServiceSpec;

/// Highest load at which the steady-state formulas are believed.
const STEADY: f64 = 0.98;
/// How fast what a worker waits for follows the callee, per tick.
const DAMPING: f64 = 0.5;

/// What one replica needs for a request in this tick.
struct Work {
    /// Own work, seconds.
    own: f64,
    /// Computing in it, seconds of one processor.
    computing: f64,
    /// Collector pauses.
    gc: Collection,
    /// Share of requests that fail by themselves.
    errors: f64,
}

impl Fleet {
    /// Moves `dt` seconds of traffic; `rate` requests per second come to service `entry`.
    pub fn tick(&mut self, entry: usize, rate: f64, dt: f64, out: &mut Outbox) {
        assert!(rate >= 0.0 && dt > 0.0, "traffic is not negative and time goes on");
        for service in &mut self.services {
            service.flow.arrived = 0.0;
        }
        self.services[entry].flow.arrived = rate * dt;
        for position in 0..self.order.len() {
            let index = self.order[position];
            self.take_in(index, dt, out.now);
            self.call_on(index);
        }
        for position in (0..self.order.len()).rev() {
            self.answer(self.order[position], dt, out.now);
        }
        for index in 0..self.services.len() {
            self.services[index].add_up();
            self.age(index, dt, out);
            self.switch_circuits(index, out.now);
            self.reconcile(index, out);
        }
    }

    /// Forward: queue, start, shed.
    fn take_in(&mut self, index: usize, dt: f64, now: SimTime) {
        let service = &mut self.services[index];
        let arrived = service.flow.arrived;
        let hold = service.flow.hold.mean;
        let ready = f64::from(service.ready());
        let old = std::mem::take(&mut service.flow);
        service.flow = Flow { arrived, hold: old.hold, response: old.response, ..Flow::default() };
        service.flow.response.clear();
        service.flow.lost = std::mem::take(&mut service.dying.queued);
        if ready == 0.0 || service.certificate_dead(now) {
            service.flow.refused = arrived;
        }
        let share = (arrived - service.flow.refused) / ready.max(1.0);
        for slot in 0..service.slots.len() {
            let Some(work) = service.work(slot, now, dt) else { continue };
            let replica = service.slots[slot].as_mut().expect("work is done by a replica");
            let spec = &service.spec;
            let capacity = capacity(spec, &work, hold, dt);
            let waiting = replica.backlog + share;
            replica.served = waiting.min(capacity);
            let rest = waiting - replica.served;
            replica.backlog = rest.min(f64::from(spec.queue_limit));
            service.flow.shed += rest - replica.backlog;
            service.flow.started += replica.served;
        }
    }

    /// Forward: the calls that the started requests make, retries included.
    fn call_on(&mut self, index: usize) {
        let started = self.services[index].flow.started;
        for e in 0..self.services[index].edges.len() {
            let service = &mut self.services[index];
            let (edge, call) = (&mut service.edges[e], &service.spec.calls[e]);
            let calls = started * call.per_request * passing(edge.circuit);
            let attempts =
                calls * attempts(edge.attempt_failure, edge.attempt_repeat, call.retries).0;
            edge.sent = attempts;
            edge.attempts += attempts;
            let callee = edge.callee;
            self.services[callee].flow.arrived += attempts;
        }
    }

    /// Backward: what callees do to this service, and what it does to its callers.
    fn answer(&mut self, index: usize, dt: f64, now: SimTime) {
        let mut down = Latency::default();
        let mut fate = Fate::default();
        for e in 0..self.services[index].edges.len() {
            let callee = &self.services[self.services[index].edges[e].callee];
            let call = &self.services[index].spec.calls[e];
            let result = edge_result(&self.services[index].edges[e], call, callee);
            down = down.plus(repeated(result.call, call.per_request));
            if !call.optional {
                fate.add(&result, call.per_request);
            }
            self.services[index].edges[e] = result;
        }
        self.services[index].respond(down, &fate, dt, now);
    }

    /// Memory grows; what reaches its limit is killed.
    fn age(&mut self, index: usize, dt: f64, out: &mut Outbox) {
        let service = &mut self.services[index];
        if service.spec.external {
            return;
        }
        let mut dead = Vec::new();
        for slot in 0..service.slots.len() {
            let Some(version) = service.serving(slot).map(|r| r.template.version.clone()) else {
                continue;
            };
            let effect = service.effect(&version);
            let base = service.spec.memory_base_mib;
            let per_request = service.spec.memory_per_request_mib;
            let replica = service.slots[slot].as_mut().expect("it serves");
            let leak = effect.leak_mib_per_minute * dt / 60.0
                + effect.leak_mib_per_1000_requests * replica.served / 1000.0;
            replica.leaked_mib += leak * replica.pace;
            replica.memory_mib = base + per_request * replica.in_flight + replica.leaked_mib;
            let (used, limits) = (replica.memory_mib, replica.template.limits);
            let container = replica.container;
            if used >= service.memory_limit(limits) {
                dead.push(Life { service: index, slot, container });
            }
        }
        for life in dead {
            self.die(life, Death::OutOfMemory, out);
        }
    }
}

impl Service {
    fn serving(&self, slot: usize) -> Option<&Replica> {
        self.slots[slot].as_ref().filter(|replica| replica.phase == Phase::Ready)
    }

    /// What a request costs on this replica now; `None` if it does not serve.
    fn work(&self, slot: usize, now: SimTime, dt: f64) -> Option<Work> {
        let replica = self.serving(slot)?;
        let effect = self.effect(&replica.template.version);
        let limit = self.memory_limit(replica.template.limits);
        let gc = collection(self.spec.runtime, replica.memory_mib, limit);
        let age = now.since(replica.ready_since).secs_f64();
        let cold = (1.0 - age / self.spec.warm_up.secs_f64().max(1e-9)).clamp(0.0, 1.0);
        let plain = self.spec.service_time.secs_f64() * effect.slow * (1.0 + cold);
        let computing = plain * self.spec.cpu_share.get() / (1.0 - gc.share);
        let cores = self.cores(replica, effect.stolen_cpu);
        let load = (replica.served * computing / (cores * dt)).min(STEADY);
        // At most all workers share the processor.
        let crowd = (f64::from(self.spec.concurrency) / cores).max(1.0);
        let stretched = computing * (1.0 / (1.0 - load)).min(crowd);
        let waiting = plain * (1.0 - self.spec.cpu_share.get()) / (1.0 - gc.share);
        let own_errors = self.spec.error_ratio.get();
        let errors = 1.0 - (1.0 - own_errors) * (1.0 - effect.errors);
        Some(Work { own: waiting + stretched, computing: computing / cores, gc, errors })
    }

    fn cores(&self, replica: &Replica, stolen: f64) -> f64 {
        (self.spec.cpu_cores * replica.template.limits * (1.0 - stolen)).max(1e-3)
    }

    /// Response times and failures of this tick, once the callees have answered.
    fn respond(&mut self, down: Latency, fate: &Fate, dt: f64, now: SimTime) {
        let callee_failure = 1.0 - fate.fine;
        let hold = &mut self.flow.hold;
        hold.mean += DAMPING * (down.mean - hold.mean);
        hold.variance += DAMPING * (down.variance - hold.variance);
        for slot in 0..self.slots.len() {
            let Some(work) = self.work(slot, now, dt) else { continue };
            let replica = self.slots[slot].as_mut().expect("work is done by a replica");
            let failed = 1.0 - (1.0 - work.errors) * (1.0 - callee_failure);
            let served = replica.served;
            self.flow.failed += served * failed;
            let law = response(&self.spec, replica, &work, self.flow.hold, dt);
            replica.in_flight = replica.backlog + served / dt * (work.own + self.flow.hold.mean);
            replica.cpu = (served * work.computing / dt + work.gc.share).min(1.0);
            replica.collecting = work.gc.share;
            self.flow.response.push((served, law));
        }
        let working = std::mem::take(&mut self.dying.working);
        self.flow.failed = (self.flow.failed + working).min(self.flow.started);
        self.tally.callee_failed += self.flow.started * callee_failure;
        let p = self.flow.failure();
        let alone = (p - fate.failing).max(0.0);
        let again = fate.again + alone * p;
        self.flow.repeat = (again / (fate.failing + alone).max(1e-12)).clamp(p, 1.0);
    }

    fn add_up(&mut self) {
        let (flow, tally) = (&self.flow, &mut self.tally);
        tally.requests += flow.arrived - flow.refused;
        tally.refused += flow.refused;
        tally.shed += flow.shed;
        tally.failed += flow.shed + flow.lost + flow.failed;
        tally.seconds += mixed(&flow.response).mean * (flow.arrived - flow.refused);
    }
}

/// Requests that a replica can take up in this tick.
fn capacity(spec: &ServiceSpec, work: &Work, hold: f64, dt: f64) -> f64 {
    let workers = f64::from(spec.concurrency) * dt / (work.own + hold).max(1e-6);
    let processor = dt / work.computing.max(1e-9);
    workers.min(processor)
}

/// The law of the response time on one replica: line, backlog, own work, pauses, callees.
fn response(spec: &ServiceSpec, replica: &Replica, work: &Work, hold: Latency, dt: f64) -> Latency {
    let own = Latency { mean: work.own, variance: (work.own * spec.service_time_cv).powi(2) };
    let pause = Latency { mean: 0.0, variance: work.gc.share * work.gc.pause.powi(2) / 3.0 };
    let held = own.plus(pause).plus(hold);
    let workers = spec.concurrency;
    let offered = (replica.served / dt * held.mean).min(STEADY * f64::from(workers));
    let cv2 = held.variance / (held.mean * held.mean).max(1e-12);
    let must_wait = erlang_c(workers, offered);
    let wait = wait_if_waiting(workers, offered, held.mean, 1.0, cv2);
    let mean = must_wait * wait;
    let line = Latency { mean, variance: 2.0 * must_wait * wait * wait - mean * mean };
    let rate = capacity(spec, work, hold.mean, dt) / dt;
    let backlog = Latency { mean: replica.backlog / rate, variance: 0.0 };
    held.plus(line).plus(backlog)
}
