//! One call of a service to another in one tick: time-outs, failures, retries.
//!
//! In: the callee's response times and failures of this tick. Out: duration and failure of a call
//! with all its attempts, and of a request that makes several. A request that fails for what it
//! is (it needs a callee that is dead) fails again when it is sent anew; one that fails by chance
//! need not. Known limit: no pause between attempts.

use super::call_effect::Passage;
use super::circuit::passing;
use super::latency::Latency;
use super::service::{Edge, Service};
use super::spec::CallSpec;
use crate::stats::queueing::{erlang_c, wait_if_waiting};

/// How fast a pool follows what is asked of it, per tick.
const DAMPING: f64 = 0.5;
/// Time to notice that a connection is refused, seconds.
const REFUSED_S: f64 = 0.002;

/// What the critical callees do to a request.
pub(super) struct Fate {
    /// Probability that none of them fails it.
    pub(super) fine: f64,
    /// Sum over callees of the probability of failing it.
    pub(super) failing: f64,
    /// The same, times the probability of failing it again when it is sent anew.
    pub(super) again: f64,
}

impl Default for Fate {
    fn default() -> Self {
        Self { fine: 1.0, failing: 0.0, again: 0.0 }
    }
}

impl Fate {
    /// `n` calls over an edge. Below 1 it is the kind of request that decides whether it calls,
    /// so the same request sent anew calls again.
    pub(super) fn add(&mut self, edge: &Edge, n: f64) {
        let share = if n < 1.0 { n * edge.failure } else { 1.0 - (1.0 - edge.failure).powf(n) };
        self.fine *= 1.0 - share;
        self.failing += share;
        self.again += share * edge.repeat;
    }
}

/// Who makes the calls.
pub(super) struct Caller {
    /// 1 / (ready replicas x seconds of the tick).
    pub(super) per_second: f64,
    /// Connections of each pool that a replica never gives back.
    pub(super) leaked: f64,
}

/// One attempt: how often it fails and how long it takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attempt {
    failure: f64,
    mean: f64,
    square: f64,
}

/// One attempt of a call over the network in this tick.
pub(super) fn attempt(call: &CallSpec, callee: &Service, passage: &Passage) -> Attempt {
    at_callee(call.timeout.secs_f64(), callee, passage).through(passage)
}

impl Edge {
    /// One call's result in this tick: time-outs, failures, retries. A failed attempt fails again
    /// at the callee with probability `repeat`.
    pub(super) fn settle(
        &mut self,
        attempt: Attempt,
        repeat: f64,
        call: &CallSpec,
        caller: &Caller,
    ) {
        let attempt = attempt.over_pool(self, call, caller);
        let variance = (attempt.square - attempt.mean * attempt.mean).max(0.0);
        self.attempt_failure = attempt.failure;
        self.attempt_repeat = repeat.max(attempt.failure);
        let tries = tries(self.attempt_failure, self.attempt_repeat, call);
        let open = passing(self.circuit);
        let retried = self.attempt_repeat.powi(call.retries as i32);
        let all_failed = self.attempt_failure * (1.0 - tries.granted * (1.0 - retried));
        let all_repeat = self.attempt_repeat * (1.0 - tries.granted * (1.0 - retried));
        let mean = attempt.mean;
        let more = (tries.square - tries.mean * tries.mean).max(0.0);
        let spread = tries.mean * variance + more * mean * mean;
        self.failed += self.demand * self.attempt_failure;
        self.seconds += self.demand * mean;
        self.failure = 1.0 - open * (1.0 - all_failed);
        self.repeat = 1.0 - open * (1.0 - all_repeat);
        self.call = Latency { mean: tries.mean * mean * open, variance: spread * open };
    }
}

/// An attempt that reaches the callee, cut off at `limit` seconds.
fn at_callee(limit: f64, callee: &Service, passage: &Passage) -> Attempt {
    let flow = &callee.flow;
    let (mut first, mut square, mut late, mut weight) = (0.0, 0.0, 0.0, 0.0);
    for (w, law) in &flow.response {
        let law = law.plus(passage.delay);
        let (m1, m2, cut) = law.capped(limit);
        first += w * m1;
        square += w * m2;
        late += w * cut;
        weight += w;
    }
    let arrived = flow.arrived.max(1e-12);
    let quick = ((flow.refused + flow.shed) / arrived).min(1.0);
    let dark = (flow.dark / arrived).min(1.0 - quick);
    if weight > 0.0 {
        (first, square, late) = (first / weight, square / weight, late / weight);
    } else if flow.arrived > 0.0 {
        // Whatever is in line is not even begun.
        (first, square, late) = (limit, limit * limit, 1.0);
    }
    let failing = if flow.arrived > 0.0 { flow.failure() } else { 0.0 };
    let answered = 1.0 - quick - dark;
    Attempt {
        failure: 1.0 - (1.0 - failing) * (1.0 - late * answered),
        mean: first * answered + REFUSED_S * quick + limit * dark,
        square: square * answered + limit * limit * dark,
    }
}

