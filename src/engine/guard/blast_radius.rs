//! Never touch more than a share of the fleet at a time.
//!
//! In: replicas touched within a rolling window, this action included. Out: a denial above
//! `max_share` of all replicas. A rollback, restart, resize or reconciliation touches every
//! replica of its target, by canary too: the canary limits how many are down at once, not how many
//! carry the change in the end. The same window bounds how many services, nodes and zones are
//! touched, if the policy says so. Scaling out touches the replicas that it adds. Replicas touched
//! twice in the window count once. Source: the article (25 % of the fleet). Limit: where telemetry
//! tells no size, a service counts as one replica; in a fleet of three services of equal size no
//! service may be touched at all under 25 %, which is the rule's plain meaning.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, Finding, Guardrail, Request, allow_if, touched};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::Ruling;
use crate::unit::{Ratio, SimDuration};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "blast_radius",
    summary: "deny what would touch too large a share of the fleet in a window",
    help: "Adds up the replicas touched by the engine within the window and by this \
           action, per service once, and divides by the replicas of the fleet as the \
           telemetry tells them. Services of unknown size count as one replica.",
    source: "the article, stage 4 (blast_radius_limit=0.25)",
    example: "{ max_share: 0.25, window: 1h, max_services: 3, max_zones: 1 }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Most replicas touched within the window / replicas of the fleet, 0..=1.
    max_share: Ratio,
    /// Length of the rolling window.
    window: SimDuration,
    /// Most services touched within the window; absent: no such limit.
    max_services: Option<u32>,
    /// Most nodes whose replicas are touched within the window; absent: no such limit.
    max_nodes: Option<u32>,
    /// Most zones whose replicas are touched within the window; absent: no such limit.
    max_zones: Option<u32>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_share: Ratio::clamped(0.25),
            window: SimDuration::from_secs(1800),
            max_services: None,
            max_nodes: None,
            max_zones: None,
        }
    }
}

struct BlastRadius(Config);

fn build(spec: &Spec) -> Result<Box<dyn Guardrail + Send>, KindError> {
    Ok(Box::new(BlastRadius(spec.read()?)))
}

impl Guardrail for BlastRadius {
    fn check(&self, request: &Request<'_>) -> Finding {
        let (disturbed, added) = touched(request.action, request.fleet);
        let mut all = request.log.touched(request.now, self.0.window);
        let own = all.entry(request.action.target.clone()).or_default();
        *own = (own.0.max(disturbed), own.1.saturating_add(added));
        let sum = all.values().fold(0u32, |sum, (d, a)| sum.saturating_add(*d).saturating_add(*a));
        let fleet = request.fleet.total();
        let share = f64::from(sum) / f64::from(fleet);
        let guessed = match request.fleet.guessed() {
            0 => String::new(),
            n => format!(" (size of {n} services unknown, counted as 1)"),
        };
        let percent = share * 100.0;
        let mut fine = share <= self.0.max_share.get();
        let mut saw = format!("{sum} of {fleet} replicas touched, {percent:.1} %{guessed}");
        let mut limit =
            format!("at most {} of the fleet within {}", self.0.max_share, self.0.window);
        let hit = all.iter().filter(|(_, (d, a))| d + a > 0).map(|(name, _)| name);
        let (nodes, zones) = request.fleet.places(hit.clone());
        for (most, found, what) in [
            (self.0.max_services, hit.count(), "services"),
            (self.0.max_nodes, nodes, "nodes"),
            (self.0.max_zones, zones, "zones"),
        ] {
            if let Some(most) = most {
                fine &= found <= most as usize;
                saw += &format!(", {found} {what}");
                limit += &format!(", {most} {what}");
            }
        }
        Finding { ruling: allow_if(fine, Ruling::Deny), saw, limit }
    }
}
