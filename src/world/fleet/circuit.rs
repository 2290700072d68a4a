//! Circuit breakers on calls: closed, open, half-open with probes.
//!
//! In: an order to open, then the callee's answers to probes. Out: the share of calls that pass.
//! After Nygard, "Release It!" (2007): open for a while, then let a few calls through; close if
//! they do well, open again if not. Opened by an action, or by itself where the call has a breaker.

use crate::unit::{SimDuration, SimTime};

use super::Fleet;
use super::service::{Circuit, Edge};

const OPEN_FOR: SimDuration = SimDuration::from_secs(30);
const PROBE_FOR: SimDuration = SimDuration::from_secs(20);
const PROBED: f64 = 0.05;
const HEALTHY: f64 = 0.05;

/// Share of calls that go through.
#[must_use]
pub(super) fn passing(circuit: Circuit) -> f64 {
    match circuit {
        Circuit::Closed => 1.0,
        Circuit::Open(_) => 0.0,
        Circuit::HalfOpen(_) => PROBED,
    }
}

impl Fleet {
    /// Opens the circuit of `service` to `callee`; `false` if there is no such call.
    pub(super) fn open_circuit(&mut self, service: usize, callee: usize, now: SimTime) -> bool {
        let edges = &mut self.services[service].edges;
        let edge = edges.iter_mut().find(|edge| edge.callee == callee);
        edge.is_some_and(|edge| {
            edge.circuit = Circuit::Open(now + OPEN_FOR);
            true
        })
    }

    /// Lets circuits go on as probes say.
    pub(super) fn switch_circuits(&mut self, service: usize, now: SimTime) {
        let service = &mut self.services[service];
        for (edge, call) in service.edges.iter_mut().zip(&service.spec.calls) {
            edge.circuit = next(edge, now);
            let Some(breaker) = call.breaker else { continue };
            let bad = edge.circuit == Circuit::Closed
                && edge.demand > 0.0
                && edge.attempt_failure >= breaker.failures.get();
            edge.bad_since = bad.then(|| edge.bad_since.unwrap_or(now));
            if edge.bad_since.is_some_and(|since| now.since(since) >= breaker.window) {
                edge.circuit = Circuit::Open(now + OPEN_FOR);
            }
        }
    }
}

fn next(edge: &Edge, now: SimTime) -> Circuit {
    match edge.circuit {
        Circuit::Open(until) if now >= until => Circuit::HalfOpen(now),
        Circuit::HalfOpen(since) if now.since(since) >= PROBE_FOR => {
            if edge.attempt_failure < HEALTHY {
                Circuit::Closed
            } else {
                Circuit::Open(now + OPEN_FOR)
            }
        }
        same => same,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_close_a_circuit_only_when_the_callee_is_well() {
        let at = SimTime::from_secs;
        let step = |circuit, attempt_failure, now| {
            next(&Edge { circuit, attempt_failure, ..Edge::default() }, at(now))
        };
        assert_eq!(step(Circuit::Open(at(30)), 0.0, 29), Circuit::Open(at(30)));
        assert_eq!(step(Circuit::Open(at(30)), 0.9, 30), Circuit::HalfOpen(at(30)));
        assert_eq!(step(Circuit::HalfOpen(at(30)), 0.0, 49), Circuit::HalfOpen(at(30)));
        assert_eq!(step(Circuit::HalfOpen(at(30)), 0.9, 50), Circuit::Open(at(80)));
        assert_eq!(step(Circuit::HalfOpen(at(30)), 0.0, 50), Circuit::Closed);
    }
}
