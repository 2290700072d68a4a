//! Anomalies as Alertmanager alerts, and the webhook's payload, version 4.
//!
//! In: what our own detection says. Out: labels, annotations, fingerprint and the JSON document
//! that Alertmanager posts. Source: Alertmanager's webhook documentation and its data model
//! (fingerprint: FNV-1a over the sorted labels, as in prometheus/common).

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::{Anomaly, Direction, Role};
use crate::unit::{IncidentId, SimTime};

/// Names and values.
pub(super) type Labels = BTreeMap<String, String>;

/// When an alert that fires ends: Go's zero time, as Alertmanager writes it.
const NEVER: &str = "0001-01-01T00:00:00Z";
/// Score from which an alert is critical.
const CRITICAL: f64 = 3.0;

/// One alert.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Alert {
    pub(super) labels: Labels,
    pub(super) annotations: Labels,
    pub(super) starts: SimTime,
    pub(super) ends: Option<SimTime>,
}

/// What is posted.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Payload {
    receiver: &'static str,
    status: &'static str,
    alerts: Vec<PostedAlert>,
    group_labels: Labels,
    common_labels: Labels,
    common_annotations: Labels,
    #[serde(rename = "externalURL")]
    external_url: String,
    version: &'static str,
    group_key: String,
    truncated_alerts: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct PostedAlert {
    status: &'static str,
    labels: Labels,
    annotations: Labels,
    starts_at: String,
    ends_at: String,
    #[serde(rename = "generatorURL")]
    generator_url: String,
    fingerprint: String,
}

impl Alert {
    /// An alert that fires from now on.
    pub(super) fn firing(anomaly: &Anomaly) -> Self {
        let role = word(anomaly.role);
        let way = match anomaly.direction {
            Direction::Up => "High",
            Direction::Down => "Low",
            Direction::Both => "Odd",
        };
        let severity = if anomaly.score >= CRITICAL { "critical" } else { "warning" };
        let mut labels = Labels::new();
        for (name, value) in [
            ("alertname", format!("{role}{way}")),
            ("service", anomaly.entity.to_string()),
            ("severity", severity.to_owned()),
            ("signal", anomaly.signal.clone()),
        ] {
            labels.insert(name.to_owned(), value);
        }
        if let Some(instance) = &anomaly.instance {
            labels.insert("instance".to_owned(), instance.to_string());
        }
        let value = |value: Option<f64>| value.map_or("unknown".to_owned(), |v| v.to_string());
        let seen = format!("{} {}", value(anomaly.observed), anomaly.unit);
        let usual = format!("{} {}", value(anomaly.expected), anomaly.unit);
        let text = format!(
            "{} of {} is {}, expected {}",
            anomaly.signal,
            anomaly.entity,
            seen.trim_end(),
            usual.trim_end()
        );
        let annotations = Labels::from([("summary".to_owned(), text)]);
        Self { labels, annotations, starts: anomaly.raised, ends: None }
    }

    /// Its fingerprint.
    pub(super) fn fingerprint(&self) -> u64 {
        let mut hash: u64 = 14_695_981_039_346_656_037;
        let mut add = |bytes: &[u8]| {
            for byte in bytes.iter().chain(&[255]) {
                hash = (hash ^ u64::from(*byte)).wrapping_mul(1_099_511_628_211);
            }
        };
        for (name, value) in &self.labels {
            add(name.as_bytes());
            add(value.as_bytes());
        }
        hash
    }

    fn posted(&self, external_url: &str) -> PostedAlert {
        PostedAlert {
            status: if self.ends.is_some() { "resolved" } else { "firing" },
            labels: self.labels.clone(),
            annotations: self.annotations.clone(),
            starts_at: self.starts.to_string(),
            ends_at: self.ends.map_or(NEVER.to_owned(), |end| end.to_string()),
            generator_url: format!("{external_url}/v1/services"),
            fingerprint: format!("{:016x}", self.fingerprint()),
        }
    }
}

impl Payload {
    /// The payload of a group's alerts; `incident` stands among the common annotations.
    pub(super) fn new(
        group: &Labels,
        alerts: &[Alert],
        external_url: &str,
        incident: IncidentId,
    ) -> Self {
        let firing = alerts.iter().any(|alert| alert.ends.is_none());
        let mut common_annotations = common(alerts.iter().map(|a| &a.annotations));
        common_annotations.insert("incident".to_owned(), incident.0.to_string());
        let labels: Vec<String> = group.iter().map(|(n, v)| format!("{n}={v:?}")).collect();
        Self {
            receiver: "windtunnel",
            status: if firing { "firing" } else { "resolved" },
            alerts: alerts.iter().map(|alert| alert.posted(external_url)).collect(),
            group_labels: group.clone(),
            common_labels: common(alerts.iter().map(|a| &a.labels)),
            common_annotations,
            external_url: external_url.to_owned(),
            version: "4",
            group_key: format!("{{}}:{{{}}}", labels.join(", ")),
            truncated_alerts: 0,
        }
    }
}

/// What all have in common.
fn common<'a>(mut all: impl Iterator<Item = &'a Labels>) -> Labels {
    let mut shared = all.next().cloned().unwrap_or_default();
    for labels in all {
        shared.retain(|name, value| labels.get(name) == Some(value));
    }
    shared
}

fn word(role: Role) -> String {
    let text = format!("{role:?}");
    if role == Role::Other { "Signal".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(pairs: &[(&str, &str)]) -> Alert {
        let labels = pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Alert { labels, annotations: Labels::new(), starts: SimTime::default(), ends: None }
    }

    #[test]
    fn no_label_has_the_offset_basis_as_fingerprint() {
        // prometheus/common: emptyLabelSignature = hashNew() = the FNV-1a offset basis.
        assert_eq!(alert(&[]).fingerprint(), 14_695_981_039_346_656_037);
        let (one, two) = (alert(&[("a", "bc")]), alert(&[("ab", "c")]));
        assert_ne!(one.fingerprint(), two.fingerprint(), "names and values are kept apart");
    }

    #[test]
    fn the_payload_has_alertmanagers_names() {
        let alerts = [
            alert(&[("service", "cart"), ("signal", "a")]),
            alert(&[("service", "cart"), ("signal", "b")]),
        ];
        let group = Labels::from([("service".to_owned(), "cart".to_owned())]);
        let payload = Payload::new(&group, &alerts, "http://x", IncidentId(3));
        let json = serde_json::to_value(payload).unwrap();
        assert_eq!(json["version"], "4");
        assert_eq!(json["status"], "firing");
        assert_eq!(json["groupKey"], "{}:{service=\"cart\"}");
        assert_eq!(json["commonLabels"], serde_json::json!({ "service": "cart" }));
        assert_eq!(json["alerts"][0]["endsAt"], "0001-01-01T00:00:00Z");
        assert_eq!(json["alerts"][1]["startsAt"], "1970-01-01T00:00:00Z");
        for name in ["receiver", "groupLabels", "commonAnnotations", "externalURL"] {
            assert!(!json[name].is_null(), "{name}");
        }
        assert_eq!(json["truncatedAlerts"], 0);
    }
}
