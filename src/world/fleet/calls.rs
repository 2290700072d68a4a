//! One call of a service to another in one tick: time-outs, failures, retries.
//!
//! In: the callee's response times and failures of this tick. Out: duration and failure of a call
//! with all its attempts, and of a request that makes several. A request that fails for what it
//! is (it needs a callee that is dead) fails again when it is sent anew; one that fails by chance
//! need not. Known limit: no pause between attempts.

use super::circuit::passing;
use super::latency::Latency;
use super::service::{Edge, Service};
use super::spec::CallSpec;

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

/// One call's result in this tick: time-outs, failures, retries.
pub(super) fn edge_result(edge: &Edge, call: &CallSpec, callee: &Service) -> Edge {
    let limit = call.timeout.secs_f64();
    let (mut first, mut second, mut late, mut weight) = (0.0, 0.0, 0.0, 0.0);
    for (w, law) in &callee.flow.response {
        let (m1, m2) = law.capped(limit);
        first += w * m1;
        second += w * m2;
        late += w * law.exceeds(limit);
        weight += w;
    }
    let reached = if weight > 0.0 { 1.0 } else { 0.0 };
    let scale = weight.max(1e-12);
    let (first, second, late) = (first / scale, second / scale, late / scale);
    let quick =
        ((callee.flow.refused + callee.flow.shed) / callee.flow.arrived.max(1e-12)).min(1.0);
    let failing = if callee.flow.arrived > 0.0 { callee.flow.failure() } else { 0.0 };
    let attempt_failure = 1.0 - (1.0 - failing) * (1.0 - late * (1.0 - quick));
    let mean = first * reached * (1.0 - quick) + REFUSED_S * quick;
    let variance = (second * (1.0 - quick) - mean * mean).max(0.0);
    let attempt_repeat = callee.flow.repeat.max(attempt_failure);
    let (tries, tries2) = attempts(attempt_failure, attempt_repeat, call.retries);
    let open = passing(edge.circuit);
    let all_failed = attempt_failure * attempt_repeat.powi(call.retries as i32);
    let all_repeat = attempt_repeat.powi(call.retries as i32 + 1);
    let spread = tries * variance + (tries2 - tries * tries).max(0.0) * mean * mean;
    Edge {
        attempt_failure,
        attempt_repeat,
        failed: edge.failed + edge.sent * attempt_failure,
        seconds: edge.seconds + edge.sent * mean,
        failure: 1.0 - open * (1.0 - all_failed),
        repeat: 1.0 - open * (1.0 - all_repeat),
        call: Latency { mean: tries * mean * open, variance: spread * open },
        ..edge.clone()
    }
}

/// Mean and mean square of the number of attempts if the first fails with probability `p` and
/// each later one with `q`.
pub(super) fn attempts(p: f64, q: f64, retries: u32) -> (f64, f64) {
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
    fn a_rare_call_to_a_dead_callee_fails_the_same_requests_again() {
        let dead = Edge { failure: 1.0, repeat: 1.0, ..Edge::default() };
        let mut fate = Fate::default();
        fate.add(&dead, 0.05);
        assert!((fate.fine - 0.95).abs() < 1e-12);
        assert!((fate.again / fate.failing - 1.0).abs() < 1e-12);
    }
}
