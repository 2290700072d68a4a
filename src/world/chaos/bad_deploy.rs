//! A deploy that brings a defect: leak, crash, errors or slowness.
//!
//! In: service, version, what the version does. Out: a real rolling deploy of that version, and an
//! effect on every replica that runs it. A rollback to a version without the effect removes it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, ROLLING, bound};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::model::{Cause, Verb};
use crate::unit::{Name, Ratio, SimDuration};
use crate::world::fleet::{Effect, Scope};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "bad_deploy",
    summary: "a deploy brings a leak, crashes, errors or slowness",
    help: "Rolls `version` of `service` out as a team would, replica by replica. Replicas that run \
           it leak memory, end by themselves, fail requests or take longer. The old version has \
           no defect, so a rollback heals once the rollout is through; a restart only starts a \
           leak anew.",
    source: "Beyer et al., Site Reliability Engineering, ch. 8: most outages follow a change",
    example: "{ service: api-server, version: v2.4.1, mode: leak, mib_per_minute: 60 }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
};

/// What the bad version does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Mode {
    /// Memory is never given back.
    Leak,
    /// The container ends by itself.
    Crash,
    /// Requests fail.
    Error,
    /// Requests take longer.
    Slow,
}

/// Parameters of `bad_deploy`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The service.
    service: String,
    /// The version that is rolled out.
    version: String,
    /// What it does.
    mode: Mode,
    /// Leak of each replica while it runs, MiB per minute (default 60).
    #[serde(default = "leak")]
    mib_per_minute: f64,
    /// Leak of each replica, MiB per 1000 requests (default 0).
    #[serde(default)]
    mib_per_1000_requests: f64,
    /// From ready to the crash (default 60s).
    #[serde(default = "minute")]
    crash_after: SimDuration,
    /// Share of requests that fail (default 0.2).
    #[serde(default = "fifth")]
    error_ratio: Ratio,
    /// Own work takes this many times as long (default 5).
    #[serde(default = "five")]
    slow_factor: f64,
}

impl Fault for Config {
    fn services(&self) -> Vec<(&'static str, &str)> {
        vec![("service", &self.service)]
    }

    fn problems(&self) -> Vec<(&'static str, String)> {
        let crash = self.crash_after.secs_f64();
        [
            bound("mib_per_minute", self.mib_per_minute, 0.0),
            bound("mib_per_1000_requests", self.mib_per_1000_requests, 0.0),
            bound("crash_after", crash, 0.0),
            bound("slow_factor", self.slow_factor, 1.0),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn claims(&self) -> Option<(String, Option<SimDuration>)> {
        Some((format!("the version of {}", self.service), Some(ROLLING)))
    }

    fn begin(&self, site: &mut Site<'_>) {
        let mut effect = Effect::on(Scope::Version(self.version.clone()));
        match self.mode {
            Mode::Leak => {
                effect.leak_mib_per_minute = self.mib_per_minute;
                effect.leak_mib_per_1000_requests = self.mib_per_1000_requests;
            }
            Mode::Crash => effect.crash_after = Some(self.crash_after),
            Mode::Error => effect.errors = self.error_ratio.get(),
            Mode::Slow => effect.slow = self.slow_factor,
        }
        effect.error_words = "unexpected null in response mapper";
        site.put(&self.service, effect);
        let index = site.index(&self.service);
        site.fleet.deploy(index, &self.version, site.out);
    }

    fn present(&self, site: &Site<'_>) -> bool {
        site.holds(&self.service)
    }

    fn label(&self) -> Option<Label> {
        Some(Label {
            root: Name::from(self.service.as_str()),
            cause: Cause::BadDeploy,
            acceptable: vec![Verb::Rollback, Verb::PageOnCall],
            forbidden: Vec::new(),
        })
    }
}

fn leak() -> f64 {
    60.0
}

fn minute() -> SimDuration {
    SimDuration::from_secs(60)
}

fn fifth() -> Ratio {
    Ratio::clamped(0.2)
}

fn five() -> f64 {
    5.0
}
