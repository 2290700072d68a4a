//! Operations of a service kept apart: what each waits for, how often each fails.
//!
//! In: shares, own work and calls of the spec's operations, what callees did in this tick, pulls of
//! faults on one operation. Out: per operation its failed share and the law of its response time;
//! the service's own are their mixture. They share replicas, workers and line, so what one does to
//! a replica hits all. Source: own; a class of customers each at one station (BCMP networks,
//! Baskett et al., JACM 22, 1975) under the fluid of `flow.rs`. Known limits: line and processor
//! see the mean request; which operation of a callee is called comes from the callee's own mix.

use crate::unit::Name;

use super::calls::{Fate, repeated};
use super::effect::Effect;
use super::latency::{Latency, Weighted, mixed};
use super::service::{Edge, Tally};
use super::spec::ServiceSpec;
use super::work::Work;

/// One operation of a service at run time.
#[derive(Debug)]
pub struct Route {
    /// Its name.
    pub name: Name,
    /// Its share of the service's requests, 0..=1.
    pub share: f64,
    /// Calls per request by position of the call.
    pub(super) calls: Vec<f64>,
    /// Own work / own work of the service's mean request.
    work: f64,
    /// Response times in the last tick, weighted by requests.
    pub(super) response: Vec<Weighted>,
    /// Share that failed by itself in the last tick, whatever callees did.
    pub(super) own_failure: f64,
    /// What happened since the last scrape.
    pub(super) tally: Tally,
    /// Standard deviation / mean of its own work.
    cv: f64,
    /// Time of its calls in this tick, and the share that none of them fails.
    pub(super) down: Latency,
    fine: f64,
    /// Failed requests of this tick.
    failed: f64,
    /// Pulls on it at the replica at hand, against those on the mean request.
    odds: Odds,
}

/// One operation against the mean request of its service.
#[derive(Debug, Clone, Copy)]
struct Odds {
    /// Share that succeeds / share of the mean request that does.
    fine: f64,
    /// Own work / what it would be without pulls on single operations.
    slow: f64,
}

const EVEN: Odds = Odds { fine: 1.0, slow: 1.0 };

/// The operations of a service; none if all its requests are of one kind.
#[derive(Debug, Default)]
pub struct Routes {
    all: Vec<Route>,
}

/// What replica, callees and line do to a request, whatever its operation.
pub(super) struct Common {
    pub(super) served: f64,
    pub(super) work: Work,
    /// The law of the mean request.
    pub(super) law: Latency,
    /// What workers are held for callees, smoothed, and in this tick.
    pub(super) hold: Latency,
    pub(super) down: Latency,
    /// Standard deviation / mean of the mean request's own work.
    pub(super) cv: f64,
}

impl Routes {
    /// The operations of a service that has not been folded.
    pub(super) fn of(spec: &ServiceSpec) -> Self {
        let all: f64 = spec.operations.values().map(|o| o.share).sum();
        let time = |own: Option<_>| own.unwrap_or(spec.service_time).secs_f64();
        let mean: f64 =
            spec.operations.values().map(|o| o.share / all * time(o.service_time)).sum();
        let route = |(name, operation): (&String, &super::OperationSpec)| Route {
            name: Name::from(name.as_str()),
            share: operation.share / all,
            calls: spec
                .calls
                .iter()
                .map(|c| c.per_request * operation.calls.get(&c.to).copied().unwrap_or(0.0))
                .collect(),
            work: time(operation.service_time) / mean,
            response: Vec::new(),
            own_failure: spec.error_ratio.get(),
            tally: Tally::default(),
            cv: spec.service_time_cv,
            down: Latency::default(),
            fine: 1.0,
            failed: 0.0,
            odds: EVEN,
        };
        Self { all: spec.operations.iter().map(route).collect() }
    }

