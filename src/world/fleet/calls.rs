//! One call of a service to another in one tick: time-outs, failures, retries.
//!
//! In: the callee's response times and failures of this tick. Out: duration and failure of a call
//! with all its attempts, and of a request that makes several. A request that fails for what it
//! is (it needs a callee that is dead) fails again when it is sent anew; one that fails by chance
//! need not. Known limit: no pause between attempts.

use super::call_effect::Passage;
use super::circuit::passing;
use super::latency::Latency;
use super::service::{Edge, Flow, Service};
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
        self.add_call(edge.failure, edge.repeat, n);
    }

    /// The same for calls that fail with a probability and, sent anew, fail with another.
    pub(super) fn add_call(&mut self, failure: f64, repeat: f64, n: f64) {
        let share = if n < 1.0 { n * failure } else { 1.0 - (1.0 - failure).powf(n) };
        self.fine *= 1.0 - share;
        self.failing += share;
        self.again += share * repeat;
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
    pub(super) failure: f64,
    pub(super) mean: f64,
    square: f64,
}

/// How often a call is tried again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Retry {
    times: u32,
    budget: Option<f64>,
}

impl Retry {
    /// As the spec of a call says.
    pub(super) fn of(call: &CallSpec) -> Self {
        Self { times: call.retries, budget: call.retry_budget.map(crate::unit::Ratio::get) }
    }
}

/// A call with all its attempts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settled {
    /// Share of attempts that fail, and of those whose former attempt failed.
    pub(super) attempt_failure: f64,
    pub(super) attempt_repeat: f64,
    /// Mean number of attempts.
    pub(super) tries: f64,
    /// Share of calls that fail, and of those that failed before.
    pub(super) failure: f64,
    pub(super) repeat: f64,
    /// How long a call takes.
    pub(super) call: Latency,
}

/// One attempt of a call over the network in this tick.
pub(super) fn attempt(call: &CallSpec, callee: &Service, passage: &Passage) -> Attempt {
    at_callee(call.timeout.secs_f64(), callee, passage).through(passage)
}

impl Attempt {
    /// A call of such attempts. A failed attempt fails again at the callee with probability
    /// `repeat`; the share `open` of calls is made at all.
    pub(super) fn settled(self, repeat: f64, retry: Retry, open: f64) -> Settled {
        let variance = (self.square - self.mean * self.mean).max(0.0);
        let (attempt_failure, attempt_repeat) = (self.failure, repeat.max(self.failure));
        let tries = tries(attempt_failure, attempt_repeat, retry);
        let retried = power(attempt_repeat, retry.times);
        let all_failed = attempt_failure * (1.0 - tries.granted * (1.0 - retried));
        let all_repeat = attempt_repeat * (1.0 - tries.granted * (1.0 - retried));
        let mean = self.mean;
        let more = (tries.square - tries.mean * tries.mean).max(0.0);
        let spread = tries.mean * variance + more * mean * mean;
        Settled {
            attempt_failure,
            attempt_repeat,
            tries: tries.mean,
            failure: 1.0 - open * (1.0 - all_failed),
            repeat: 1.0 - open * (1.0 - all_repeat),
            call: Latency { mean: tries.mean * mean * open, variance: spread * open },
        }
    }
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
        let settled = attempt.settled(repeat, Retry::of(call), passing(self.circuit));
        self.failed += self.demand * settled.attempt_failure;
        self.seconds += self.demand * attempt.mean;
        self.attempt_failure = settled.attempt_failure;
        self.attempt_repeat = settled.attempt_repeat;
        (self.failure, self.repeat, self.call) = (settled.failure, settled.repeat, settled.call);
    }
}

/// An attempt that reaches the callee, cut off at `limit` seconds.
fn at_callee(limit: f64, callee: &Service, passage: &Passage) -> Attempt {
    let mut served = Served::default();
    for (weight, law) in &callee.flow.response {
        let law = law.plus(passage.delay);
        served.add(*weight, law.capped(limit));
    }
    served.attempt(limit, &Reception::of(&callee.flow))
}

/// How a callee received what came to it in a tick.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reception {
    /// Whether anything came.
    some: bool,
    /// Shares that were turned away at once, never answered, and failed.
    quick: f64,
    dark: f64,
    failing: f64,
}

impl Reception {
    pub(super) fn of(flow: &Flow) -> Self {
        Self::new(flow.arrived, flow.refused + flow.shed, flow.dark, flow.failure())
    }

    /// From requests that came, were turned away, were never answered, and the share that failed.
    pub(super) fn new(arrived: f64, turned_away: f64, dark: f64, failure: f64) -> Self {
        let (some, all) = (arrived > 0.0, arrived.max(1e-12));
        let quick = (turned_away / all).min(1.0);
        let dark = (dark / all).min(1.0 - quick);
        Self { some, quick, dark, failing: if some { failure } else { 0.0 } }
    }
}

/// What a callee served, cut off at the caller's time-out: sums over the parts of a mixture.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Served {
    first: f64,
    square: f64,
    late: f64,
    weight: f64,
}

impl Served {
    /// Adds requests with the moments of one law and its share that is cut off.
    pub(super) fn add(&mut self, weight: f64, (first, square, late): (f64, f64, f64)) {
        self.first += weight * first;
        self.square += weight * square;
        self.late += weight * late;
        self.weight += weight;
    }

    /// An attempt that reaches the callee, cut off at `limit` seconds.
    pub(super) fn attempt(self, limit: f64, callee: &Reception) -> Attempt {
        let Self { mut first, mut square, mut late, weight } = self;
        if weight > 0.0 {
            (first, square, late) = (first / weight, square / weight, late / weight);
        } else if callee.some {
            // Whatever is in line is not even begun.
            (first, square, late) = (limit, limit * limit, 1.0);
        }
        let Reception { quick, dark, failing, .. } = *callee;
        let answered = 1.0 - quick - dark;
        Attempt {
            failure: 1.0 - (1.0 - failing) * (1.0 - late * answered),
            mean: first * answered + REFUSED_S * quick + limit * dark,
            square: square * answered + limit * limit * dark,
        }
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
pub(super) fn tries(p: f64, q: f64, retry: Retry) -> Tries {
    let (mean, square) = attempts(p, q, retry.times);
    let granted = retry.budget.map_or(1.0, |budget| (budget / (mean - 1.0)).min(1.0));
    // 0 / 0: nothing was wanted, nothing is refused.
    let granted = if granted.is_nan() { 1.0 } else { granted };
    Tries { mean: 1.0 + granted * (mean - 1.0), square: 1.0 + granted * (square - 1.0), granted }
}

/// Mean and mean square of the number of attempts if the first fails with probability `p` and
/// each later one with `q`.
fn attempts(p: f64, q: f64, retries: u32) -> (f64, f64) {
    (1..=retries).fold((1.0, 1.0), |(mean, square), k| {
        let reach = p * power(q, k - 1);
        (mean + reach, square + reach * f64::from(2 * k + 1))
    })
}

/// `q` to the power of `n`, which mostly is 0 or 1.
fn power(q: f64, n: u32) -> f64 {
    match n {
        0 => 1.0,
        1 => q,
        _ => q.powi(n as i32),
    }
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
        assert_eq!(tries(1.0, 1.0, Retry::of(&call)).mean, 1.2);
        assert_eq!(tries(0.0, 0.0, Retry::of(&call)).mean, 1.0);
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
