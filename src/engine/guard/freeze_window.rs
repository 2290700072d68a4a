//! No change while changes are frozen.
//!
//! In: the instant. Out: a denial (or a request for approval) inside a freeze. Freezes are given as
//! stretches of time, as hours of every day, or as days of the week. Source: change freezes before
//! holidays and sales; Kubernetes-style maintenance windows. Limit: times are UTC.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, Finding, Guardrail, Request, allow_if};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{Ruling, Verb};
use crate::unit::{Day, Hours, Window};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "freeze_window",
    summary: "deny changes inside a freeze: dates, hours of the day, days of the week",
    help: "Any of `windows`, `daily` and `days` that holds the instant freezes. Verbs in `except` \
           pass; with `ask: true` a person may allow the others.",
    source: "change freezes (ITIL change enablement)",
    example: "{ windows: [{ start: '2026-11-26T00:00:00Z', end: '2026-12-01T00:00:00Z' }], daily: \
              ['22:00-06:00'], except: [rollback] }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Stretches of time, UTC, the end excluded.
    windows: Vec<Window>,
    /// Hours of every day, UTC.
    daily: Vec<Hours>,
    /// Whole days of the week, UTC.
    days: Vec<Day>,
    /// Verbs that pass all the same.
    except: Vec<Verb>,
    /// Ask a person instead of denying.
    ask: bool,
}

struct FreezeWindow(Config);

fn build(spec: &Spec) -> Result<Box<dyn Guardrail + Send>, KindError> {
    Ok(Box::new(FreezeWindow(spec.read()?)))
}

impl Guardrail for FreezeWindow {
    fn check(&self, request: &Request<'_>) -> Finding {
        let (now, config) = (request.now, &self.0);
        let frozen = if let Some(w) = config.windows.iter().find(|w| w.contains(now)) {
            Some(format!("frozen from {} to {}", w.start, w.end))
        } else if let Some(hours) = config.daily.iter().find(|h| h.contains(now)) {
            Some(format!("frozen daily {hours}"))
        } else {
            let day = Day::of(now);
            config.days.contains(&day).then(|| format!("frozen on {day:?}").to_lowercase())
        };
        let free = config.except.contains(&request.action.verb()) || frozen.is_none();
        let otherwise = if config.ask { Ruling::NeedsApproval } else { Ruling::Deny };
        Finding {
            ruling: allow_if(free, otherwise),
            saw: format!("{now}: {}", frozen.as_deref().unwrap_or("no freeze")),
            limit: "no change inside a freeze".to_owned(),
        }
    }
}
