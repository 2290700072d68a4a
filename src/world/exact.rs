//! A request-level simulation of a fleet: every request is an event chain, nothing is a formula.
//!
//! The yardstick for the flow model (`fleet/flow.rs`): the same spec, arrivals one by one, workers
//! that are held, first-come-first-served lines with a bound, processors shared among what
//! computes, time-outs that free the caller but not the callee, retries. Runs on the kernel's
//! queue and streams; used by tests and by `validate-fleet-model`, never by a trial. Known limit:
//! replicas do not die; no pools, brokers, caches or garbage collection.

mod machine;

use std::collections::BTreeMap;

use rand_distr::{Distribution, Exp1, LogNormal};

use crate::kernel::{EventKey, Queue, Stream, Streams};
use crate::unit::{SimDuration, SimTime};
use crate::world::fleet::{FleetSpec, ServiceSpec};
use machine::{Job, Machine};

/// What is simulated.
pub struct Run<'a> {
    /// The fleet.
    pub fleet: &'a FleetSpec,
    /// The service where requests enter.
    pub entry: &'a str,
    /// Requests per second at a time in seconds.
    pub rate: &'a dyn Fn(f64) -> f64,
    /// How many times as long own work of a service takes at a time in seconds.
    pub slow: &'a dyn Fn(&str, f64) -> f64,
    /// How long users wait, seconds.
    pub patience: f64,
    /// How long it runs, seconds.
    pub seconds: u32,
    /// Seed of all chance.
    pub seed: u64,
}

/// What users saw in one second, by the time at which they asked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Second {
    /// Requests.
    pub asked: u32,
    /// Good answers within the users' patience.
    pub good: u32,
    /// Response times of requests that were not turned away, seconds.
    pub times: Vec<f64>,
}

enum Happening {
    /// A user asks.
    User,
    /// A request has done the waiting part of its own work.
    Waited(u64),
    /// The next one at a machine has done its computing.
    Computed(usize, usize),
    /// The caller of a request gives up.
    TimedOut(u64),
}

/// One request at one service.
struct Request {
    service: usize,
    machine: usize,
    born: SimTime,
    /// The request that waits for it; `None`: a user, or nobody any more.
    parent: Option<u64>,
    user: bool,
    timer: Option<EventKey>,
    /// Computing to do, seconds.
    computing: f64,
    /// Calls still to be made: edge, calls left, attempts left of the current one.
    edge: usize,
    calls: u32,
    attempts: u32,
    failed: bool,
}

struct World<'a> {
    run: &'a Run<'a>,
    names: Vec<&'a str>,
    specs: Vec<&'a ServiceSpec>,
    callees: Vec<Vec<usize>>,
    machines: Vec<Vec<Machine>>,
    requests: BTreeMap<u64, Request>,
    next: u64,
    queue: Queue<Happening>,
    chance: Stream,
    seconds: Vec<Second>,
}

/// Simulates `run`. Panics if the spec was not checked.
#[must_use]
pub fn simulate(run: &Run<'_>) -> Vec<Second> {
    let names: Vec<&str> = run.fleet.services.keys().map(String::as_str).collect();
    let specs: Vec<&ServiceSpec> = run.fleet.services.values().collect();
    let index = |name: &str| names.binary_search(&name).expect("the spec was checked");
    let callees = specs.iter().map(|s| s.calls.iter().map(|c| index(&c.to)).collect()).collect();
    let machines = specs
        .iter()
        .map(|s| (0..s.replicas).map(|_| Machine::new(s)).collect::<Vec<_>>())
        .collect();
    let mut world = World {
        run,
        callees,
        machines,
        requests: BTreeMap::new(),
        next: 0,
        queue: Queue::new(SimTime::default(), u64::MAX),
        chance: Streams::new(run.seed).stream("exact"),
        seconds: vec![Second::default(); run.seconds as usize],
        names,
        specs,
    };
    world.queue.schedule(SimTime::default(), 0, Happening::User);
    let end = SimTime::from_secs(i64::from(run.seconds));
    while let Ok(Some((now, happening))) = world.queue.pop_until(end) {
        world.handle(now, happening);
    }
    world.seconds
}

fn seconds(time: SimTime) -> f64 {
    time.nanos() as f64 / 1e9
}

