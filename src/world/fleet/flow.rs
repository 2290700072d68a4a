//! Traffic of one tick: requests flow from callers to callees, times and failures flow back.
//!
//! In: requests per second at the entry, the state of all replicas. Out: each service's `Flow`.
//! Forward pass: each ready replica gets its share, takes up what it can (`work.rs`), queues the
//! rest as a fluid and sheds what its line cannot hold; retries follow last tick's failures.
//! Backward pass: time-outs, failures and held workers, callees first; a worker is held while it
//! waits for a callee, so a slow callee fills its callers. Known limit: within one tick the state
//! is steady, and a caller that gave up still costs its callee work.

use crate::unit::SimTime;

use super::Fleet;
use super::calls::{Caller, Fate, Retry, attempt, repeated, tries};
use super::circuit::passing;
use super::latency::{Latency, mixed};
use super::outbox::Outbox;
use super::replica::Phase;
use super::routes::Common;
use super::service::{Coming, Service};
use super::work::{Done, capacity, response};

/// How fast what a worker waits for follows the callee, per tick.
pub(super) const DAMPING: f64 = 0.5;

impl Fleet {
    /// Moves `dt` seconds of traffic; `rate` requests per second come to service `entry`.
    pub fn tick(&mut self, entry: usize, rate: f64, dt: f64, out: &mut Outbox) {
        assert!(rate >= 0.0 && dt > 0.0, "traffic is not negative and time goes on");
        self.stretch(dt);
        self.grant(out);
        self.entry = Some(entry);
        self.stillness.begin();
        self.coming.fill(Coming::default());
        self.coming[entry].requests = rate * dt;
        for position in 0..self.order.len() {
            let index = self.order[position];
            if let Some(still) = self.stillness.position(index) {
                self.stillness.forward(still, dt, &mut self.coming);
                continue;
            }
            self.take_in(index, dt, out.now);
            self.call_on(index, dt);
        }
        self.at_rest = true;
        for position in (0..self.order.len()).rev() {
            let index = self.order[position];
            if let Some(still) = self.stillness.position(index) {
                let calm = self.stillness.backward(still, dt, &mut self.services);
                self.resting[index] = calm;
                self.at_rest = self.at_rest && calm;
                continue;
            }
            self.answer(index, dt, out.now);
            self.services[index].add_up();
            self.rest(index, dt, out.now);
        }
        if !self.at_rest {
            self.stir();
        }
        for index in 0..self.services.len() {
            if self.resting[index] {
                continue;
            }
            self.age(index, dt, out);
            self.switch_circuits(index, out.now);
            self.renew(index, out.now);
            self.probe(index, dt, out);
            self.autoscale(index, dt, out);
            self.reconcile(index, out);
            self.at_rest = self.at_rest && self.services[index].is_calm(out.now);
        }
        self.press(dt, out);
    }

    /// Forward: queue, start, shed.
    fn take_in(&mut self, index: usize, dt: f64, now: SimTime) {
        let service = &mut self.services[index];
        service.flow.begin(self.coming[index]);
        let (arrived, hold) = (service.flow.arrived, service.flow.hold);
        service.flow.lost = std::mem::take(&mut service.dying.queued);
        service.flow.shed = arrived * service.shed_share;
        let coming = arrived - service.flow.shed;
        service.flow.refused = coming * service.turned_away();
        let coming = coming - service.flow.refused;
        let (ready, weight) = service
            .numbers()
            .filter(|r| r.phase == Phase::Ready)
            .fold((0.0, 0.0), |(n, sum), r| (n + 1.0, sum + r.weight));
        // If all zones are to be avoided, there is nowhere better to send requests.
        let (share, even) = if weight > 0.0 { (coming / weight, false) } else { (0.0, true) };
        let share = if even && ready > 0.0 { coming / ready } else { share };
        if ready == 0.0 {
            service.flow.refused += coming;
        }
        let mut like = None;
        let (slots, times) = service.worked_out();
        for slot in slots {
            let Some(replica) = &service.slots[slot] else { continue };
            let weight = if even { 1.0 } else { replica.weight };
            let mut sent = if replica.phase == Phase::Ready { share * weight } else { 0.0 };
            if replica.dark && replica.phase == Phase::Ready {
                service.flow.dark += sent;
            }
            if !replica.runs() {
                continue;
            }
            let dead = service.shows_dead_certificate(replica, now);
            let unsafe_to_ask = if dead { std::mem::take(&mut sent) } else { 0.0 };
            let work = service.work_like(slot, (now, dt), &mut like).expect("it runs");
            let admitted = sent * work.accepts;
            let capacity = capacity(&work, hold.mean, dt);
            let replica = service.slots[slot].as_mut().expect("work is done by a replica");
            let waiting = replica.backlog + admitted;
            replica.served = waiting.min(capacity);
            let rest = waiting - replica.served;
            replica.backlog = rest.min(f64::from(service.spec.queue_limit));
            for _ in 0..times {
                service.flow.refused += unsafe_to_ask;
                service.flow.refused += sent - admitted;
                service.flow.shed += rest - replica.backlog;
                service.flow.started += replica.served;
                service.flow.capacity += capacity;
            }
        }
        service.warm_cache(now);
    }

