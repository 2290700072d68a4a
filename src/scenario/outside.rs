//! What must hold of a policy's `engine:` beyond its shape: one stage has one supplier.

use super::shape::{Finding, join};
use super::yaml::{Node, Value};

/// Slips of the section, if there is one.
pub(super) fn check(policy: &Node, path: &str) -> Vec<Finding> {
    let Some(engine) = policy.get("engine") else { return Vec::new() };
    let mut findings = Vec::new();
    let name = join(path, "engine");
    if let Some(command) = engine.get("command")
        && command.items().is_empty()
        && matches!(command.value, Value::List(_))
    {
        let message = format!("expected a program and its arguments for {name}.command, found []");
        findings.push(Finding::new(command.at, message));
    }
    findings.extend(engine.get("timeout").and_then(|timeout| too_short(timeout, &name)));
    let stages = engine.get("stages");
    let webhook = engine.get("webhook");
    if let (Some(stages), Some(_)) = (stages, webhook) {
        let message =
            format!("{name}: a webhook replaces diagnose, remediate and guard: no stages");
        findings.push(Finding::new(stages.at, message));
    }
    if let (Some(latency), true) = (engine.get("latency"), stages.or(webhook).is_some())
        && latency.text() == Some("measured")
    {
        let message = format!("{name}: `latency: measured` is for whole chains only");
        findings.push(Finding::new(latency.at, message));
    }
    for stage in replaced(stages, webhook) {
        if let Some(listed) = policy.get(stage).filter(|listed| !is_empty(listed)) {
            let ours = join(path, stage);
            let message = format!("{ours}: this stage is supplied by {name}; list nothing here");
            findings.push(Finding::new(listed.at, message));
        }
    }
    findings
}

fn replaced<'n>(stages: Option<&'n Node>, webhook: Option<&Node>) -> Vec<&'n str> {
    if webhook.is_some() {
        return vec!["diagnose", "remediate", "guard"];
    }
    match stages.map(Node::items) {
        Some([]) | None => vec!["detect", "correlate", "diagnose", "remediate", "guard"],
        Some(named) => named.iter().filter_map(Node::text).collect(),
    }
}

fn is_empty(node: &Node) -> bool {
    node.items().is_empty() && node.pairs().is_empty()
}

fn too_short(timeout: &Node, name: &str) -> Option<Finding> {
    let found = timeout.text()?;
    let length: crate::unit::SimDuration = found.parse().ok()?;
    let message = format!("expected more than 0s for {name}.timeout, found {found}");
    (length <= crate::unit::SimDuration::ZERO).then(|| Finding::new(timeout.at, message))
}

#[cfg(test)]
mod tests {
    use super::super::yaml;
    use super::*;

    fn messages(engine: &str, rest: &str) -> Vec<String> {
        let text = format!("{{version: 1, name: x, engine: {engine}{rest}}}");
        let node = yaml::parse(&text).unwrap();
        check(&node, "").into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn one_stage_has_one_supplier() {
        for (engine, rest, expected) in [
            ("{command: [a]}", "", ""),
            ("{command: [a]}", ", detect: []", ""),
            ("{command: [a]}", ", detect: [burn_rate]", "detect: this stage is supplied by engine"),
            ("{command: [a], stages: [guard]}", ", detect: [burn_rate]", ""),
            ("{command: [a], stages: [guard]}", ", guard: [dry_run]", "guard: this stage"),
            ("{command: [a], webhook: {}}", ", guard: [dry_run]", "guard: this stage"),
            ("{command: [a], webhook: {}, stages: [guard]}", "", "engine: a webhook replaces"),
            ("{command: []}", "", "expected a program and its arguments for engine.command"),
            ("{command: [a], timeout: 0s}", "", "expected more than 0s for engine.timeout"),
            (
                "{command: [a], stages: [guard], latency: measured}",
                "",
                "engine: `latency: measured`",
            ),
        ] {
            let found = messages(engine, rest);
            let first = found.first().cloned().unwrap_or_default();
            assert_eq!(found.len(), usize::from(!expected.is_empty()), "{engine} {found:?}");
            assert!(first.starts_with(expected), "{first:?} should start with {expected:?}");
        }
    }
}
