//! Somebody sets the number of replicas by hand, past the repository.
//!
//! In: service, number. Out: the platform obeys: too few replicas, or none, carry the load.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::model::{Cause, Verb};
use crate::unit::SimDuration;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "replicas_edited",
    summary: "somebody scales a service down by hand, even to nothing",
    help: "Nothing crashes and nothing is deployed; the desired number itself is wrong. Scaling \
           out again heals.",
    source: "Kubernetes documentation, kubectl scale; GitOps drift as in the sync status of Argo \
             CD",
    example: "{ service: recommendations, replicas: 0 }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
};

/// Parameters of `replicas_edited`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The service.
    service: String,
    /// The new number (default 0).
    #[serde(default)]
    replicas: u32,
    /// How long it lasts by itself (default: to the end).
    #[serde(default)]
    lasts: Option<SimDuration>,
}

impl Fault for Config {
    fn services(&self) -> Vec<(&'static str, &str)> {
        vec![("service", &self.service)]
    }

    fn claims(&self) -> Option<(String, Option<SimDuration>)> {
        Some((format!("the replicas of {}", self.service), None))
    }

    fn has_strength(&self) -> bool {
        false
    }

    fn begin(&self, site: &mut Site<'_>) {
        let index = site.index(&self.service);
        let owner = &mut site.fleet.services[index];
        site.grip.former_replicas = Some(owner.desired);
        owner.desired = self.replicas;
    }

    fn end(&self, site: &mut Site<'_>) {
        let index = site.index(&self.service);
        if let Some(former) = site.grip.former_replicas {
            site.fleet.services[index].desired = former;
        }
        site.lift();
    }

    fn present(&self, site: &Site<'_>) -> bool {
        let desired = site.fleet.services[site.index(&self.service)].desired;
        site.grip.former_replicas.is_some_and(|former| desired < former)
    }

    fn lasts(&self) -> Option<SimDuration> {
        self.lasts
    }

    fn label(&self) -> Option<Label> {
        Some(Label::new(&self.service, Cause::ConfigDrift, &[Verb::ScaleOut], &[Verb::Rollback]))
    }
}
