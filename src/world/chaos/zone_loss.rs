//! A whole zone goes silent.
//!
//! In: the zone. Out: all its nodes are silent; what is left must carry the load, and may not
//! have room for everybody.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, no_such_zone};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::model::{Cause, Verb};
use crate::unit::SimDuration;
use crate::world::fleet::{FleetSpec, NodeEffect};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "zone_loss",
    summary: "a whole zone goes silent with all its machines",
    help: "A third of the capacity goes at once with the usual three zones. Shifting the zone's \
           traffic away helps before the platform notices.",
    source: "Google Cloud and AWS documentation, regions and zones (independent failure domains)",
    example: "{ zone: zone-a, lasts: 30m }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
};

/// Parameters of `zone_loss`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The zone.
    zone: String,
    /// How long it lasts by itself (default: to the end).
    #[serde(default)]
    lasts: Option<SimDuration>,
}

impl Fault for Config {
    fn services(&self) -> Vec<(&'static str, &str)> {
        Vec::new()
    }

    fn misfits(&self, fleet: &FleetSpec) -> Vec<(&'static str, String)> {
        no_such_zone(fleet, &self.zone)
    }

    fn begin(&self, site: &mut Site<'_>) {
        let effect = NodeEffect { down: true, ..NodeEffect::default() };
        site.put_on_zone(&self.zone, effect);
    }

    fn present(&self, site: &Site<'_>) -> bool {
        site.holds_nodes()
    }

    fn lasts(&self) -> Option<SimDuration> {
        self.lasts
    }

    fn label(&self) -> Option<Label> {
        Some(Label::new(
            &self.zone,
            Cause::NodeFailure,
            &[Verb::ShiftTraffic, Verb::ScaleOut],
            &[Verb::Rollback],
        ))
    }
}
