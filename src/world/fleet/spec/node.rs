//! Machines to run replicas on, as a scenario writes them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Machines of one kind, named `<pool>-0`, `<pool>-1` ..., dealt out over zones in turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NodePoolSpec {
    /// How many (default 3).
    pub count: u32,
    /// Zones (default `zone-a`, `zone-b`, `zone-c`).
    pub zones: Vec<String>,
    /// Processors of each that replicas may use (default 8).
    pub cpu_cores: f64,
    /// Memory of each that replicas may use, MiB (default 32768).
    pub memory_mib: f64,
    /// Disk of each for images, logs and scratch, MiB (default 102400).
    pub disk_mib: f64,
    /// In use of it at the start, MiB (default 30720).
    pub disk_used_mib: f64,
}

impl Default for NodePoolSpec {
    fn default() -> Self {
        Self {
            count: 3,
            zones: ["zone-a", "zone-b", "zone-c"].map(str::to_owned).to_vec(),
            cpu_cores: 8.0,
            memory_mib: 32_768.0,
            disk_mib: 102_400.0,
            disk_used_mib: 30_720.0,
        }
    }
}

impl NodePoolSpec {
    /// The names of its machines, in the pool of that name.
    pub fn names(&self, pool: &str) -> impl Iterator<Item = String> {
        (0..self.count).map(move |number| format!("{pool}-{number}"))
    }
}
