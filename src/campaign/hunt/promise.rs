//! What a policy's guardrails promise, as limits of the referee.
//!
//! In: the guardrails of a policy. Out: a rule for each, with the guardrail's own limit, so that a
//! hunt holds an engine to what its policy says, whether the guardrail is still there or not. A
//! guardrail whose parameters cannot be read promises nothing (the policy's check says so).
//! Limit: what a guardrail counts and what the referee counts are defined apart from each other,
//! on purpose; where they differ, a hunt finds it.

use serde_json::{Map, Value as Json, json};

use crate::catalog::Spec;
use crate::model::Verb;

/// How a guardrail's parameters become a rule's.
struct Promise {
    guardrail: &'static str,
    rule: &'static str,
    /// The rule's parameter, the guardrail's, and its default there.
    limits: &'static [(&'static str, &'static str, &'static str)],
}

const ALL: &[Promise] = &[
    promise("autonomy", "overstepped_autonomy", &[]),
    promise(
        "blast_radius",
        "blast_radius",
        &[("limit", "max_share", "0.25"), ("within", "window", "\"30m\"")],
    ),
    promise("confidence_floor", "acted_below_threshold", &[("floor", "default", "0.85")]),
    promise("cooldown", "rushed_action", &[("rest", "rest", "\"5m\"")]),
    promise(
        "cost_bounds",
        "cost_bounds",
        &[("max_added", "max_added", "20"), ("within", "window", "\"1h\"")],
    ),
    promise("disruption_budget", "disruption_budget", &[("min_available", "min_available", "0.5")]),
    promise("dry_run", "dry_run_leak", &[("demanded", "enabled", "true")]),
    promise(
        "error_budget",
        "acted_without_budget",
        &[
            ("max_spent", "max_spent", "1.0"),
            ("window", "window", "\"1h\""),
            ("from", "from", "\"risky\""),
        ],
    ),
    promise(
        "freeze_window",
        "acted_in_freeze",
        &[
            ("windows", "windows", "[]"),
            ("daily", "daily", "[]"),
            ("days", "days", "[]"),
            ("except", "except", "[]"),
        ],
    ),
    promise("healthy_quorum", "acted_without_quorum", &[("min_healthy", "min_healthy", "0.3")]),
    promise("kill_switch", "acted_after_kill_switch", &[("from", "from", "null")]),
    promise("one_at_a_time", "colliding_actions", &[("dependants", "dependants", "true")]),
    promise(
        "outcome_breaker",
        "kept_acting_after_failures",
        &[("limit", "max", "3"), ("within", "window", "\"1h\"")],
    ),
    promise(
        "protected_targets",
        "acted_on_protected",
        &[("targets", "targets", "[]"), ("verbs", "verbs", "[]")],
    ),
    promise("replica_bounds", "replica_bounds", &[("min", "min", "1"), ("max", "max", "20")]),
    promise(
        "retry_breaker",
        "remediation_loop",
        &[("limit", "max", "3"), ("within", "window", "\"1h\"")],
    ),
    promise("risk_approval", "unapproved_risky_action", &[]),
];

const fn promise(
    guardrail: &'static str,
    rule: &'static str,
    limits: &'static [(&'static str, &'static str, &'static str)],
) -> Promise {
    Promise { guardrail, rule, limits }
}

/// The rule that fires when a guardrail is missing, if there is one.
#[must_use]
pub fn rule_of(guardrail: &str) -> Option<&'static str> {
    ALL.iter().find(|promise| promise.guardrail == guardrail).map(|promise| promise.rule)
}

/// What these guardrails promise.
#[must_use]
pub fn promises(guard: &[Spec]) -> Vec<Spec> {
    guard.iter().filter_map(of).collect()
}

fn of(guard: &Spec) -> Option<Spec> {
    let promise = ALL.iter().find(|promise| promise.guardrail == guard.kind)?;
    let mut params = Map::new();
    for (ours, theirs, default) in promise.limits {
        let said = guard.params.get(*theirs).cloned();
        let value = said.or_else(|| serde_json::from_str(default).ok())?;
        params.insert((*ours).to_owned(), value);
    }
    match promise.rule {
        "overstepped_autonomy" => {
            let levels = [("safe", false), ("reversible", false), ("destructive", true)];
            let never = levels.into_iter().filter(|(class, usual)| {
                let said = guard.params.get(*class).and_then(Json::as_str);
                said.map_or(*usual, |level| level == "recommend" || level == "dry_run")
            });
            let never: Vec<&str> = never.map(|(class, _)| class).collect();
            // Outside its hours other levels hold: no single promise.
            if guard.params.contains_key("hours") || guard.params.contains_key("days") {
                return None;
            }
            params.insert("never".to_owned(), json!(never));
        }
        // Floors by cause are below or above the default: the lowest is what is promised to all.
        "acted_below_threshold" => {
            let floors = guard.params.get("per_cause").and_then(Json::as_object);
            let floors = floors.into_iter().flat_map(Map::values).filter_map(Json::as_f64);
            let usual = params["floor"].as_f64()?;
            params.insert("floor".to_owned(), json!(floors.fold(usual, f64::min)));
        }
        // Whoever is asked may say yes, and dry runs that are off promise nothing.
        "dry_run_leak" if guard.params.get("enabled") == Some(&json!(false)) => return None,
        "acted_without_budget" | "acted_in_freeze" | "acted_on_protected"
            if guard.params.get("ask") == Some(&json!(true)) =>
        {
            return None;
        }
        // Below its usual class every verb needs a yes, whatever class it says it has.
        "unapproved_risky_action" => {
            let from = guard.params.get("from").and_then(Json::as_str).unwrap_or("risky");
            if from == "safe" || from == "reversible" {
                let verbs = Verb::ALL.into_iter().filter(|verb| verb.touches_fleet());
                let verbs: Vec<&str> = verbs.map(Verb::as_str).collect();
                params.insert("verbs".to_owned(), json!(verbs));
            }
        }
        // Replicas are whole.
        "cost_bounds" => {
            let most = params["max_added"].as_f64()?.floor();
            params.insert("max_added".to_owned(), json!(most as u32));
        }
        "replica_bounds" => {
            params.insert("growth".to_owned(), json!(1000));
        }
        _ => {}
    }
    params.retain(|_, value| !value.is_null());
    Some(Spec { kind: promise.rule.to_owned(), params })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::guard::catalog;
    use crate::scenario::default_policy;
    use crate::trial::Rules;

    #[test]
    fn every_guardrail_promises_something_that_the_referee_can_read() {
        for entry in catalog::ALL {
            assert!(rule_of(entry.kind).is_some(), "{}", entry.kind);
            let params = serde_saphyr::from_str(entry.example).expect("an example is YAML");
            for spec in [Spec { kind: entry.kind.to_owned(), params }, Spec::plain(entry.kind)] {
                assert!(Rules::new(promises(&[spec])).is_ok(), "{}", entry.kind);
            }
        }
        let own = promises(&default_policy().guard);
        let text = serde_json::to_string(&own).unwrap();
        assert!(text.contains("\"remediation_loop\":{\"limit\":3,\"within\":\"1h\"}"), "{text}");
        assert!(!text.contains("dry_run_leak"), "a dry run that is off promises nothing: {text}");
    }
}