    /// Whether there is but one kind of request.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// By name.
    pub fn iter(&self) -> std::slice::Iter<'_, Route> {
        self.all.iter()
    }

    pub(super) fn iter_mut(&mut self) -> std::slice::IterMut<'_, Route> {
        self.all.iter_mut()
    }

    /// The operation at a position.
    pub(super) fn get(&self, position: usize) -> Option<&Route> {
        self.all.get(position)
    }

    /// The operation into which a draw of 0..1 falls.
    pub(super) fn draw(&self, uniform: f64) -> usize {
        let mut sum = 0.0;
        let upto = |route: &Route| {
            sum += route.share;
            uniform < sum
        };
        self.all.iter().position(upto).unwrap_or(self.all.len().saturating_sub(1))
    }

    /// A pull on one operation as the service's mean request feels it.
    pub(super) fn diluted(&self, effect: &Effect) -> Effect {
        let hit = self.all.iter().find(|r| effect.operation.as_deref() == Some(r.name.as_str()));
        let (share, work) = hit.map_or((0.0, 0.0), |r| (r.share, r.share * r.work));
        Effect {
            errors: effect.errors * share,
            slow: 1.0 + (effect.slow - 1.0) * work,
            ..effect.clone()
        }
    }

    /// What the calls of each operation come to; returns the share of all requests that none fails.
    pub(super) fn call(&mut self, edges: &[Edge], spec: &ServiceSpec) -> f64 {
        for route in &mut self.all {
            let (mut down, mut fate) = (Latency::default(), Fate::default());
            for ((edge, call), n) in edges.iter().zip(&spec.calls).zip(&route.calls) {
                if call.via.is_some() {
                    continue;
                }
                down = down.plus(repeated(edge.call, n * edge.made));
                if !call.optional {
                    fate.add(edge, n * edge.made);
                }
            }
            (route.down, route.fine) = (down, fate.fine);
            (route.failed, route.own_failure) = (0.0, 0.0);
            route.response.clear();
        }
        self.all.iter().map(|route| route.share * route.fine).sum()
    }

    /// Notes what pulls on single operations at one replica; `effects` are those that reach it.
    pub(super) fn pull<'a>(&mut self, effects: impl Iterator<Item = &'a Effect>) {
        self.all.iter_mut().for_each(|route| route.odds = EVEN);
        for effect in effects.filter(|effect| effect.operation.is_some()) {
            let mean = self.diluted(effect);
            for route in &mut self.all {
                let hit = effect.operation.as_deref() == Some(route.name.as_str());
                let (errors, slow) = if hit { (effect.errors, effect.slow) } else { (0.0, 1.0) };
                route.odds.fine *= (1.0 - errors) / (1.0 - mean.errors).max(1e-9);
                route.odds.slow *= slow / mean.slow;
            }
        }
    }

    /// One replica answers its requests; returns the share that fails. Response times go to `all`.
    pub(super) fn answer(&mut self, common: &Common, all: &mut Vec<Weighted>) -> f64 {
        let Common { served, work, law, hold, down, cv } = common;
        let mut failing = 0.0;
        for route in &mut self.all {
            let fine = ((1.0 - work.errors) * route.odds.fine).clamp(0.0, 1.0);
            let failed = 1.0 - fine * route.fine;
            let part = served * route.share;
            let own = work.own * route.work * route.odds.slow;
            let mean = law.mean - work.own - down.mean + own + route.down.mean;
            let spread = (own * route.cv).powi(2) - (work.own * cv).powi(2);
            let variance = law.variance - hold.variance + route.down.variance + spread;
            let own_law = Latency { mean: mean.max(own), variance: variance.max(1e-12) };
            add(&mut route.response, part, own_law);
            add(all, part, own_law);
            route.failed += part * failed;
            route.own_failure += part * (1.0 - fine);
            failing += route.share * failed;
        }
        failing
    }

    /// Counts a tick: `reached` requests came to replicas, `started` were taken up, `lost` died.
    pub(super) fn add_up(&mut self, reached: f64, started: f64, lost: f64) {
        for route in &mut self.all {
            let (reached, taken) = (reached * route.share, (started * route.share).max(1e-12));
            route.own_failure = (route.own_failure / taken).min(1.0);
            route.tally.requests += reached;
            route.tally.failed += (route.failed + lost * route.share).min(reached);
            route.tally.seconds += mixed(&route.response).mean * reached;
        }
    }
}

