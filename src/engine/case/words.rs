//! Numbers as people say them in evidence: relative change and lengths of time.
//!
//! In: plain values. Out: short texts with units. Limit: meant for reading, never parsed.

use crate::unit::SimDuration;

/// Relative change from `before` to `after`, e.g. "+340 %"; from nothing it is "from 0".
#[must_use]
pub fn percent(before: f64, after: f64) -> String {
    if before.abs() < 1e-9 {
        return format!("from 0 to {}", short(after));
    }
    let change = (after - before) / before.abs() * 100.0;
    if change.abs() >= 1000.0 {
        return format!("×{}", short(after / before));
    }
    format!("{change:+.0} %")
}

/// A length of time to the second, e.g. "90s" or "12m5s".
#[must_use]
pub fn span_of_time(length: SimDuration) -> String {
    let secs = length.secs_f64().round() as i64;
    if (0..120).contains(&secs) {
        format!("{secs}s")
    } else {
        SimDuration::from_secs(secs).to_string()
    }
}

/// Three significant digits.
fn short(value: f64) -> String {
    if value != 0.0 && value.abs() < 0.01 { format!("{value:.1e}") } else { format!("{value:.2}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(percent(100.0, 440.0), "+340 %");
        assert_eq!(percent(1.0, 0.5), "-50 %");
        assert_eq!(percent(0.0, 0.123), "from 0 to 0.12");
        assert_eq!(percent(0.01, 1.0), "×100.00");
        assert_eq!(span_of_time(SimDuration::from_secs(90)), "90s");
        assert_eq!(span_of_time(SimDuration::from_secs(725)), "12m5s");
    }
}
