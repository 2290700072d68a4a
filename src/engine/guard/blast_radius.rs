//! Never touch more than a share of the fleet at a time.
//!
//! In: replicas touched within a rolling window, this action included. Out: a denial above
//! `max_share` of all replicas. A rollback, restart, resize or reconciliation touches every
//! replica of its target, by canary too: the canary limits how many are down at once, not how many
//! carry the change in the end. Scaling out touches the replicas that it adds. Replicas touched
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
    example: "{ max_share: 0.25, window: 1h }",
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
}

impl Default for Config {
    fn default() -> Self {
        Self { max_share: Ratio::clamped(0.25), window: SimDuration::from_secs(1800) }
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
        Finding {
            ruling: allow_if(share <= self.0.max_share.get(), Ruling::Deny),
            saw: format!("{sum} of {fleet} replicas touched, {percent:.1} %{guessed}"),
            limit: format!("at most {} of the fleet within {}", self.0.max_share, self.0.window),
        }
    }
}
