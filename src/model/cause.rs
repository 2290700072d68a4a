//! What can be wrong: the cause types that a diagnosis names and a truth label states.

use serde::{Deserialize, Serialize};

/// The type of a root cause.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A deploy brought the defect: rolling it back removes it.
    BadDeploy,
    /// Code misbehaves with no deploy in sight: exceptions, wrong returns.
    CodeDefect,
    /// Memory, CPU, threads, connections, file descriptors or disk ran out.
    ResourceExhaustion,
    /// Live configuration differs from the desired one, or a config change was wrong.
    ConfigDrift,
    /// Something that is called fails or is slow and cannot be fixed from here.
    DependencyFailure,
    /// Delay, loss or partition between services.
    NetworkFault,
    /// A certificate or secret expired or is about to.
    CertificateExpiry,
    /// More requests than planned for.
    TrafficSurge,
    /// A node or zone is gone or under pressure.
    NodeFailure,
    /// No evidence decides: the honest answer.
    Unknown,
}

impl Cause {
    /// All of them, in order.
    pub const ALL: [Self; 10] = [
        Self::BadDeploy,
        Self::CodeDefect,
        Self::ResourceExhaustion,
        Self::ConfigDrift,
        Self::DependencyFailure,
        Self::NetworkFault,
        Self::CertificateExpiry,
        Self::TrafficSurge,
        Self::NodeFailure,
        Self::Unknown,
    ];

    /// Its name in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadDeploy => "bad_deploy",
            Self::CodeDefect => "code_defect",
            Self::ResourceExhaustion => "resource_exhaustion",
            Self::ConfigDrift => "config_drift",
            Self::DependencyFailure => "dependency_failure",
            Self::NetworkFault => "network_fault",
            Self::CertificateExpiry => "certificate_expiry",
            Self::TrafficSurge => "traffic_surge",
            Self::NodeFailure => "node_failure",
            Self::Unknown => "unknown",
        }
    }
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}
