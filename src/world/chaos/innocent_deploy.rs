//! A trap: a deploy that changes nothing for the worse.
//!
//! In: service, version. Out: a real rolling deploy with its events and its short loss of warmth.
//! Nothing is wrong; a diagnosis that blames the latest change falls for it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, ROLLING};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::unit::SimDuration;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "innocent_deploy",
    summary: "a trap: a harmless deploy, often near something that is not harmless",
    help: "Rolls `version` of `service` out as a team would. The version has no defect: the right \
           answer is to leave it alone. Labels no incident.",
    source: "windtunnel's own trap against blaming the latest change",
    example: "{ service: cart, version: v3.1.0 }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
};

/// Parameters of `innocent_deploy`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The service.
    service: String,
    /// The version that is rolled out.
    version: String,
}

impl Fault for Config {
    fn services(&self) -> Vec<(&'static str, &str)> {
        vec![("service", &self.service)]
    }

    fn has_strength(&self) -> bool {
        false
    }

    fn claims(&self) -> Option<(String, Option<SimDuration>)> {
        Some((format!("the version of {}", self.service), Some(ROLLING)))
    }

    fn begin(&self, site: &mut Site<'_>) {
        let index = site.index(&self.service);
        site.fleet.deploy(index, &self.version, site.out);
    }

    fn present(&self, _: &Site<'_>) -> bool {
        false
    }

    fn label(&self) -> Option<Label> {
        None
    }
}
