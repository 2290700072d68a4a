//! A deploy that brings a defect: in its code, its image, its probes or its contract.
//!
//! In: service, version, what the version does. Out: a real rolling or canary deploy of that
//! version, and an effect on every replica that runs it. A rollback to a version without the effect
//! removes it, unless the deploy migrated the schema: then the old version meets data that it does
//! not know, and the rollback does the harm.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, ROLLING, Repair, bound};
use super::site::Site;
use crate::catalog::{Entry, did_you_mean, nearest, schema_of};
use crate::model::{Cause, Event, EventKind, Operation, Strategy, Verb};
use crate::unit::{Name, Ratio, SimDuration};
use crate::world::fleet::{Effect, FleetSpec, Scope};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "bad_deploy",
    summary: "a deploy brings a leak, crashes, errors, slowness, a bad image or bad probes",
    help: "Rolls `version` of `service` out as a team would, replica by replica, or with `canary` \
           a tenth first. Replicas that run it leak, crash, fail, are slow, cannot get their \
           image, never get ready, fail their liveness probe or start slowly; errors and \
           slowness may be confined to one `operation`. The old version has no defect, so that \
           a rollback heals once it is through; a restart only starts it anew. With `migrated` \
           the old version fails on the migrated schema, of which a change event with the \
           attribute `migration` tells: a rollback is destructive.",
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
    /// The image cannot be pulled.
    BadImage,
    /// The readiness probe never succeeds.
    NeverReady,
    /// The liveness probe fails, so that it is started anew for ever.
    FailsLiveness,
    /// Starting takes many times as long.
    SlowStart,
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
    /// Whether a tenth of the replicas goes first (default false).
    #[serde(default)]
    canary: bool,
    /// Whether it migrates the schema, so that going back destroys (default false).
    #[serde(default)]
    migrated: bool,
    /// Leak of each replica while it runs, MiB per minute (default 60).
    #[serde(default = "leak")]
    mib_per_minute: f64,
    /// Leak of each replica, MiB per 1000 requests (default 0).
    #[serde(default)]
    mib_per_1000_requests: f64,
    /// From ready to the crash (default 60s).
    #[serde(default = "minute")]
    crash_after: SimDuration,
    /// With `error` and `slow`: the only operation that has the defect (default: all have it).
    #[serde(default)]
    operation: Option<String>,
    /// Share of requests that fail (default 0.2).
    #[serde(default = "fifth")]
    error_ratio: Ratio,
    /// Own work takes this many times as long (default 5).
    #[serde(default = "five")]
    slow_factor: f64,
    /// With `slow_start`: starting takes this many times as long (default 20).
    #[serde(default = "twenty")]
    start_factor: f64,
}

/// What the pipeline tells of the migration that ran before the deploy.
const MIGRATION: &str = "split total_cents into amount and currency";
/// Share of requests that fail when an old version meets the migrated schema.
const TORN: f64 = 0.8;

impl Config {
    /// Only what a single request feels can be confined to an operation.
    fn confined(&self) -> Result<(), String> {
        match (&self.operation, self.mode) {
            (None, _) | (Some(_), Mode::Error | Mode::Slow) => Ok(()),
            (Some(_), _) => Err("only modes error and slow can be confined to one".to_owned()),
        }
    }

    fn defect(&self) -> Effect {
        let mut effect = Effect::on(Scope::Version(self.version.clone()));
        match self.mode {
            Mode::Leak => {
                effect.leak_mib_per_minute = self.mib_per_minute;
                effect.leak_mib_per_1000_requests = self.mib_per_1000_requests;
            }
            Mode::Crash => effect.crash_after = Some(self.crash_after),
            Mode::Error => effect.errors = self.error_ratio.get(),
            Mode::Slow => effect.slow = self.slow_factor,
            Mode::BadImage => effect.no_image = true,
            Mode::NeverReady => effect.never_ready = true,
            Mode::FailsLiveness => effect.fails_liveness = true,
            Mode::SlowStart => effect.slow_start = self.start_factor,
        }
        effect.operation.clone_from(&self.operation);
        effect.error_words = "unexpected null in response mapper";
        effect
    }
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
            bound("start_factor", self.start_factor, 1.0),
        ]
        .into_iter()
        .flatten()
        .chain(self.confined().err().map(|message| ("operation", message)))
        .collect()
    }

    fn misfits(&self, fleet: &FleetSpec) -> Vec<(&'static str, String)> {
        let service = fleet.services.get(&self.service);
        let (Some(wanted), Some(service)) = (&self.operation, service) else { return Vec::new() };
        let known = || service.operations.keys().map(String::as_str);
        if known().any(|name| name == wanted) {
            return Vec::new();
        }
        let near = did_you_mean(nearest(wanted, known()));
        vec![("operation", format!("{} has no operation {wanted:?}{near}", self.service))]
    }

    fn claims(&self) -> Option<(String, Option<SimDuration>)> {
        Some((format!("the version of {}", self.service), Some(ROLLING)))
    }

    fn begin(&self, site: &mut Site<'_>) {
        site.put(&self.service, self.defect());
        let index = site.index(&self.service);
        if self.migrated {
            let (now, entity) = (site.out.now, Some(Name::from(self.service.as_str())));
            let event = Event::new(now, EventKind::Commit, entity, "schema migrated");
            site.out.events.push(event.with("migration", MIGRATION));
        }
        if self.canary {
            site.fleet.deploy_canary(index, &self.version, site.out);
        } else {
            site.fleet.deploy(index, &self.version, site.out);
        }
    }

    fn go_on(&self, site: &mut Site<'_>) {
        let index = site.index(&self.service);
        let went_back = site.fleet.services[index].template.version != self.version;
        if self.migrated && went_back && !site.grip.over {
            let mut torn = Effect::on(Scope::Service);
            torn.errors = TORN;
            torn.error_words = "column \"total_cents\" does not exist";
            site.put(&self.service, torn);
            site.grip.over = true;
        }
    }

    fn present(&self, site: &Site<'_>) -> bool {
        site.holds(&self.service)
    }

    fn label(&self) -> Option<Label> {
        let (helps, hurts): (&[Verb], &[Verb]) =
            if self.migrated { (&[], &[Verb::Rollback]) } else { (&[Verb::Rollback], &[]) };
        Some(Label::new(&self.service, Cause::BadDeploy, helps, hurts))
    }

    fn repair(&self) -> Repair {
        if self.migrated {
            return Repair::Remove;
        }
        let operation = Operation::Rollback { version: None, strategy: Strategy::Rolling };
        Repair::Order { target: Name::from(self.service.as_str()), operation }
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

fn twenty() -> f64 {
    20.0
}
