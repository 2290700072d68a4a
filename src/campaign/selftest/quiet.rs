//! Healthy fleets of several sizes: how often the engine cries over nothing.
//!
//! In: numbers of services, hours, seeds, a policy. Out: one row a size with its series, false
//! alarms and incidents a day, and whether they keep to the policy's budget. The fleets are those
//! of `windtunnel generate fleet --replicas 4`, under a day's load with noise, and nothing is wrong
//! in them: every alarm is false. A row holds unless the counts are more than chance would make of
//! the budget (Garwood's exact limits of a Poisson mean, 95 %).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::{CaseFailure, Progress, pool};
use crate::model::{Decision, IncidentChange, Policy};
use crate::stats::interval::poisson;
use crate::trial::{self, Mode, Settings};
use crate::unit::{Ratio, SimDuration};
use crate::world::World;
use crate::world::fleet::{LoadSpec, generate, generated_rate};
use crate::world::synthetic::{Synthetic, SyntheticSpec};

/// What healthy fleets made of a policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QuietTable {
    /// False alarms a day that the policy puts up with; absent: any number.
    pub budget: Option<f64>,
    /// Hours that each fleet was watched, all seeds together.
    pub hours: f64,
    /// One row a size.
    pub rows: Vec<QuietRow>,
    /// Whether all rows hold.
    pub passed: bool,
}

/// Fleets of one size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QuietRow {
    /// Services.
    pub services: u32,
    /// Series watched (of the first seed).
    pub series: u64,
    /// Alarms, all seeds together.
    pub alarms: u64,
    /// Incidents, all seeds together.
    pub incidents: u64,
    /// Alarms by detector and what they are about, most first.
    pub by: Vec<(String, u64)>,
    /// Whether the alarms keep to the budget, as far as chance allows.
    pub passed: bool,
}

/// What to watch.
#[derive(Debug, Clone)]
pub struct QuietSettings {
    /// Numbers of services.
    pub services: Vec<u32>,
    /// Hours of each run.
    pub hours: u32,
    /// Runs of each size, from seed 1 up.
    pub seeds: u64,
    /// Runs at the same time; 0: one a processor.
    pub jobs: usize,
}

/// One run.
struct Heard {
    series: u64,
    alarms: BTreeMap<String, u64>,
    incidents: u64,
}

/// Watches healthy fleets.
///
/// # Errors
/// If a trial cannot be run.
pub fn quiet(
    policy: &Policy,
    settings: &QuietSettings,
    progress: &Progress<'_>,
) -> Result<QuietTable, CaseFailure> {
    let seeds = 1..=settings.seeds;
    let each = |n: &u32| seeds.clone().map(|seed| (*n, seed)).collect::<Vec<_>>();
    let items: Vec<(u32, u64)> = settings.services.iter().flat_map(each).collect();
    let name = |(services, seed): &(u32, u64)| format!("{services} services, seed {seed}");
    let work = |(services, seed): &(u32, u64)| watch(policy, *services, *seed, settings.hours);
    let heard = pool::map(&items, settings.jobs, progress, name, work);
    let heard: Vec<Heard> = heard.into_iter().collect::<Result<_, _>>()?;
    let hours = f64::from(settings.hours) * settings.seeds as f64;
    let budget = policy.alarm.false_alerts_per_day;
    let runs = heard.chunks(settings.seeds.max(1) as usize);
    let rows: Vec<QuietRow> =
        settings.services.iter().zip(runs).map(|(n, runs)| row(*n, runs, budget, hours)).collect();
    let passed = rows.iter().all(|row| row.passed);
    Ok(QuietTable { budget, hours, rows, passed })
}

fn row(services: u32, runs: &[Heard], budget: Option<f64>, hours: f64) -> QuietRow {
    let mut by: BTreeMap<String, u64> = BTreeMap::new();
    for (what, count) in runs.iter().flat_map(|run| &run.alarms) {
        *by.entry(what.clone()).or_default() += count;
    }
    let alarms = by.values().sum();
    let mut by: Vec<(String, u64)> = by.into_iter().collect();
    by.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let may = budget.map_or(f64::INFINITY, |budget| budget * hours / 24.0);
    QuietRow {
        services,
        series: runs.first().map_or(0, |run| run.series),
        alarms,
        incidents: runs.iter().map(|run| run.incidents).sum(),
        by,
        passed: poisson(alarms, 0.95).low <= may,
    }
}

fn watch(policy: &Policy, services: u32, seed: u64, hours: u32) -> Result<Heard, CaseFailure> {
    let name = format!("quiet fleet of {services}");
    let start = "2026-01-06T00:00:00Z".parse().expect("an instant");
    let load = LoadSpec {
        daily_amplitude: Ratio::clamped(0.4),
        noise_cv: 0.03,
        ..LoadSpec::steady(generated_rate(services))
    };
    let duration = SimDuration::from_secs(3600) * i64::from(hours);
    let spec = SyntheticSpec {
        load,
        ..SyntheticSpec::quiet(generate(services, 4, seed), start, duration)
    };
    let mut world =
        Synthetic::new(spec, seed).map_err(|all| CaseFailure::unusable(&name, seed, &all))?;
    let mut engine = trial::build_engine(policy, seed)
        .map_err(|all| CaseFailure::unusable(&name, seed, &all))?;
    let settings = Settings::new(&name, seed, Mode::ClosedLoop);
    let trial = trial::run_lean(&mut world, &mut *engine, &settings)
        .map_err(|error| CaseFailure::of_trial(&name, seed, &error))?;
    let mut heard =
        Heard { series: world.series().len() as u64, alarms: BTreeMap::new(), incidents: 0 };
    for (_, decision) in trial.journal.decisions() {
        match decision {
            Decision::Anomaly(a) => {
                *heard.alarms.entry(format!("{} {:?}", a.detector, a.role)).or_default() += 1;
            }
            Decision::Incident(i) => {
                let new = matches!(i.change, IncidentChange::Opened | IncidentChange::Split);
                heard.incidents += u64::from(new);
            }
            _ => {}
        }
    }
    Ok(heard)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::AlarmPolicy;
    use crate::scenario::default_policy;

    fn heard(alarms: u64) -> Heard {
        Heard { series: 9, alarms: BTreeMap::from([("x".to_owned(), alarms)]), incidents: 0 }
    }

    #[test]
    fn a_row_holds_as_far_as_chance_allows() {
        for (alarms, budget, passed) in
            [(3, Some(1.0), true), (9, Some(1.0), false), (9, None, true), (0, Some(0.1), true)]
        {
            assert_eq!(row(10, &[heard(alarms)], budget, 24.0).passed, passed, "{alarms}");
        }
    }

    #[test]
    fn a_small_fleet_keeps_to_the_budget_and_one_without_budget_is_heard() {
        let few = QuietSettings { services: vec![6], hours: 1, seeds: 1, jobs: 1 };
        let table = quiet(&default_policy(), &few, &|_, _, _| {}).unwrap();
        assert!(table.passed && table.rows[0].series > 100, "{table:?}");
        let mut loud = default_policy();
        loud.alarm = AlarmPolicy {
            threshold: 0.3,
            immediate: 0.5,
            false_alerts_per_day: None,
            ..loud.alarm.clone()
        };
        let table = quiet(&loud, &few, &|_, _, _| {}).unwrap();
        assert!(table.passed && table.rows[0].alarms > 10, "{table:?}");
    }
}