impl Attempt {
    /// What the network adds and takes.
    fn through(self, passage: &Passage) -> Self {
        if passage.silent == 0.0 && passage.refused == 0.0 {
            return self;
        }
        let (silence, reach) = (passage.silence_s, passage.reaching());
        let refused = (1.0 - passage.silent) * passage.refused;
        Self {
            failure: 1.0 - reach * (1.0 - self.failure),
            mean: reach * self.mean + passage.silent * silence + refused * REFUSED_S,
            square: reach * self.square + passage.silent * silence * silence,
        }
    }

    /// The wait for a connection of the pool, M/M/c on connections; some get none in time.
    fn over_pool(self, edge: &mut Edge, call: &CallSpec, caller: &Caller) -> Self {
        let offered = edge.demand * caller.per_second * self.mean;
        let Some(pool) = call.pool else {
            edge.pass = 1.0;
            edge.pooled = offered;
            return self;
        };
        let patience = call.pool_timeout.unwrap_or(call.timeout).secs_f64();
        let free = (f64::from(pool) - caller.leaked).max(0.0);
        let pass = (free / offered.max(1e-9)).min(1.0);
        edge.pass += DAMPING * (pass - edge.pass);
        edge.pooled = (offered.min(free) + caller.leaked).min(f64::from(pool));
        let servers = free.floor().max(1.0) as u32;
        let wait = if offered < 0.98 * f64::from(servers) {
            erlang_c(servers, offered)
                * wait_if_waiting(servers, offered, self.mean, 1.0, 1.0).min(patience)
        } else {
            patience
        };
        let pass = edge.pass;
        let mean = pass * (wait + self.mean) + (1.0 - pass) * patience;
        let waited = self.square + 2.0 * wait * self.mean + 2.0 * wait * wait;
        Self {
            failure: 1.0 - pass * (1.0 - self.failure),
            mean,
            square: (pass * waited + (1.0 - pass) * patience * patience).max(mean * mean),
        }
    }
}

/// The number of attempts of a call.
pub(super) struct Tries {
    /// Its mean.
    pub(super) mean: f64,
    /// Its mean square.
    pub(super) square: f64,
    /// Share of the wanted retries that the budget grants.
    pub(super) granted: f64,
}

/// Attempts of a call whose first fails with probability `p` and each later one with `q`.
pub(super) fn tries(p: f64, q: f64, call: &CallSpec) -> Tries {
    let (mean, square) = attempts(p, q, call.retries);
    let granted = call.retry_budget.map_or(1.0, |budget| (budget.get() / (mean - 1.0)).min(1.0));
    // 0 / 0: nothing was wanted, nothing is refused.
    let granted = if granted.is_nan() { 1.0 } else { granted };
    Tries { mean: 1.0 + granted * (mean - 1.0), square: 1.0 + granted * (square - 1.0), granted }
}

/// Mean and mean square of the number of attempts if the first fails with probability `p` and
/// each later one with `q`.
fn attempts(p: f64, q: f64, retries: u32) -> (f64, f64) {
    (1..=retries).fold((1.0, 1.0), |(mean, square), k| {
        let reach = p * q.powi(k as i32 - 1);
        (mean + reach, square + reach * f64::from(2 * k + 1))
    })
}

/// The sum of `n` calls; below 1, `n` is the probability of one.
pub(super) fn repeated(call: Latency, n: f64) -> Latency {
    let chance = if n < 1.0 { n * (1.0 - n) * call.mean * call.mean } else { 0.0 };
    Latency { mean: n * call.mean, variance: n * call.variance + chance }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_grow_with_failures_up_to_the_retries() {
        assert_eq!(attempts(0.0, 0.0, 3), (1.0, 1.0));
        assert_eq!(attempts(1.0, 1.0, 2), (3.0, 9.0));
        assert_eq!(attempts(0.5, 0.5, 1), (1.5, 2.5));
    }

    #[test]
    fn a_retry_budget_bounds_the_load_that_failures_add() {
        let call = CallSpec {
            retries: 3,
            retry_budget: Some(crate::unit::Ratio::clamped(0.2)),
            ..CallSpec::default()
        };
        assert_eq!(tries(1.0, 1.0, &call).mean, 1.2);
        assert_eq!(tries(0.0, 0.0, &call).mean, 1.0);
    }

    #[test]
    fn a_rare_call_to_a_dead_callee_fails_the_same_requests_again() {
        let dead = Edge { failure: 1.0, repeat: 1.0, ..Edge::default() };
        let mut fate = Fate::default();
        fate.add(&dead, 0.05);
        assert!((fate.fine - 0.95).abs() < 1e-12);
        assert!((fate.again / fate.failing - 1.0).abs() < 1e-12);
    }
}
