//! Blame who changed its habits: log lines and calls per visit that appeared or vanished.
//!
//! In: the case's broken habits (`engine/case/habits.rs`). Out: per service the strength of its
//! most broken habit, less what a callee's broken habits explain: trouble below makes callers take
//! other ways and log complaints. 0..=1. Source: Yu et al., "Nezha" (ESEC/FSE 2023), event
//! patterns; own rule of what is explained. Limit: a callee that is asked something else is blamed
//! before the caller that asks it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, Case, Method, Parts, Suspicion, evidence};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::engine::case::Habit;
use crate::engine::visits::Item;
use crate::model::{Cause, severity};
use crate::unit::{EntityId, Ratio};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "visit_habits",
    summary: "the service whose visits log or call what they did not, or no longer do",
    help: "Counts, for each operation of each service, in which share of its visits each log line, \
           call and failure occurs, and compares with many minutes before. A service whose callee \
           broke as strongly is explained by it to the share `explained`.",
    source: "Yu et al., Nezha, ESEC/FSE 2023",
    example: "{ explained: 0.6 }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// How much of a caller's break a callee's equal break explains.
    explained: Ratio,
}

impl Default for Config {
    fn default() -> Self {
        Self { explained: Ratio::clamped(0.6) }
    }
}

/// Habits told per service.
const MOST_TOLD: usize = 3;

struct VisitHabits(Config);

fn build(spec: &Spec, _: Parts) -> Result<Box<dyn Method + Send>, KindError> {
    Ok(Box::new(VisitHabits(spec.read()?)))
}

impl Method for VisitHabits {
    fn rank(&mut self, case: &Case<'_>, out: &mut Vec<Suspicion>) {
        let mut broken: BTreeMap<EntityId, Vec<&Habit>> = BTreeMap::new();
        for habit in case.habits() {
            broken.entry(habit.entity()).or_default().push(habit);
        }
        let worst = |habits: &Vec<&Habit>| habits.iter().map(|h| h.strength()).fold(0.0, f64::max);
        let strength: BTreeMap<EntityId, f64> =
            broken.iter().map(|(entity, habits)| (*entity, worst(habits))).collect();
        for (entity, mut habits) in broken {
            let own = strength[&entity];
            let below = case.around.topology.callees(entity).filter(|c| *c != entity);
            let explains = below.filter_map(|c| strength.get(&c).map(|s| (c, *s)));
            let explainer = explains.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
            let share = explainer.map_or(0.0, |(_, s)| (s / own.max(1e-9)).min(1.0));
            let score = own * (1.0 - self.0.explained.get() * share);
            habits.sort_by(|a, b| b.strength().total_cmp(&a.strength()));
            let mut said: Vec<_> = habits
                .iter()
                .take(MOST_TOLD)
                .map(|h| evidence("visit_habits", h.strength(), Some(h.since), told(case, h)))
                .collect();
            if let Some((callee, s)) = explainer {
                let name = case.around.topology.name(callee);
                let text = format!("its callee {name} changed its habits too");
                said.push(evidence("visit_habits", -self.0.explained.get() * s, None, text));
            }
            let cause = is_code(case, &habits).then_some(Cause::CodeDefect);
            out.push(Suspicion { entity, cause, score, evidence: said });
        }
    }
}

/// Log lines that come or go are the work of code, if nothing else is known.
fn is_code(case: &Case<'_>, habits: &[&Habit]) -> bool {
    let logs = |habit: &&&Habit| matches!(habit.item, Item::Log(_) | Item::Failure);
    habits.iter().take(MOST_TOLD).any(|h| logs(&h))
        && habits.iter().filter(logs).any(|habit| match habit.item {
            Item::Log(message) => habit.z < 0.0 || case.severity_of(message) >= severity::WARN,
            _ => true,
        })
}

fn told(case: &Case<'_>, habit: &Habit) -> String {
    let visits = case.around.visits;
    let topology = case.around.topology;
    let what = match habit.item {
        Item::Call(callee, operation) => {
            format!("calls {} ({})", topology.name(callee), visits.operation(operation))
        }
        Item::Failure => "fails".to_owned(),
        Item::Log(message) => format!("logs \"{}\"", visits.message(message)),
    };
    format!(
        "{} {what} in {:.0} % of {} visits of {}, {:.0} % before",
        topology.name(habit.entity()),
        habit.after * 100.0,
        habit.visits,
        visits.operation(habit.kind.operation),
        habit.before * 100.0,
    )
}
