//! How large a deviation must be before anybody should care, by what the metric tells.
//!
//! In: a series' role and unit and its normal level. Out: the smallest effect worth an alarm, in
//! the series' unit, which ways are bad, and whether it is tracked statistically at all.
//! Statistical significance alone alarms on nothing-at-all in steady series; these floors are
//! engineering judgement, stated in one place. Known limit: unknown units fall back to shares of
//! the level.

use crate::model::{Direction, Role, SeriesMeta};

/// Smallest deviation from `level` worth an alarm, in the series' unit; 0 if nothing is known.
#[must_use]
pub fn smallest(meta: &SeriesMeta, level: f64) -> f64 {
    let level = level.abs();
    let share = share_unit(meta, level);
    match (meta.role, share) {
        (Role::Errors, Some(one)) => 0.01 * one,
        (Role::Errors, None) => (0.5 * level).max(0.01),
        (Role::Availability, one) => 0.01 * one.unwrap_or(1.0),
        (Role::Latency, _) => 0.3 * level + latency_floor(&meta.unit),
        (Role::Cpu, Some(one)) => (0.3 * level).max(0.12 * one),
        (Role::Memory, Some(one)) => (0.2 * level).max(0.08 * one),
        (Role::Saturation, Some(one)) => (0.5 * level).max(0.1 * one),
        (Role::Memory, None) => 0.25 * level,
        (Role::Saturation, None) => level.max(4.0),
        (Role::Cpu, None) => (0.6 * level).max(processor_floor(&meta.unit)),
        (Role::Traffic, None) => 0.6 * level,
        (Role::Replicas, _) => (0.25 * level).max(0.9),
        (Role::Disk | Role::Network, _) => level,
        (Role::Traffic | Role::Other, _) => 0.4 * level,
        (Role::Restarts | Role::Expiry | Role::Drift, _) => f64::INFINITY,
    }
}

/// Which way is bad; replicas that come are no trouble, replicas that go may be.
#[must_use]
pub fn direction(meta: &SeriesMeta) -> Direction {
    if meta.role == Role::Replicas { Direction::Down } else { meta.direction() }
}

/// Bars are this much higher for signals that are context rather than trouble, and for tail
/// statistics, which few requests decide.
#[must_use]
pub fn bar(meta: &SeriesMeta) -> f64 {
    match (meta.role, meta.stat()) {
        (Role::Traffic, _) => 1.5,
        (Role::Disk | Role::Network, _) => 2.0,
        (Role::Other, _) => 1.3,
        (Role::Latency, Some("p99" | "p999" | "max" | "Maximum")) => 1.5,
        (Role::Latency, Some("p95")) => 1.25,
        _ => 1.0,
    }
}

/// Whether a deviation from the past means anything; totals and deadlines are matched as events.
#[must_use]
pub fn has_baseline(role: Role) -> bool {
    !matches!(role, Role::Restarts | Role::Expiry | Role::Drift)
}

/// What "all of it" is for a share: 1, or 100 for percent; `None` for other units.
fn share_unit(meta: &SeriesMeta, level: f64) -> Option<f64> {
    match meta.unit.as_str() {
        "1" => Some(1.0),
        "%" => Some(100.0),
        "" if meta.role == Role::Availability => Some(if level > 1.5 { 100.0 } else { 1.0 }),
        _ => None,
    }
}

/// A twentieth of a processor is nobody's trouble, however idle the process was before.
fn processor_floor(unit: &str) -> f64 {
    match unit {
        "{cpu}" | "cores" => 0.05,
        "m" | "m{cpu}" => 50.0,
        _ => 0.0,
    }
}

fn latency_floor(unit: &str) -> f64 {
    match unit {
        "s" => 0.002,
        "ms" => 2.0,
        "us" => 2e3,
        "ns" => 2e6,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::names;
    use crate::unit::EntityId;

    #[test]
    fn effects_follow_role_and_unit() {
        for (metric, unit, level, expected) in [
            (names::ERROR_RATIO, "1", 0.0, 0.01),
            (names::DURATION, "s", 0.1, 0.032),
            (names::DURATION, "ms", 100.0, 32.0),
            ("availability", "%", 100.0, 1.0),
            ("availability", "", 100.0, 1.0),
            (names::CPU_UTILIZATION, "1", 0.2, 0.12),
            ("container.cpu.usage", "{cpu}", 0.002, 0.05),
            ("container.cpu.usage", "{cpu}", 0.5, 0.3),
            (names::MEMORY_WORKING_SET, "By", 1e9, 2.5e8),
            (names::QUEUE_LENGTH, "{request}", 0.0, 4.0),
        ] {
            let meta = SeriesMeta::gauge(EntityId(0), metric, unit);
            assert!((smallest(&meta, level) - expected).abs() < 1e-9, "{metric} {unit}");
        }
    }
}
