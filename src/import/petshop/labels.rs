//! The labels of an issue: alarm, root cause and the command that injected it.
//!
//! In: `target.json`. Out: a truth; nothing of it may reach the telemetry.

use std::path::Path;

use serde::Deserialize;

use super::super::ImportError;
use super::INTERVAL;
use super::metrics::Metrics;
use crate::model::{Alarm, Cause, TrueIncident, Truth, Verb, names};
use crate::unit::{Name, SimDuration, SimTime, Window};

#[derive(Deserialize)]
struct Target {
    target: TargetAlarm,
    root_cause: RootCause,
    #[serde(default)]
    metadata: serde_json::Value,
}

#[derive(Deserialize)]
struct TargetAlarm {
    node: String,
    metric: String,
    timestamp: f64,
}

#[derive(Deserialize)]
struct RootCause {
    node: String,
}

/// The truth of an issue whose rows are `issue`.
pub(super) fn read(path: &Path, issue: &Metrics) -> Result<Truth, ImportError> {
    let expected = "target, root_cause and metadata of an issue";
    let text = std::fs::read_to_string(path).map_err(|e| ImportError::file(path, e, expected))?;
    let label: Target =
        serde_json::from_str(&text).map_err(|e| ImportError::file(path, e, expected))?;
    let time = SimTime::default() + SimDuration::from_secs_f64(label.target.timestamp);
    let last = issue.rows.last().map_or(time, |(last, _)| *last).max(time);
    let (cause, acceptable) = cause(&label.metadata.to_string());
    let metric = match label.target.metric.as_str() {
        "latency" => names::DURATION,
        "availability" => names::AVAILABILITY,
        other => other,
    };
    let incident = TrueIncident {
        id: "issue".to_owned(),
        window: Window { start: time - INTERVAL, end: last + INTERVAL },
        onset: None,
        root_causes: vec![Name::from(label.root_cause.node)],
        cause,
        acceptable,
        forbidden: Vec::new(),
        tolerance_before: SimDuration::ZERO,
        tolerance_after: SimDuration::ZERO,
        alarm: Some(Alarm {
            time,
            entity: Some(Name::from(label.target.node)),
            metric: Some(metric.to_owned()),
        }),
    };
    Ok(Truth { incidents: vec![incident], ignore: Vec::new() })
}

/// What the injecting command did, and what would take it back.
fn cause(command: &str) -> (Option<Cause>, Vec<Verb>) {
    if command.contains("cdk deploy") {
        (Some(Cause::BadDeploy), vec![Verb::Rollback])
    } else if command.contains("ssm put-parameter") {
        (Some(Cause::ConfigDrift), vec![Verb::ReconcileConfig])
    } else if command.contains("issue_dynamo_db_requests") {
        (Some(Cause::TrafficSurge), vec![Verb::ScaleOut, Verb::ScaleUp])
    } else {
        (None, Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_injecting_command_tells_the_cause() {
        for (command, expected) in [
            ("cdk deploy --all", Some(Cause::BadDeploy)),
            ("aws ssm put-parameter --name x", Some(Cause::ConfigDrift)),
            ("issue_dynamo_db_requests 5", Some(Cause::TrafficSurge)),
            ("reboot", None),
        ] {
            assert_eq!(cause(command).0, expected, "{command}");
        }
    }
}
