//! Waiting lines: Erlang C and the Allen-Cunneen approximation for G/G/c.
//!
//! In: servers, offered load in erlangs, squared coefficients of variation. Out: probabilities
//! and times in the unit of the given service time. Sources: Erlang, "Solution of some problems in
//! the theory of probabilities ..." (1917), by the stable recursion of Erlang B; Allen,
//! "Probability, Statistics and Queueing Theory" (2nd ed. 1990), ch. 5, which generalises Kingman
//! (1961). Known limit: steady state only; an overloaded line (load >= servers) has none.

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
    let mut blocked = 1.0;
    for n in 1..=servers {
        blocked = offered * blocked / (f64::from(n) + offered * blocked);
    }
    blocked / (1.0 - (offered / c) * (1.0 - blocked))
}

/// Mean waiting time of those who wait, in M/M/c scaled by Allen-Cunneen; infinite if overloaded.
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
    service_time / spare * (arrival_cv2 + service_cv2) / 2.0
}

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

    proptest! {
        #[test]
        fn more_load_waits_more_and_more_servers_less(c in 1u32..40, rho in 0.01f64..0.98) {
            let load = rho * f64::from(c);
            let p = erlang_c(c, load);
            prop_assert!((0.0..=1.0).contains(&p));
            prop_assert!(erlang_c(c, load * 1.01) >= p);
            prop_assert!(erlang_c(c + 1, load) <= p);
        }
    }
}
