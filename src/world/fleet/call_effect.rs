//! What a fault does to the calls of a service: the network and the name service between two.
//!
//! In: latency, loss, partition, DNS trouble of one fault. Out: what an attempt over the edge
//! suffers before it reaches the callee. A lost packet costs a retransmission time-out, 200 ms on
//! Linux (`TCP_RTO_MIN`; RFC 6298 allows 1 s), doubled when lost again; a call is about four
//! packets on a kept connection. A resolver that is not answered waits 5 s (`resolv.conf`
//! default), if the call's time-out lets it.

use super::latency::Latency;

/// Packets of one call on a connection that is open.
const PACKETS: f64 = 4.0;
/// Least retransmission time-out of Linux, seconds.
const RETRANSMIT_S: f64 = 0.2;
/// Time-out of a resolver, seconds.
const RESOLVER_S: f64 = 5.0;

/// One fault's pull on the calls of one service.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CallEffect {
    /// Index of the callee; `None`: all callees.
    pub callee: Option<usize>,
    /// Time added to each attempt, seconds.
    pub latency_s: f64,
    /// Standard deviation of that time, seconds.
    pub jitter_s: f64,
    /// Share of packets that are lost.
    pub loss: f64,
    /// Share of attempts that reach nobody and find out by their time-out (1: a partition).
    pub unreachable: f64,
    /// Share of name look-ups that are not answered.
    pub dns_silent: f64,
    /// Share of name look-ups that are answered with a failure at once.
    pub dns_refused: f64,
    /// Share of attempts that are refused at once (a reset, a wrong port, a denied credential).
    pub refused: f64,
}

/// What becomes of an attempt before the callee.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Passage {
    /// Share that waits for its time-out and reaches nobody.
    pub silent: f64,
    /// How long that takes, seconds.
    pub silence_s: f64,
    /// Share that is refused at once.
    pub refused: f64,
    /// Time added to those that pass.
    pub delay: Latency,
}

impl Passage {
    /// Share that reaches the callee.
    pub(super) fn reaching(&self) -> f64 {
        (1.0 - self.silent) * (1.0 - self.refused)
    }
}

impl CallEffect {
    /// Adds another fault's pull to this one.
    pub fn combine(&mut self, other: &Self) {
        let either = |a: f64, b: f64| 1.0 - (1.0 - a) * (1.0 - b);
        self.latency_s += other.latency_s;
        self.jitter_s = self.jitter_s.hypot(other.jitter_s);
        self.loss = either(self.loss, other.loss);
        self.unreachable = either(self.unreachable, other.unreachable);
        self.dns_silent = either(self.dns_silent, other.dns_silent);
        self.dns_refused = either(self.dns_refused, other.dns_refused);
        self.refused = either(self.refused, other.refused);
    }

    /// The same at a part of its strength; 0 does nothing.
    #[must_use]
    pub fn scaled(&self, level: f64) -> Self {
        Self {
            callee: self.callee,
            latency_s: self.latency_s * level,
            jitter_s: self.jitter_s * level,
            loss: self.loss * level,
            unreachable: self.unreachable * level,
            dns_silent: self.dns_silent * level,
            dns_refused: self.dns_refused * level,
            refused: self.refused * level,
        }
    }

    /// What an attempt with `timeout` seconds to live suffers.
    pub(super) fn passage(&self, timeout: f64) -> Passage {
        let p = self.loss.clamp(0.0, 0.99);
        // Expected time-outs of one packet are p/(1-p); each doubles the one before.
        let again = PACKETS * p / (1.0 - p);
        let wait = RETRANSMIT_S * again * (1.0 + p);
        let variance = RETRANSMIT_S * RETRANSMIT_S * again * (1.0 + 3.0 * p) / (1.0 - p);
        let dns = self.dns_silent;
        let lost = self.unreachable;
        let silent = 1.0 - (1.0 - dns) * (1.0 - lost);
        let of_dns = if silent > 0.0 { dns / silent } else { 0.0 };
        let silence_s = of_dns * RESOLVER_S.min(timeout) + (1.0 - of_dns) * timeout;
        Passage {
            silent,
            silence_s,
            refused: 1.0 - (1.0 - self.dns_refused) * (1.0 - self.refused),
            delay: Latency {
                mean: self.latency_s + wait,
                variance: self.jitter_s * self.jitter_s + variance,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loss_costs_time_and_a_partition_costs_the_time_out() {
        let calm = CallEffect::default().passage(2.0);
        assert_eq!(calm, Passage { silence_s: 2.0, ..Passage::default() });
        let lossy = CallEffect { loss: 0.05, ..CallEffect::default() }.passage(2.0);
        assert!(lossy.delay.mean > 0.03 && lossy.delay.mean < 0.06, "{lossy:?}");
        let cut = CallEffect { unreachable: 1.0, ..CallEffect::default() }.passage(2.0);
        assert_eq!((cut.silent, cut.silence_s), (1.0, 2.0));
        let dns = CallEffect { dns_silent: 0.5, ..CallEffect::default() }.passage(30.0);
        assert_eq!((dns.silent, dns.silence_s), (0.5, 5.0));
    }
}
