//! A tick of plain services at rest: what `flow.rs` does to them, on numbers that lie together.
//!
//! In: what comes to a service, what its callees answered. Out: what it sends them, what its
//! callers see, what a scrape will read. The formulas are those of `calls.rs` and `work.rs`; sums
//! over replicas add the lead's part once for each, so that every digit is that of `flow.rs`.

use super::super::call_effect::Passage;
use super::super::calls::{Attempt, Fate, Reception, Served, attempt, repeated};
use super::super::calm::ROOMY;
use super::super::flow::{DAMPING, again};
use super::super::latency::{Latency, mixed};
use super::super::memory::collection;
use super::super::service::{Coming, Flow, Service};
use super::super::work::{Done, accepts, capacity, response};
use super::{Answer, Still, StillCall, StillFlow, Stillness};

/// What the calls of a service came to in a tick.
struct Calls {
    down: Latency,
    fate: Fate,
}

impl Stillness {
    /// Forward: queue, start, call.
    pub(in super::super) fn forward(&mut self, position: usize, dt: f64, coming: &mut [Coming]) {
        let still = &mut self.stills[position];
        still.take_in(coming[still.index].requests, dt);
        for call in &mut self.calls[still.calls.clone()] {
            call.demand = still.flow.started * call.per_request * call.tries;
            call.counts[0] += call.demand;
            coming[call.callee].requests += call.demand;
        }
    }

    /// Backward: callees answer, and so does the service; `false` if it is no longer at rest.
    pub(in super::super) fn backward(
        &mut self,
        position: usize,
        dt: f64,
        services: &mut [Service],
    ) -> bool {
        let calls = self.settle(position, dt, services);
        let still = &mut self.stills[position];
        let answer = still.respond(&calls, dt);
        self.answers[position] = answer;
        self.report(position);
        let still = &self.stills[position];
        if still.shown {
            let index = still.index;
            self.show(position, &mut services[index]);
        }
        self.stills[position].is_calm()
    }

    fn settle(&mut self, position: usize, dt: f64, services: &[Service]) -> Calls {
        let (still, positions, answers) =
            (&self.stills[position], &self.positions, &mut self.answers);
        let per_second = 1.0 / (f64::from(still.count).max(1.0) * dt);
        let (mut down, mut fate) = (Latency::default(), Fate::default());
        for (e, call) in self.calls[still.calls.clone()].iter_mut().enumerate() {
            let (attempt, repeat) = match answers.get_mut(positions[call.callee] as usize) {
                Some(answer) => (answer.attempt(call.limit), answer.repeat),
                None => {
                    let callee = &services[call.callee];
                    let spec = &services[still.index].spec.calls[e];
                    (attempt(spec, callee, &Passage::default()), callee.flow.repeat)
                }
            };
            call.settle(attempt, repeat, per_second);
            down = down.plus(repeated(call.call, call.per_request));
            if !call.optional {
                fate.add_call(call.failure, call.repeat, call.per_request);
            }
        }
        Calls { down, fate }
    }
}

impl StillCall {
    fn settle(&mut self, attempt: Attempt, repeat: f64, per_second: f64) {
        let settled = attempt.settled(repeat, self.retry, 1.0);
        self.pooled = self.demand * per_second * attempt.mean;
        self.counts[1] += self.demand * settled.attempt_failure;
        self.counts[2] += self.demand * attempt.mean;
        self.attempt_failure = settled.attempt_failure;
        self.attempt_repeat = settled.attempt_repeat;
        self.tries = settled.tries;
        (self.failure, self.repeat, self.call) = (settled.failure, settled.repeat, settled.call);
    }
}

