//! Somebody else's engine, as a policy file names it: a command, or a service behind webhooks.
//!
//! Plain data. Who starts it and how it is spoken to is the business of `controllers/`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::contract::Stage;
use crate::unit::SimDuration;

/// Whether the time that an engine takes to answer counts.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Latency {
    /// No: every answer belongs to the instant of its request. Results can be repeated.
    #[default]
    None,
    /// Yes: an answer takes effect so much later as it took on the wall clock. Results differ
    /// from run to run and from machine to machine.
    Measured,
}

/// An engine of one's own, in any language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OutsideEngine {
    /// Program and arguments. A program with a `/` in its name and the working directory are
    /// relative to the policy file.
    pub command: Vec<String>,
    /// The stages that it supplies, of detect, diagnose, remediate and guard; windtunnel supplies
    /// the others (default: the whole chain).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<Stage>,
    /// Longest wait for one answer, on the wall clock (default 10s).
    #[serde(default = "ten_seconds")]
    pub timeout: SimDuration,
    /// Whether the time it takes to answer counts (default: none).
    #[serde(default)]
    pub latency: Latency,
    /// Further environment variables.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Alertmanager webhooks in place of the protocol on standard input and output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<Webhook>,
    /// Where the policy file stands; set by whoever reads it.
    #[serde(skip)]
    pub directory: PathBuf,
}

/// How alerts are grouped and sent, as Alertmanager's route says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Webhook {
    /// Path of the service's webhook (default `/alerts`).
    pub path: String,
    /// Labels that make one group of alerts (default: service).
    pub group_by: Vec<String>,
    /// Wait before a new group's first notification (default 30s).
    pub group_wait: SimDuration,
    /// Shortest time between notifications of a group that changed (default 5m).
    pub group_interval: SimDuration,
    /// After how long an unchanged group is sent again (default 4h).
    pub repeat_interval: SimDuration,
    /// Whether it is told when alerts are over (default true).
    pub send_resolved: bool,
}

impl Default for Webhook {
    fn default() -> Self {
        Self {
            path: "/alerts".to_owned(),
            group_by: vec!["service".to_owned()],
            group_wait: SimDuration::from_secs(30),
            group_interval: SimDuration::from_secs(300),
            repeat_interval: SimDuration::from_secs(4 * 3600),
            send_resolved: true,
        }
    }
}

impl OutsideEngine {
    /// An engine of this command that replaces the whole chain.
    #[must_use]
    pub fn of_command(command: Vec<String>) -> Self {
        Self {
            command,
            stages: Vec::new(),
            timeout: ten_seconds(),
            latency: Latency::None,
            env: BTreeMap::new(),
            webhook: None,
            directory: PathBuf::new(),
        }
    }

    /// Whether it replaces the whole chain.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.stages.is_empty() && self.webhook.is_none()
    }

    /// The stages of ours that it replaces, as keys of the policy.
    #[must_use]
    pub fn replaces(&self) -> Vec<Stage> {
        use Stage::{Detect, Diagnose, Guard, Remediate};
        if self.webhook.is_some() {
            vec![Diagnose, Remediate, Guard]
        } else if self.stages.is_empty() {
            vec![Detect, Diagnose, Remediate, Guard]
        } else {
            self.stages.clone()
        }
    }
}

fn ten_seconds() -> SimDuration {
    SimDuration::from_secs(10)
}
