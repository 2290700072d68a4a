//! One event: something that happened, among them every change that people or tools made.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::unit::{Name, SimTime};

/// What sort of event it is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A Kubernetes event; `reason` as Kubernetes writes it (OOMKilling, BackOff, Unhealthy ...).
    Kubernetes,
    /// A version was rolled out; attributes `version`, `previous_version`.
    Deploy,
    /// A configuration was edited; attributes `key`, `old`, `new` where known.
    Config,
    /// A commit landed; attributes `sha`, `message`.
    Commit,
    /// A feature flag was switched; attributes `flag`, `value`.
    Flag,
    /// A status page of a dependency changed; attribute `status`.
    ExternalStatus,
    /// An alert from outside: the benchmarks' protocol hands it to the engine.
    Alert,
}

impl EventKind {
    /// Whether somebody changed something: a suspect by nature.
    #[must_use]
    pub const fn is_change(self) -> bool {
        matches!(self, Self::Deploy | Self::Config | Self::Commit | Self::Flag)
    }
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Event {
    /// When it happened.
    pub time: SimTime,
    /// What sort it is.
    pub kind: EventKind,
    /// The entity it is about, if any.
    pub entity: Option<Name>,
    /// What happened, in one word or short phrase: `OOMKilling`, `deploy`, `flag flipped`.
    pub reason: String,
    /// Particulars by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
}

impl Event {
    /// An event with no attributes.
    #[must_use]
    pub fn new(time: SimTime, kind: EventKind, entity: Option<Name>, reason: &str) -> Self {
        Self { time, kind, entity, reason: reason.to_owned(), attributes: BTreeMap::new() }
    }

    /// The same with one more attribute.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.attributes.insert(key.to_owned(), value.into());
        self
    }
}
