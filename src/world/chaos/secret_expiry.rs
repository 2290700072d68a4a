//! Credentials end or are revoked, and a callee refuses the service.
//!
//! In: the service, time left. Out: its lease ends then and is not renewed; each call to the
//! callee of its secret is refused until new credentials are issued and read.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, Repair, bound};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::model::{Cause, Operation, Verb};
use crate::unit::{Name, SimDuration};
use crate::world::fleet::FleetSpec;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "secret_expiry",
    summary: "credentials are not renewed or revoked, and a callee refuses the service",
    help: "Needs a service with `secret`. At the injection its lease has `expires_in` left (0s: \
           revoked now) and is not renewed any more. A rotation heals once every replica has read \
           the new ones; without overlap it makes things worse until then.",
    source: "HashiCorp Vault documentation, leases; Kubernetes documentation, mounted secrets are \
             updated late",
    example: "{ service: orders, expires_in: 10m }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
};

/// Parameters of `secret_expiry`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The service.
    service: String,
    /// From the injection to the end of the lease (default 10m; 0s: revoked).
    #[serde(default = "ten_minutes")]
    expires_in: SimDuration,
}

impl Fault for Config {
    fn services(&self) -> Vec<(&'static str, &str)> {
        vec![("service", &self.service)]
    }

    fn problems(&self) -> Vec<(&'static str, String)> {
        bound("expires_in", self.expires_in.secs_f64(), 0.0).into_iter().collect()
    }

    fn misfits(&self, fleet: &FleetSpec) -> Vec<(&'static str, String)> {
        let without = fleet.services.get(&self.service).is_some_and(|s| s.secret.is_none());
        let message = || format!("expected a service with `secret`, {} has none", self.service);
        without.then(|| ("service", message())).into_iter().collect()
    }

    fn claims(&self) -> Option<(String, Option<SimDuration>)> {
        Some((format!("the secret of {}", self.service), None))
    }

    fn has_strength(&self) -> bool {
        false
    }

    fn begin(&self, site: &mut Site<'_>) {
        let (now, index) = (site.now(), site.index(&self.service));
        if let Some(secret) = &mut site.fleet.services[index].secret {
            secret.ends = now + self.expires_in;
            secret.renewed = false;
        }
    }

    fn end(&self, _: &mut Site<'_>) {}

    fn present(&self, site: &Site<'_>) -> bool {
        let secret = &site.fleet.services[site.index(&self.service)].secret;
        secret.as_ref().is_some_and(|secret| secret.ends.since(site.now()) <= self.expires_in)
    }

    fn repair(&self) -> Repair {
        let target = Name::from(self.service.as_str());
        Repair::Order { target, operation: Operation::RotateSecret }
    }

    fn label(&self) -> Option<Label> {
        Some(Label::new(
            &self.service,
            Cause::CertificateExpiry,
            &[Verb::RotateSecret],
            &[Verb::Rollback],
        ))
    }
}

fn ten_minutes() -> SimDuration {
    SimDuration::from_secs(600)
}