    /// Forward: the calls that the started requests make, retries included.
    fn call_on(&mut self, index: usize, dt: f64) {
        let started = self.services[index].flow.started;
        for e in 0..self.services[index].edges.len() {
            let made = self.made(index, e);
            if self.services[index].edges[e].via.is_some() {
                self.deliver(index, e, started, dt);
                continue;
            }
            let connections = self.connections(index, e);
            let service = &mut self.services[index];
            let (edge, call) = (&mut service.edges[e], &service.spec.calls[e]);
            let retry = Retry::of(call);
            edge.made = made;
            let calls = started * call.per_request * made * passing(edge.circuit);
            edge.demand = calls * tries(edge.attempt_failure, edge.attempt_repeat, retry).mean;
            edge.sent = edge.demand * edge.pass * edge.passage.reaching();
            edge.attempts += edge.demand;
            let (callee, sent) = (edge.callee, edge.sent);
            self.coming[callee].requests += sent;
            self.coming[callee].connections += connections;
        }
    }

    /// Backward: what callees do to this service, and what it does to its callers.
    fn answer(&mut self, index: usize, dt: f64, now: SimTime) {
        let mut down = Latency::default();
        let mut fate = Fate::default();
        let ready = f64::from(self.services[index].ready()).max(1.0);
        let caller = Caller { per_second: 1.0 / (ready * dt), leaked: self.leaked(index) };
        for e in 0..self.services[index].edges.len() {
            let passage = self.passage(index, e, now);
            let service = &self.services[index];
            let callee = &self.services[service.edges[e].callee];
            let repeat = callee.flow.repeat;
            let attempt = attempt(&service.spec.calls[e], callee, &passage);
            let service = &mut self.services[index];
            let (edge, call) = (&mut service.edges[e], &service.spec.calls[e]);
            edge.passage = passage;
            edge.settle(attempt, repeat, call, &caller);
            let n = call.per_request * edge.made;
            if call.via.is_none() {
                down = down.plus(repeated(edge.call, n));
                if !call.optional {
                    fate.add(edge, n);
                }
            }
            self.take_back(index, e);
        }
        let service = &mut self.services[index];
        if !service.routes.is_empty() {
            fate.fine = service.routes.call(&service.edges, &service.spec);
        }
        service.respond(down, &fate, dt, now);
    }
}

/// The probability that a failed request fails again when it is sent anew, if the share `p` fails.
pub(super) fn again(p: f64, fate: &Fate) -> f64 {
    let alone = (p - fate.failing).max(0.0);
    let again = fate.again + alone * p;
    (again / (fate.failing + alone).max(1e-12)).clamp(p, 1.0)
}

impl Service {
    /// Response times and failures of this tick, once the callees have answered.
    fn respond(&mut self, down: Latency, fate: &Fate, dt: f64, now: SimTime) {
        let callee_failure = 1.0 - fate.fine;
        let hold = &mut self.flow.hold;
        hold.mean += DAMPING * (down.mean - hold.mean);
        hold.variance += DAMPING * (down.variance - hold.variance);
        let mut last: Option<(Done, Latency, f64)> = None;
        let mut like = None;
        let (slots, times) = self.worked_out();
        for slot in slots {
            let Some(work) = self.work_like(slot, (now, dt), &mut like) else { continue };
            let replica = self.slots[slot].as_mut().expect("work is done by a replica");
            let served = replica.served;
            // Replicas of one service are mostly alike: what was computed for one holds for all.
            let done = Done { served, backlog: replica.backlog, work };
            let (law, wait) = match &last {
                Some((same, law, wait)) if *same == done => (*law, *wait),
                _ => response(self.spec.service_time_cv, &done, self.flow.hold, dt),
            };
            let busy = done.busy(wait, self.flow.hold, dt);
            (replica.probe_wait, replica.in_flight) = (busy.probe_wait, busy.in_flight);
            (replica.cpu, replica.collecting) = (busy.cpu, done.work.gc.share);
            last = Some((done, law, wait));
            for _ in 0..times {
                self.flow.failed += served * self.reply(slot, &done, law, down, callee_failure);
            }
        }
        let working = std::mem::take(&mut self.dying.working);
        self.flow.failed = (self.flow.failed + working).min(self.flow.started);
        self.tally.callee_failed += self.flow.started * callee_failure;
        self.flow.repeat = again(self.flow.failure(), fate);
    }

    /// Notes how one replica answered what it served; returns the share that failed.
    fn reply(&mut self, slot: usize, done: &Done, law: Latency, down: Latency, below: f64) -> f64 {
        let (served, work) = (done.served, done.work);
        if self.routes.is_empty() {
            match self.flow.response.last_mut() {
                Some((weight, same)) if *same == law => *weight += served,
                _ => self.flow.response.push((served, law)),
            }
            return 1.0 - (1.0 - work.errors) * (1.0 - below);
        }
        let replica = self.slots[slot].as_ref().expect("work is done by a replica");
        let on = |name: &str| self.flags.get(name).copied().unwrap_or(false);
        self.routes.pull(self.effects.values().filter(|e| e.reaches(replica, slot, on)));
        let (hold, cv) = (self.flow.hold, self.spec.service_time_cv);
        let common = Common { served, work, law, hold, down, cv };
        self.routes.answer(&common, &mut self.flow.response)
    }

    fn add_up(&mut self) {
        let (flow, tally) = (&self.flow, &mut self.tally);
        let reached = flow.arrived - flow.refused;
        tally.requests += reached;
        tally.refused += flow.refused;
        tally.shed += flow.shed;
        tally.failed += flow.shed + flow.dark + flow.lost + flow.failed;
        tally.seconds += mixed(&flow.response).mean * reached;
        let lost = flow.shed + flow.dark + flow.lost;
        self.routes.add_up(reached, flow.started, lost);
    }
}
