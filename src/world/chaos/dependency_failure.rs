//! Something that is called fails or is slow, ours or somebody else's.
//!
//! In: the callee, share of failures, slowness. Out: an effect on the callee, whatever it runs.
//! From here it cannot be fixed; callers can only stop calling it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, bound};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::model::{Cause, Event, EventKind, Verb};
use crate::unit::{Name, Ratio, SimDuration};
use crate::world::fleet::{Effect, Scope};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "dependency_failure",
    summary: "a called service, often somebody else's, fails or is slow",
    help: "The callee fails a share of its requests or takes longer. Slowness holds the workers of \
           its callers, so it spreads; time-outs and an open circuit limit that. Restarting or \
           scaling callers sends it more load. Ends by itself after `lasts`, if given.",
    source: "Nygard, Release It! (2007), ch. 4: integration points, cascading failures",
    example: "{ service: payment-provider, slow_factor: 20, lasts: 20m }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
};

/// Parameters of `dependency_failure`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The callee.
    service: String,
    /// Share of its requests that fail (default 0).
    #[serde(default)]
    error_ratio: Ratio,
    /// Its work takes this many times as long (default 1).
    #[serde(default = "one")]
    slow_factor: f64,
    /// How long after its beginning the callee's status page tells of it (default: it has none).
    #[serde(default)]
    status_page_after: Option<SimDuration>,
    /// How long it lasts by itself (default: to the end).
    #[serde(default)]
    lasts: Option<SimDuration>,
}

impl Config {
    /// The status page says how the callee is.
    fn tell(&self, site: &mut Site<'_>, status: &str) {
        let entity = Some(Name::from(self.service.as_str()));
        let event = Event::new(site.now(), EventKind::ExternalStatus, entity, "status page");
        site.out.events.push(event.with("status", status));
    }
}

impl Fault for Config {
    fn services(&self) -> Vec<(&'static str, &str)> {
        vec![("service", &self.service)]
    }

    fn problems(&self) -> Vec<(&'static str, String)> {
        bound("slow_factor", self.slow_factor, 1.0).into_iter().collect()
    }

    fn lasts(&self) -> Option<SimDuration> {
        self.lasts
    }

    fn begin(&self, site: &mut Site<'_>) {
        let mut effect = Effect::on(Scope::Service);
        effect.errors = self.error_ratio.get();
        effect.slow = self.slow_factor;
        effect.error_words = "backend unavailable";
        site.put(&self.service, effect);
    }

    fn is_still(&self) -> bool {
        self.status_page_after.is_none()
    }

    fn go_on(&self, site: &mut Site<'_>) {
        if self.status_page_after.is_some_and(|after| site.since() >= after) && !site.grip.over {
            site.grip.over = true;
            self.tell(site, "major_outage");
        }
    }

    fn end(&self, site: &mut Site<'_>) {
        if site.grip.over {
            self.tell(site, "operational");
        }
        site.lift();
    }

    fn present(&self, site: &Site<'_>) -> bool {
        site.holds(&self.service)
    }

    fn label(&self) -> Option<Label> {
        Some(Label {
            root: Name::from(self.service.as_str()),
            cause: Cause::DependencyFailure,
            acceptable: vec![Verb::OpenCircuit, Verb::PageOnCall],
            forbidden: vec![Verb::Rollback],
        })
    }
}

fn one() -> f64 {
    1.0
}
