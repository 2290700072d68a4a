//! How one policy differs from another, for a person: `alarm.threshold: 1.0 → 8.0`.
//!
//! In: two policies. Out: one line a difference, in the order of the stages. Kinds that came or
//! went are named; parameters that changed show both values.

use serde_json::Value as Json;

use crate::model::Policy;

/// Every difference from `old` to `new`; names and descriptions are not compared.
#[must_use]
pub fn changes(old: &Policy, new: &Policy) -> Vec<String> {
    let plain = |policy: &Policy| {
        let mut json = serde_json::to_value(policy).expect("a policy has text keys only");
        if let Json::Object(map) = &mut json {
            map.retain(|key, _| !matches!(&**key, "name" | "description" | "version"));
        }
        json
    };
    let mut found = Vec::new();
    compare("", &plain(old), &plain(new), &mut found);
    found
}

fn compare(path: &str, old: &Json, new: &Json, found: &mut Vec<String>) {
    let at = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match (old, new) {
        _ if old == new => {}
        (Json::Object(a), Json::Object(b)) => {
            for key in a.keys().chain(b.keys().filter(|key| !a.contains_key(*key))) {
                let (old, new) =
                    (a.get(key).unwrap_or(&Json::Null), b.get(key).unwrap_or(&Json::Null));
                compare(&at(key), old, new, found);
            }
        }
        (Json::Array(a), Json::Array(b)) => kinds(path, a, b, found),
        (Json::Null, new) => found.push(format!("{path}: {} added", short(new))),
        (old, Json::Null) => found.push(format!("{path}: {} removed", short(old))),
        (old, new) => found.push(format!("{path}: {} → {}", short(old), short(new))),
    }
}

fn kinds(path: &str, old: &[Json], new: &[Json], found: &mut Vec<String>) {
    let names = |all: &[Json]| all.iter().map(kind).collect::<Vec<String>>();
    let (before, after) = (names(old), names(new));
    for (place, name) in before.iter().enumerate() {
        match after.iter().position(|other| other == name) {
            Some(other) => {
                let params = |json: &Json| {
                    json.get(name)
                        .cloned()
                        .unwrap_or_else(|| Json::Object(serde_json::Map::default()))
                };
                compare(
                    &format!("{path}.{name}"),
                    &params(&old[place]),
                    &params(&new[other]),
                    found,
                );
            }
            None => found.push(format!("{path}: {name} removed")),
        }
    }
    for name in after.iter().filter(|name| !before.contains(name)) {
        found.push(format!("{path}: {name} added"));
    }
    let kept: Vec<&String> = before.iter().filter(|name| after.contains(name)).collect();
    let now: Vec<&String> = after.iter().filter(|name| before.contains(name)).collect();
    if kept != now {
        let all: Vec<&str> = after.iter().map(String::as_str).collect();
        found.push(format!("{path}: order is now {}", all.join(", ")));
    }
}

fn kind(spec: &Json) -> String {
    match spec {
        Json::String(name) => name.clone(),
        Json::Object(map) => map.keys().next().cloned().unwrap_or_default(),
        other => other.to_string(),
    }
}

fn short(json: &Json) -> String {
    match json {
        Json::String(text) => text.clone(),
        Json::Array(all) => format!("[{}]", all.iter().map(kind).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Spec;
    use crate::model::Cause;
    use crate::scenario::default_policy;

    #[test]
    fn every_sort_of_change_is_named() {
        let old = default_policy();
        assert!(changes(&old, &old).is_empty());
        let mut new = old.clone();
        new.name = "other".to_owned();
        new.alarm.threshold = 8.0;
        new.detect.retain(|spec| spec.kind != "robust_score");
        new.guard.retain(|spec| spec.kind != "blast_radius");
        for spec in &mut new.guard {
            if spec.kind == "confidence_floor" {
                spec.params.insert("default".to_owned(), 0.1.into());
            }
        }
        new.remediate.insert(Cause::TrafficSurge, vec![Spec::plain("restart")]);
        let found = changes(&old, &new);
        for line in [
            "alarm.threshold: 1.0 → 8.0",
            "detect: robust_score removed",
            "guard: blast_radius removed",
            "guard.confidence_floor.default: 0.85 → 0.1",
            "remediate.traffic_surge: scale_out removed",
            "remediate.traffic_surge: restart added",
        ] {
            assert!(found.iter().any(|f| f == line), "{line} in {found:?}");
        }
    }
}
