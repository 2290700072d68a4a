//! A trap: a change event with no consequence.
//!
//! In: service, which sort of change. Out: the event, and nothing else. Near something that is
//! wrong it is a red herring.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::model::{Event, EventKind};
use crate::unit::Name;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "innocent_change",
    summary: "a trap: a config, flag or commit event that has no consequence",
    help: "What a tool announces is not always what did it. A diagnosis that blames the latest \
           change falls for it. Labels no incident.",
    source: "windtunnel's own trap against blaming the latest change",
    example: "{ service: users, change: config, name: log.level }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
};

/// Parameters of `innocent_change`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The service.
    service: String,
    /// Which sort (default config).
    #[serde(default = "config")]
    change: Change,
    /// Name of the key, flag or commit (default log.level).
    #[serde(default = "log_level")]
    name: String,
}

/// A sort of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Change {
    /// A configuration key was edited.
    Config,
    /// A feature flag was switched.
    Flag,
    /// A commit landed.
    Commit,
}

impl Fault for Config {
    fn services(&self) -> Vec<(&'static str, &str)> {
        vec![("service", &self.service)]
    }

    fn has_strength(&self) -> bool {
        false
    }

    fn begin(&self, site: &mut Site<'_>) {
        let (kind, reason, key) = match self.change {
            Change::Config => (EventKind::Config, "config edited", "key"),
            Change::Flag => (EventKind::Flag, "flag switched", "flag"),
            Change::Commit => (EventKind::Commit, "commit landed", "sha"),
        };
        let entity = Some(Name::from(self.service.as_str()));
        let event = Event::new(site.now(), kind, entity, reason).with(key, self.name.as_str());
        site.out.events.push(event);
    }

    fn present(&self, _: &Site<'_>) -> bool {
        false
    }

    fn label(&self) -> Option<Label> {
        None
    }
}

fn config() -> Change {
    Change::Config
}

fn log_level() -> String {
    "log.level".to_owned()
}
