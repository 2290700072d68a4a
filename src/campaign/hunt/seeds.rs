//! Plain incidents that a guided search begins with, as fuzzers begin with well-formed inputs.
//!
//! In: nothing but the policy and the referee's limits. Out: a shop of uneven services with one
//! textbook incident each: a deploy that fails, one whose containers die, a surge, a leak,
//! something that comes back, and a zone that goes dark, at any hour of a week. Nothing in them is
//! made for a guardrail: they are what an engine is for, so that it acts, and what is changed from
//! there on is where it acts wrongly.

use rand::RngExt;

use super::draw::start;
use super::genome::Genome;
use crate::catalog::Spec;
use crate::kernel::Stream;
use crate::model::Policy;
use crate::scenario::{PolicySource, ScenarioFile};

/// A shop of eight services with 44 replicas, on nine machines in three zones.
const SHOP: &str = "
version: 1
name: hunt
start: 2026-01-06T10:00:00Z
duration: 45m
fleet:
  objective: { service: gateway, availability: 0.99, latency_p99: 800ms, sustained: 2m }
  nodes: { pool: { count: 9 } }
  services:
    gateway: { replicas: 6, service_time: 5ms, \
               calls: [{ to: api }, { to: search, optional: true }] }
    api: { replicas: 8, max_replicas: 32, service_time: 10ms, version: v1.1.0, \
           previous_version: v1.0.0, calls: [{ to: cart }, { to: catalog }] }
    cart: { replicas: 4, service_time: 8ms, version: v1.1.0, previous_version: v1.0.0, \
            calls: [{ to: users }] }
    catalog: { replicas: 6, service_time: 12ms, version: v1.1.0, previous_version: v1.0.0 }
    search: { replicas: 8, service_time: 15ms }
    users: { replicas: 5, service_time: 6ms, certificate_expires_in: 40d }
    payments: { replicas: 3, service_time: 10ms }
    checkout: { replicas: 4, service_time: 9ms, calls: [{ to: payments }] }
load: { rate: 120 }
policy: none.yaml
";

const INCIDENTS: [&str; 7] = [
    "faults: [{ at: 16m, bad_deploy: { service: api, version: v1.2.0, mode: error, error_ratio: \
     0.3 } }]",
    "faults: [{ at: 16m, bad_deploy: { service: catalog, version: v1.2.0, mode: crash, \
     crash_after: 20s } }]",
    "faults: [{ at: 16m, bad_deploy: { service: cart, version: v1.2.0, mode: leak, \
     mib_per_minute: 120 } }]",
    "faults: [{ at: 16m, memory_leak: { service: users, mib_per_minute: 60 } }]",
    "faults: [{ at: 16m, traffic_surge: { service: catalog, factor: 4, lasts: 20m } }]",
    "faults: [{ at: 16m, onset: { flap: { on: 3m, off: 4m } }, cpu_hog: { service: search, share: \
     0.9 } }]",
    "faults: [{ at: 16m, zone_loss: { zone: zone-a, lasts: 20m } }]",
];

/// The incidents, ready to be run.
pub(super) fn seeds(policy: &Policy, rules: &[Spec], stream: &mut Stream) -> Vec<Genome> {
    let mut one = |faults: &&str| {
        let text = format!("{SHOP}{faults}\n");
        let mut file: ScenarioFile = serde_saphyr::from_str(&text)
            .unwrap_or_else(|e| panic!("built-in scenario {faults}: {e}"));
        file.policy = PolicySource::Inline(Box::new(policy.clone()));
        file.rules = rules.to_vec();
        file.start = start(stream);
        file.seed = u64::from(stream.random_range(1..1_000_000u32));
        Genome::drawn(file)
    };
    INCIDENTS.iter().map(&mut one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::default_policy;

    #[test]
    fn every_seed_fits_together() {
        let policy = default_policy();
        let mut stream = crate::kernel::Streams::new(1).stream("seeds");
        let all = seeds(&policy, &[], &mut stream);
        assert_eq!(all.len(), INCIDENTS.len());
        assert!(all.iter().all(|genome| genome.checked(&policy).is_some()));
    }
}
