//! A certificate is not renewed in time: from its end on, nobody can connect.
//!
//! In: service, time left at the injection. Out: the end of its certificate moves to that instant;
//! the time-left metric shows it. Rotating the certificate, before or after, removes it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, bound};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::model::{Cause, Verb};
use crate::unit::{Name, SimDuration};
use crate::world::fleet::FleetSpec;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "certificate_expiry",
    summary: "a certificate is not renewed in time and all connections fail",
    help: "At the injection the certificate of `service` has `expires_in` left. Until then nothing \
           but the time-left metric is wrong; then every caller fails. Only a rotation helps. The \
           service needs `certificate_expires_in`.",
    source: "RFC 5280, section 4.1.2.5 (validity)",
    example: "{ service: payments, expires_in: 10m }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
};

/// Parameters of `certificate_expiry`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The service.
    service: String,
    /// From the injection to the certificate's end (default 10m).
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

    fn begin(&self, site: &mut Site<'_>) {
        let index = site.index(&self.service);
        site.fleet.services[index].certificate_ends = Some(site.now() + self.expires_in);
    }

    fn claims(&self) -> Option<(String, Option<SimDuration>)> {
        Some((format!("the certificate of {}", self.service), None))
    }

    fn misfits(&self, fleet: &FleetSpec) -> Vec<(&'static str, String)> {
        let owner = fleet.services.get(&self.service);
        let without = owner.is_some_and(|s| s.certificate_expires_in.is_none());
        let expected = "expected a service with `certificate_expires_in`";
        let message = || ("service", format!("{expected}, {} has no certificate", self.service));
        without.then(message).into_iter().collect()
    }

    fn has_strength(&self) -> bool {
        false
    }

    fn end(&self, _: &mut Site<'_>) {}

    fn present(&self, site: &Site<'_>) -> bool {
        let service = &site.fleet.services[site.index(&self.service)];
        service.certificate_left(site.now()).is_some_and(|left| left <= self.expires_in)
    }

    fn label(&self) -> Option<Label> {
        Some(Label {
            root: Name::from(self.service.as_str()),
            cause: Cause::CertificateExpiry,
            acceptable: vec![Verb::RotateCertificate, Verb::PageOnCall],
            forbidden: Vec::new(),
        })
    }
}

fn ten_minutes() -> SimDuration {
    SimDuration::from_secs(600)
}