impl World<'_> {
    fn handle(&mut self, now: SimTime, happening: Happening) {
        match happening {
            Happening::User => {
                let rate = (self.run.rate)(seconds(now)).max(1e-9);
                let gap: f64 = Exp1.sample(&mut self.chance);
                let next = now + SimDuration::from_secs_f64((gap / rate).min(1e6));
                self.queue.schedule(next, 0, Happening::User);
                let entry = self.names.binary_search(&self.run.entry).expect("checked");
                if let Some(second) = self.seconds.get_mut(seconds(now) as usize) {
                    second.asked += 1;
                }
                self.arrive(now, entry, None, None);
            }
            Happening::Waited(id) => self.compute(now, id),
            Happening::Computed(service, machine) => {
                for id in self.machines[service][machine].computed(seconds(now)) {
                    self.call_on(now, id);
                }
                self.watch(now, service, machine);
            }
            Happening::TimedOut(id) => {
                let Some(request) = self.requests.get_mut(&id) else { return };
                request.timer = None;
                if let Some(parent) = request.parent.take() {
                    self.answered(now, parent, false);
                }
            }
        }
    }

    fn arrive(
        &mut self,
        now: SimTime,
        service: usize,
        parent: Option<u64>,
        timeout: Option<SimDuration>,
    ) {
        let id = self.next;
        self.next += 1;
        let machine = (self.uniform() * self.machines[service].len() as f64) as usize;
        let spec = self.specs[service];
        let timer = timeout.map(|t| self.queue.schedule(now + t, 1, Happening::TimedOut(id)));
        let request = Request {
            service,
            machine,
            born: now,
            user: parent.is_none(),
            parent,
            timer,
            computing: 0.0,
            edge: 0,
            calls: 0,
            attempts: 0,
            failed: self.uniform() < spec.error_ratio.get(),
        };
        self.requests.insert(id, request);
        let place = &mut self.machines[service][machine];
        if place.busy < place.workers {
            self.begin(now, id);
        } else if place.line.len() < spec.queue_limit as usize {
            place.line.push_back(id);
        } else {
            self.finish(now, id, true);
        }
    }

    fn begin(&mut self, now: SimTime, id: u64) {
        let request = &self.requests[&id];
        let (service, machine) = (request.service, request.machine);
        self.machines[service][machine].busy += 1;
        let spec = self.specs[service];
        let slow = (self.run.slow)(self.names[service], seconds(now));
        let own = self.draw(spec.service_time.secs_f64() * slow, spec.service_time_cv);
        let computing = own * spec.cpu_share.get();
        let request = self.requests.get_mut(&id).expect("it began");
        request.computing = computing;
        let wait = SimDuration::from_secs_f64(own - computing);
        self.queue.schedule(now + wait, 0, Happening::Waited(id));
    }

    fn compute(&mut self, now: SimTime, id: u64) {
        let request = &self.requests[&id];
        let (service, machine, work) = (request.service, request.machine, request.computing);
        if work <= 0.0 {
            self.call_on(now, id);
            return;
        }
        self.machines[service][machine].compute(seconds(now), Job { id, work });
        self.watch(now, service, machine);
    }

    /// Waits for the next job at a machine to be computed.
    fn watch(&mut self, now: SimTime, service: usize, machine: usize) {
        let place = &mut self.machines[service][machine];
        if let Some(key) = place.watched.take().filter(|(at, _)| *at > now) {
            self.queue.cancel(key.1);
        }
        if let Some(left) = place.next() {
            let at = now + SimDuration::from_secs_f64(left) + SimDuration::from_nanos(1);
            let key = self.queue.schedule(at, 0, Happening::Computed(service, machine));
            place.watched = Some((at, key));
        }
    }

    /// Own work is done; now the calls, one after the other.
    fn call_on(&mut self, now: SimTime, id: u64) {
        self.requests.get_mut(&id).expect("it computed").edge = 0;
        self.next_edge(now, id);
    }

    fn next_edge(&mut self, now: SimTime, id: u64) {
        loop {
            let request = &self.requests[&id];
            let (service, edge) = (request.service, request.edge);
            let Some(call) = self.specs[service].calls.get(edge) else {
                self.finish(now, id, false);
                return;
            };
            let extra = u32::from(self.uniform() < call.per_request.fract());
            let calls = call.per_request.trunc() as u32 + extra;
            let request = self.requests.get_mut(&id).expect("it calls");
            request.edge += 1;
            request.calls = calls;
            request.attempts = call.retries;
            if calls > 0 {
                let callee = self.callees[service][edge];
                self.arrive(now, callee, Some(id), Some(call.timeout));
                return;
            }
        }
    }

    /// A callee answered the request, or its time ran out.
    fn answered(&mut self, now: SimTime, id: u64, good: bool) {
        let request = self.requests.get_mut(&id).expect("whoever waits is there");
        let (service, edge) = (request.service, request.edge - 1);
        let call = &self.specs[service].calls[edge];
        if !good && request.attempts > 0 {
            request.attempts -= 1;
        } else {
            request.failed |= !good && !call.optional;
            request.calls -= 1;
            request.attempts = call.retries;
            if request.calls == 0 {
                self.next_edge(now, id);
                return;
            }
        }
        self.arrive(now, self.callees[service][edge], Some(id), Some(call.timeout));
    }

    fn finish(&mut self, now: SimTime, id: u64, shed: bool) {
        let request = self.requests.remove(&id).expect("a request ends once");
        if let Some(timer) = request.timer {
            self.queue.cancel(timer);
        }
        let took = now.since(request.born).secs_f64();
        let good = !request.failed && !shed;
        if request.user
            && let Some(second) = self.seconds.get_mut(seconds(request.born) as usize)
        {
            second.good += u32::from(good && took <= self.run.patience);
            if !shed {
                second.times.push(took);
            }
        }
        if !shed {
            let place = &mut self.machines[request.service][request.machine];
            place.busy -= 1;
            if let Some(next) = place.line.pop_front() {
                self.begin(now, next);
            }
        }
        if let Some(parent) = request.parent {
            self.answered(now, parent, good);
        }
    }

    fn uniform(&mut self) -> f64 {
        rand_distr::StandardUniform.sample(&mut self.chance)
    }

    /// A time with this mean and coefficient of variation, lognormal.
    fn draw(&mut self, mean: f64, cv: f64) -> f64 {
        match LogNormal::from_mean_cv(mean, cv) {
            Ok(law) if cv > 0.0 => law.sample(&mut self.chance),
            _ => mean,
        }
    }
}
