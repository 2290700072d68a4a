//! What may be done: verbs, their parameters, risk and reversibility.

use serde::{Deserialize, Serialize};

use crate::unit::{ActionId, IncidentId, Name};

/// The verb of an action.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Return a service to a former version.
    Rollback,
    /// More replicas.
    ScaleOut,
    /// Larger replicas.
    ScaleUp,
    /// Replace all replicas, one after the other.
    Restart,
    /// Put the live configuration back to the desired one.
    ReconcileConfig,
    /// Stop calling a sick callee; probe it until it recovers.
    OpenCircuit,
    /// Issue and load a new certificate.
    RotateCertificate,
    /// Fewer replicas.
    ScaleIn,
    /// Keep new replicas off a node and move the ones on it away.
    Drain,
    /// Send a zone's share of the traffic to the other zones.
    ShiftTraffic,
    /// Reject a share of the requests at once, so that the rest is served.
    ShedLoad,
    /// Switch a feature flag off.
    DisableFlag,
    /// Remove what may be removed from a full disk.
    CleanDisk,
    /// Issue and load new credentials.
    RotateSecret,
    /// Wake a person with the whole story.
    PageOnCall,
}

/// How a rollout is done.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// A small share first; go on if it is healthy.
    Canary,
    /// Replica by replica.
    Rolling,
}

/// How dangerous an action is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Cannot hurt: notify, page.
    Safe,
    /// Can be taken back at once.
    Reversible,
    /// Can hurt before it is taken back.
    Risky,
    /// Cannot be taken back.
    Destructive,
}

/// A verb with its parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "verb", rename_all = "snake_case")]
pub enum Operation {
    /// Return to `version` (absent: the one before the current).
    Rollback {
        /// The version to return to.
        version: Option<String>,
        /// How to roll.
        strategy: Strategy,
    },
    /// Run `replicas` replicas.
    ScaleOut {
        /// The new number of replicas.
        replicas: u32,
    },
    /// Multiply the limits of each replica.
    ScaleUp {
        /// New limit / old limit, above 1.
        factor: f64,
    },
    /// Replace all replicas, one after the other.
    Restart,
    /// Put the live configuration back to the desired one.
    ReconcileConfig,
    /// Stop the target from calling `callee`.
    OpenCircuit {
        /// The sick callee.
        callee: Name,
    },
    /// Issue and load a new certificate.
    RotateCertificate,
    /// Run `replicas` replicas, fewer than now.
    ScaleIn {
        /// The new number of replicas.
        replicas: u32,
    },
    /// Cordon the target, a node, and evict its replicas within their disruption budgets.
    Drain,
    /// Send `share` of the traffic of the target, a zone, to the other zones.
    ShiftTraffic {
        /// Share of its traffic that leaves the zone, 0 to 1 (1: all; 0 takes a shift back).
        share: f64,
    },
    /// Reject `share` of the target's requests at once.
    ShedLoad {
        /// Share of requests to reject, 0 to 1 (0 stops shedding).
        share: f64,
    },
    /// Switch the target's feature flag off.
    DisableFlag {
        /// The flag.
        flag: String,
    },
    /// Remove what may be removed from the disks of the target, a service or a node.
    CleanDisk,
    /// Issue new credentials for the target and have its replicas load them.
    RotateSecret,
    /// Wake a person.
    PageOnCall {
        /// The whole story, for a person.
        summary: String,
    },
}

/// One thing to be done to one entity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Action {
    /// Its number.
    pub id: ActionId,
    /// The incident it answers.
    pub incident: IncidentId,
    /// The entity it is done to.
    pub target: Name,
    /// What is done.
    #[serde(flatten)]
    pub operation: Operation,
    /// How dangerous it is.
    pub risk: Risk,
    /// Only say what would be done.
    pub dry_run: bool,
    /// Why, for a person.
    pub reason: String,
}

impl Verb {
    /// All of them, in order.
    pub const ALL: [Self; 15] = [
        Self::Rollback,
        Self::ScaleOut,
        Self::ScaleUp,
        Self::Restart,
        Self::ReconcileConfig,
        Self::OpenCircuit,
        Self::RotateCertificate,
        Self::ScaleIn,
        Self::Drain,
        Self::ShiftTraffic,
        Self::ShedLoad,
        Self::DisableFlag,
        Self::CleanDisk,
        Self::RotateSecret,
        Self::PageOnCall,
    ];

    /// Its name in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rollback => "rollback",
            Self::ScaleOut => "scale_out",
            Self::ScaleUp => "scale_up",
            Self::Restart => "restart",
            Self::ReconcileConfig => "reconcile_config",
            Self::OpenCircuit => "open_circuit",
            Self::RotateCertificate => "rotate_certificate",
            Self::ScaleIn => "scale_in",
            Self::Drain => "drain",
            Self::ShiftTraffic => "shift_traffic",
            Self::ShedLoad => "shed_load",
            Self::DisableFlag => "disable_flag",
            Self::CleanDisk => "clean_disk",
            Self::RotateSecret => "rotate_secret",
            Self::PageOnCall => "page_on_call",
        }
    }

    /// Whether it changes the fleet; a page does not.
    #[must_use]
    pub const fn touches_fleet(self) -> bool {
        !matches!(self, Self::PageOnCall)
    }
}

impl std::fmt::Display for Verb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl Operation {
    /// Its verb.
    #[must_use]
    pub const fn verb(&self) -> Verb {
        match self {
            Self::Rollback { .. } => Verb::Rollback,
            Self::ScaleOut { .. } => Verb::ScaleOut,
            Self::ScaleUp { .. } => Verb::ScaleUp,
            Self::Restart => Verb::Restart,
            Self::ReconcileConfig => Verb::ReconcileConfig,
            Self::OpenCircuit { .. } => Verb::OpenCircuit,
            Self::RotateCertificate => Verb::RotateCertificate,
            Self::ScaleIn { .. } => Verb::ScaleIn,
            Self::Drain => Verb::Drain,
            Self::ShiftTraffic { .. } => Verb::ShiftTraffic,
            Self::ShedLoad { .. } => Verb::ShedLoad,
            Self::DisableFlag { .. } => Verb::DisableFlag,
            Self::CleanDisk => Verb::CleanDisk,
            Self::RotateSecret => Verb::RotateSecret,
            Self::PageOnCall { .. } => Verb::PageOnCall,
        }
    }
}

impl Action {
    /// Its verb.
    #[must_use]
    pub const fn verb(&self) -> Verb {
        self.operation.verb()
    }
}
