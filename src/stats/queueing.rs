//! Waiting lines: Erlang C and two-moment approximations for G/G/c.
//!
//! In: servers, offered load in erlangs, squared coefficients of variation. Out: probabilities
//! and times in the unit of the given service time. Sources: Erlang, "Solution of some problems in
//! the theory of probabilities ..." (1917), by the stable recursion of Erlang B; Allen,
//! "Probability, Statistics and Queueing Theory" (2nd ed. 1990), ch. 5, which generalises Kingman
//! (1961), for arrivals; Kimura, "Approximations for multi-server queues: system interpolations"
//! (Queueing Systems 17, 1994) between M/M/c and M/D/c for service times, with Cosmetatos' M/D/c
//! as in Whitt, "Approximations for the GI/G/m queue" (POM 2, 1993). Known limit: steady state
//! only; an overloaded line (load >= servers) has none.

use std::sync::LazyLock;

/// Probability that a request must wait in M/M/c; 1 if the load reaches the servers.
#[must_use]
pub fn erlang_c(servers: u32, offered: f64) -> f64 {
    let c = f64::from(servers);
    if offered <= 0.0 {
        return 0.0;
    }
    if offered >= c {
        return 1.0;
    }
    if IDLE.get(servers as usize).is_some_and(|idle| offered < *idle) {
        return 0.0;
    }
    recursion(servers, offered)
}

/// Erlang C for a load above 0 and below the number of servers.
fn recursion(servers: u32, offered: f64) -> f64 {
    let c = f64::from(servers);
    let mut blocked = 1.0;
    for n in 1..=servers {
        blocked = offered * blocked / (f64::from(n) + offered * blocked);
        // From as many servers as the load on, each further one only makes it smaller.
        if blocked < NEVER && f64::from(n) > offered {
            return 0.0;
        }
    }
    blocked / (1.0 - (offered / c) * (1.0 - blocked))
}

/// A probability that changes no sum of times.
const NEVER: f64 = 1e-24;

/// Loads below which nobody waits, by the number of servers. The recursion would end with a
/// probability below `NEVER`: it is at most `offered^c / c!`, here with room for rounding.
static IDLE: LazyLock<[f64; 257]> = LazyLock::new(|| {
    let mut log_factorial = 0.0;
    std::array::from_fn(|c| {
        let c = c as f64;
        log_factorial += c.max(1.0).ln();
        if c < 1.0 { 0.0 } else { (((0.9 * NEVER).ln() + log_factorial) / c).exp().min(c) }
    })
});

/// Mean waiting time of those who wait, in M/M/c scaled for variability; infinite if overloaded.
/// With several servers a long service blocks one of them only: for highly variable service the
/// scale is smaller than Allen-Cunneen's, the more so the lower the load.
///
/// `arrival_cv2` and `service_cv2` are squared coefficients of variation (variance / mean^2).
#[must_use]
pub fn wait_if_waiting(
    servers: u32,
    offered: f64,
    service_time: f64,
    arrival_cv2: f64,
    service_cv2: f64,
) -> f64 {
    let spare = f64::from(servers) - offered;
    if spare <= 0.0 {
        return f64::INFINITY;
    }
    let c = f64::from(servers);
    let load = (offered / c).max(1e-9);
    let gamma = (1.0 - load) * (c - 1.0) * ((4.0 + 5.0 * c).sqrt() - 2.0) / (16.0 * c * load);
    let gamma = gamma.min(MOST_GAMMA);
    let pooled = (1.0 + gamma) / (1.0 + service_cv2 * gamma);
    service_time / spare * (arrival_cv2 + service_cv2) / 2.0 * pooled
}

/// How much longer M/D/c waits than half of M/M/c at most (Whitt 1993, eq. 2.17).
const MOST_GAMMA: f64 = 0.24;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-4, "{found} is not {expected}");
    }

    #[test]
    fn erlang_c_meets_its_tables() {
        near(erlang_c(1, 0.8), 0.8);
        near(erlang_c(2, 1.0), 1.0 / 3.0);
        near(erlang_c(10, 8.0), 0.409_18);
        near(erlang_c(3, 0.0), 0.0);
        near(erlang_c(3, 3.5), 1.0);
    }

    #[test]
    fn one_server_waits_as_m_m_1_and_m_d_1() {
        near(erlang_c(1, 0.5) * wait_if_waiting(1, 0.5, 2.0, 1.0, 1.0), 2.0);
        near(erlang_c(1, 0.5) * wait_if_waiting(1, 0.5, 2.0, 1.0, 0.0), 1.0);
        assert!(wait_if_waiting(1, 1.0, 2.0, 1.0, 1.0).is_infinite());
    }

    #[test]
    fn long_services_hurt_less_where_others_serve_on() {
        let scale = |c, load| wait_if_waiting(c, load, 1.0, 1.0, 4.0) * (f64::from(c) - load);
        near(scale(1, 0.5), 2.5);
        assert!(scale(4, 2.0) < 2.0 && scale(4, 3.9) > 2.4, "{} {}", scale(4, 2.0), scale(4, 3.9));
        near(wait_if_waiting(4, 2.0, 1.0, 1.0, 1.0), 0.5);
    }

    proptest! {
        #[test]
        fn more_load_waits_more_and_more_servers_less(c in 1u32..40, rho in 0.01f64..0.98) {
            let load = rho * f64::from(c);
            let p = erlang_c(c, load);
            prop_assert!((0.0..=1.0).contains(&p));
            prop_assert!(erlang_c(c, load * 1.01) >= p);
            prop_assert!(erlang_c(c + 1, load) <= p);
        }

        #[test]
        fn who_is_said_to_be_idle_would_be_found_idle(c in 1u32..257, part in 0.0f64..1.0) {
            let load = IDLE[c as usize] * part;
            prop_assert!(load == 0.0 || recursion(c, load) == 0.0);
            // With few servers the bound is near, with many there is room to spare.
            prop_assert!(recursion(c, IDLE[c as usize] * 1.3) > 0.0 || !(3..40).contains(&c));
        }
    }
}
