//! How far the engine may go by itself, by risk class and time of day.
//!
//! In: an action's risk class and the hour. Out: a dry run, a recommendation, a request for
//! approval, or leave to act. Outside `hours` (or on another day than `days`) the `outside` levels
//! hold, where given. Source: the article's path from dry run to autonomy ("trust is built
//! incrementally"). Limit: knows no holidays; hours are UTC.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Build, Finding, Guardrail, Request};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{Risk, Ruling};
use crate::unit::{Day, Hours};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "autonomy",
    summary: "dry run, recommend, approve or autonomous, by risk class and business hours",
    help: "One level for each risk class. `dry_run` says what would be done; `recommend` pages a \
           person with it; `approve` asks and waits; `autonomous` acts. With `hours` the levels \
           hold in those hours only, and `outside` holds otherwise.",
    source: "the article, the organizational shift; Parasuraman et al., levels of automation, 2000",
    example: "{ risky: approve, destructive: recommend, hours: '09:00-17:00', outside: { risky: \
              recommend } }",
    schema: schema_of::<Config>,
    build,
};

/// How far to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Level {
    /// Say it to the team.
    DryRun,
    /// Page a person with it.
    Recommend,
    /// Ask and wait for a yes.
    Approve,
    /// Do it.
    Autonomous,
}

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Level for what cannot hurt.
    safe: Level,
    /// Level for what can be taken back at once.
    reversible: Level,
    /// Level for what can hurt before it is taken back.
    risky: Level,
    /// Level for what cannot be taken back.
    destructive: Level,
    /// Hours of the day (UTC) in which these levels hold; absent: always.
    hours: Option<Hours>,
    /// Days on which they hold; empty: all.
    days: Vec<Day>,
    /// Levels outside those hours; a class that is absent keeps its level.
    outside: Outside,
}

/// Levels out of hours.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Outside {
    /// Level for what cannot hurt.
    safe: Option<Level>,
    /// Level for what can be taken back at once.
    reversible: Option<Level>,
    /// Level for what can hurt before it is taken back.
    risky: Option<Level>,
    /// Level for what cannot be taken back.
    destructive: Option<Level>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            safe: Level::Autonomous,
            reversible: Level::Autonomous,
            risky: Level::Approve,
            destructive: Level::Recommend,
            hours: None,
            days: Vec::new(),
            outside: Outside::default(),
        }
    }
}

struct Autonomy(Config);

fn build(spec: &Spec) -> Result<Box<dyn Guardrail + Send>, KindError> {
    Ok(Box::new(Autonomy(spec.read()?)))
}

impl Autonomy {
    fn level(&self, risk: Risk, inside: bool) -> Level {
        let config = &self.0;
        let (level, outside) = match risk {
            Risk::Safe => (config.safe, config.outside.safe),
            Risk::Reversible => (config.reversible, config.outside.reversible),
            Risk::Risky => (config.risky, config.outside.risky),
            Risk::Destructive => (config.destructive, config.outside.destructive),
        };
        if inside { level } else { outside.unwrap_or(level) }
    }
}

impl Guardrail for Autonomy {
    fn check(&self, request: &Request<'_>) -> Finding {
        let (now, risk) = (request.now, request.action.risk);
        let in_hours = self.0.hours.is_none_or(|hours| hours.contains(now));
        let on_day = self.0.days.is_empty() || self.0.days.contains(&Day::of(now));
        let level = self.level(risk, in_hours && on_day);
        let when = if in_hours && on_day { "in hours" } else { "out of hours" };
        let ruling = match level {
            Level::DryRun => Ruling::DryRun,
            Level::Recommend => Ruling::Recommend,
            Level::Approve => Ruling::NeedsApproval,
            Level::Autonomous => Ruling::Allow,
        };
        Finding {
            ruling,
            saw: format!("risk class {risk:?}, {when}").to_lowercase(),
            limit: format!("{level:?} for this class at this hour").to_lowercase(),
        }
    }
}