impl Still {
    /// The lead gets its share, takes up what it can, queues and sheds the rest.
    fn take_in(&mut self, arrived: f64, dt: f64) {
        let (lead, flow) = (&mut self.lead, &mut self.flow);
        *flow = StillFlow { arrived, ..StillFlow::default() };
        let sent = arrived / f64::from(self.count);
        self.gc = collection(self.runtime, lead.memory_mib, self.memory_limit);
        self.files = accepts(self.spare_files, lead.in_flight);
        let work = self.terms.work(lead.served, self.gc, self.files, dt);
        let admitted = sent * work.accepts;
        let capacity = capacity(&work, self.hold.mean, dt);
        let waiting = lead.backlog + admitted;
        lead.served = waiting.min(capacity);
        let rest = waiting - lead.served;
        lead.backlog = rest.min(self.queue_limit);
        for _ in 0..self.count {
            flow.refused += sent - admitted;
            flow.shed += rest - lead.backlog;
            flow.started += lead.served;
            flow.capacity += capacity;
        }
    }

    /// Response times and failures of this tick, once the callees have answered.
    fn respond(&mut self, calls: &Calls, dt: f64) -> Answer {
        let below = 1.0 - calls.fate.fine;
        self.hold.mean += DAMPING * (calls.down.mean - self.hold.mean);
        self.hold.variance += DAMPING * (calls.down.variance - self.hold.variance);
        let (lead, flow, tally) = (&mut self.lead, &mut self.flow, &mut self.tally);
        let work = self.terms.work(lead.served, self.gc, self.files, dt);
        let done = Done { served: lead.served, backlog: lead.backlog, work };
        let (law, wait) = response(self.cv, &done, self.hold, dt);
        let busy = done.busy(wait, self.hold, dt);
        (lead.probe_wait, lead.in_flight) = (busy.probe_wait, busy.in_flight);
        (lead.cpu, lead.collecting) = (busy.cpu, work.gc.share);
        let failed = lead.served * (1.0 - (1.0 - work.errors) * (1.0 - below));
        let mut weight = lead.served;
        flow.failed = failed;
        for _ in 1..self.count {
            flow.failed += failed;
            weight += lead.served;
        }
        flow.failed = flow.failed.min(flow.started);
        tally.callee_failed += flow.started * below;
        let reached = flow.arrived - flow.refused;
        tally.requests += reached;
        tally.refused += flow.refused;
        tally.shed += flow.shed;
        tally.failed += flow.shed + flow.failed;
        tally.seconds += mixed(&[(weight, law)]).mean * reached;
        lead.memory_mib = self.memory_base + self.memory_per_request * lead.in_flight;
        Answer::new(weight, law, flow, &calls.fate)
    }

    /// Whether it has room for more, and its memory is not full.
    fn is_calm(&self) -> bool {
        let (flow, lead) = (&self.flow, &self.lead);
        lead.memory_mib < self.memory_limit
            && flow.started <= ROOMY * flow.capacity
            && flow.refused == 0.0
            && lead.backlog == 0.0
    }
}

impl Answer {
    fn new(weight: f64, law: Latency, flow: &StillFlow, fate: &Fate) -> Self {
        let StillFlow { arrived, refused, shed, failed, .. } = *flow;
        let all = refused + shed + failed;
        let failure = if arrived <= 0.0 { 0.0 } else { (all / arrived).min(1.0) };
        Self {
            weight,
            law,
            log: law.log_parameters(),
            reception: Reception::new(arrived, refused + shed, 0.0, failure),
            repeat: again(failure, fate),
            cut: (f64::NAN, Default::default()),
        }
    }

    /// The same from a service that is not still yet.
    pub(super) fn of(flow: &Flow) -> Self {
        let (weight, law) = flow.response.first().copied().unwrap_or_default();
        let reception = Reception::of(flow);
        let cut = (f64::NAN, Default::default());
        Self { weight, law, log: law.log_parameters(), reception, repeat: flow.repeat, cut }
    }

    /// An attempt with `limit` seconds to live.
    fn attempt(&mut self, limit: f64) -> Attempt {
        if self.cut.0 != limit {
            self.cut = (limit, self.law.capped_as(self.log, limit));
        }
        let mut served = Served::default();
        served.add(self.weight, self.cut.1);
        served.attempt(limit, &self.reception)
    }
}