/// Adds requests to a mixture; those of the same law are one part of it.
fn add(mixture: &mut Vec<Weighted>, requests: f64, law: Latency) {
    match mixture.iter_mut().rev().find(|(_, same)| *same == law) {
        Some((weight, _)) => *weight += requests,
        None => mixture.push((requests, law)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::outbox::Outbox;
    use super::super::spec::{ActuationSpec, FleetSpec};
    use super::super::{Fleet, Scope};
    use super::*;
    use crate::kernel::Streams;
    use crate::unit::SimTime;

    const WEB: usize = 1;

    /// A page that asks the database, one that computes and one that does neither.
    fn fleet() -> Fleet {
        let spec: FleetSpec = serde_json::from_value(json!({
            "objective": {
                "service": "web", "availability": 0.99, "latency_p99": "1s", "sustained": "1m",
            },
            "services": {
                "db": { "replicas": 3 },
                "web": {
                    "replicas": 4, "service_time": "10ms", "error_ratio": 0.001,
                    "calls": [{ "to": "db", "timeout": "500ms", "retries": 0 }],
                    "operations": {
                        "buy": { "share": 1, "calls": { "db": 1 } },
                        "draw": { "share": 2, "service_time": "40ms" },
                        "look": { "share": 7 },
                    },
                },
            },
        }))
        .unwrap();
        Fleet::new(&spec, &ActuationSpec::default(), Streams::new(1), SimTime::default())
    }

    /// Plays a minute of 40 requests a second; failed shares and mean milliseconds by operation.
    fn play(fleet: &mut Fleet) -> Vec<(String, f64, f64)> {
        let mut out = Outbox::default();
        for second in 0..60 {
            out.now = SimTime::from_secs(second);
            if second == 30 {
                fleet.forget();
            }
            fleet.tick(WEB, 40.0, 1.0, &mut out);
        }
        let web = &fleet.services[WEB];
        let sum = |of: fn(&Tally) -> f64| web.routes.iter().map(|r| of(&r.tally)).sum::<f64>();
        let same = |a: f64, b: f64| assert!((a - b).abs() <= 1e-9 * b.max(1.0), "{a} and {b}");
        same(sum(|t| t.requests), web.tally.requests);
        same(sum(|t| t.failed), web.tally.failed);
        same(sum(|t| t.seconds), web.tally.seconds);
        let told = |r: &Route| {
            let t = &r.tally;
            (r.name.to_string(), t.failed / t.requests, 1e3 * t.seconds / t.requests)
        };
        web.routes.iter().map(told).collect()
    }

    #[track_caller]
    fn check(fleet: &mut Fleet, expected: [(&str, f64, f64); 3]) {
        let found = play(fleet);
        for ((name, failed, millis), (want, share, time)) in found.iter().zip(expected) {
            assert_eq!(name, want);
            assert!((failed - share).abs() < 0.02, "{name} fails {failed}, expected {share}");
            assert!((millis / time - 1.0).abs() < 0.2, "{name} takes {millis} ms, expected {time}");
        }
    }

    #[test]
    fn each_operation_waits_for_its_own_work_and_calls() {
        check(&mut fleet(), [("buy", 0.0, 31.0), ("draw", 0.0, 41.0), ("look", 0.0, 11.0)]);
    }

    #[test]
    fn a_dead_callee_fails_who_calls_it_and_nobody_else() {
        let mut fleet = fleet();
        let dead = Effect { errors: 1.0, ..Effect::on(Scope::Service) };
        fleet.services[0].effects.insert(0, dead);
        check(&mut fleet, [("buy", 1.0, 31.0), ("draw", 0.0, 41.0), ("look", 0.0, 11.0)]);
    }

    #[test]
    fn a_pull_on_one_operation_leaves_the_others_alone() {
        let mut fleet = fleet();
        let pull = Effect { operation: Some("draw".to_owned()), ..Effect::on(Scope::Service) };
        fleet.services[WEB].effects.insert(0, Effect { errors: 0.5, slow: 4.0, ..pull });
        check(&mut fleet, [("buy", 0.0, 31.0), ("draw", 0.5, 165.0), ("look", 0.0, 11.0)]);
        fleet.services[WEB].effects.clear();
        check(&mut fleet, [("buy", 0.0, 31.0), ("draw", 0.0, 41.0), ("look", 0.0, 11.0)]);
    }
}
