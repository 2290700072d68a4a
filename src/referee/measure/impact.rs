//! What did it cost the users, the fleet and the people on call?
//!
//! In: the world's SLI and replica counts, and the pages in the journal. Out: totals per trial and
//! their mean. Error-budget minutes are outage-equivalent: share of failed requests times length,
//! summed. Night is 22:00 to 06:00 UTC. A recording knows nothing but the pages.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Definition, MeasureEntry, define};
use crate::catalog::{Entry, schema_of};
use crate::model::{Verb, WorldRecord};
use crate::referee::case::Case;
use crate::referee::estimate::Estimate;
use crate::referee::recovery::is_bad;
use crate::unit::{Name, SimTime};

const DEFINITIONS: &[Definition] = &[
    define("requests", "{request}", "requests of users, mean per trial"),
    define("bad_requests", "{request}", "failed requests of users, mean per trial"),
    define("bad_minutes", "min", "time in which the objective was missed, mean per trial"),
    define("error_budget_minutes", "min", "failed share times length, mean per trial"),
    define("extra_replica_hours", "h", "wanted replicas above those at the start, times length"),
    define("pages", "{page}", "people woken, mean per trial"),
    define("pages_at_night", "{page}", "pages from 22:00 to 06:00 UTC, mean per trial"),
];

/// What `list` and `explain` say.
pub(super) const ENTRY: MeasureEntry = Entry {
    kind: "impact",
    summary: "bad requests, bad minutes, error budget, extra replicas, pages",
    help: "Totals of a trial; over several trials, their mean with an interval.",
    source: "error budgets: Beyer et al., Site Reliability Engineering (2016), chapter 3",
    example: "{}",
    schema: schema_of::<Impact>,
    build: DEFINITIONS,
};

/// The group on the scorecard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Impact {
    /// Requests of users.
    pub requests: Estimate,
    /// Failed ones.
    pub bad_requests: Estimate,
    /// Minutes in which the objective was missed.
    pub bad_minutes: Estimate,
    /// Outage-equivalent minutes.
    pub error_budget_minutes: Estimate,
    /// Replica-hours above the number wanted at the start.
    pub extra_replica_hours: Estimate,
    /// People woken.
    pub pages: Estimate,
    /// People woken from 22:00 to 06:00 UTC.
    pub pages_at_night: Estimate,
}

/// What one trial shows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Found {
    /// What users saw; null for a recording.
    pub users: Option<UserImpact>,
    /// Replica-hours above the number wanted at the start; null for a recording.
    pub extra_replica_hours: Option<f64>,
    /// Pages.
    pub pages: u64,
    /// Pages at night.
    pub pages_at_night: u64,
}

/// What users saw in one trial.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct UserImpact {
    /// Requests.
    pub requests: f64,
    /// Failed ones.
    pub bad_requests: f64,
    /// Minutes in which the objective was missed.
    pub bad_minutes: f64,
    /// Outage-equivalent minutes.
    pub error_budget_minutes: f64,
}

/// Looks at one trial.
pub(in crate::referee) fn find(case: &Case<'_>) -> Found {
    let pages =
        || case.acts.iter().filter(|a| a.what.verb() == Verb::PageOnCall && !a.what.dry_run);
    let record = case.evidence.record;
    let night = |time: SimTime| !(6.0..22.0).contains(&time.hour_of_day());
    Found {
        users: users(record),
        extra_replica_hours: extra_replica_hours(record, case.evidence.window.end),
        pages: pages().count() as u64,
        pages_at_night: pages().filter(|a| night(a.time)).count() as u64,
    }
}

/// Sums up trials.
pub(in crate::referee) fn summarise(trials: &[&Found]) -> Impact {
    let mean = |name: &str, of: fn(&Found) -> Option<f64>| {
        let values: Vec<f64> = trials.iter().filter_map(|t| of(t)).collect();
        Estimate::total(&values, &format!("impact/{name}"))
    };
    Impact {
        requests: mean("requests", |t| t.users.map(|u| u.requests)),
        bad_requests: mean("bad_requests", |t| t.users.map(|u| u.bad_requests)),
        bad_minutes: mean("bad_minutes", |t| t.users.map(|u| u.bad_minutes)),
        error_budget_minutes: mean("budget", |t| t.users.map(|u| u.error_budget_minutes)),
        extra_replica_hours: mean("extra_replica_hours", |t| t.extra_replica_hours),
        pages: mean("pages", |t| Some(t.pages as f64)),
        pages_at_night: mean("pages_at_night", |t| Some(t.pages_at_night as f64)),
    }
}

/// How users fared; absent where the world keeps no record of them.
#[must_use]
pub fn users(record: &WorldRecord) -> Option<UserImpact> {
    let objective = record.objective.as_ref().filter(|_| !record.sli.is_empty())?;
    let minutes = record.interval.secs_f64() / 60.0;
    let mut found = UserImpact::default();
    for sli in record.sli.iter() {
        found.requests += sli.requests;
        found.bad_requests += sli.failed;
        if sli.requests > 0.0 {
            found.error_budget_minutes += minutes * sli.failed / sli.requests;
        }
        found.bad_minutes += if is_bad(&sli, objective) { minutes } else { 0.0 };
    }
    Some(found)
}

fn extra_replica_hours(record: &WorldRecord, end: SimTime) -> Option<f64> {
    if record.replicas.is_empty() {
        return None;
    }
    let mut first: BTreeMap<&Name, u32> = BTreeMap::new();
    let mut now: BTreeMap<&Name, (SimTime, u32)> = BTreeMap::new();
    let mut hours = 0.0;
    let mut add = |service: &Name, since: SimTime, until: SimTime, extra: u32| {
        debug_assert!(since <= until, "replica counts of {service} are in time order");
        hours += f64::from(extra) * until.since(since).secs_f64() / 3600.0;
    };
    for count in &record.replicas {
        let base = *first.entry(&count.service).or_insert(count.desired);
        let before = now.insert(&count.service, (count.time, count.desired));
        if let Some((since, desired)) = before {
            add(&count.service, since, count.time, desired.saturating_sub(base));
        }
    }
    for (service, (since, desired)) in now {
        add(service, since, end.max(since), desired.saturating_sub(first[service]));
    }
    Some(hours)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Objective, ReplicaCount, SliSample};
    use crate::unit::SimDuration;

    #[test]
    fn users_are_counted_only_where_the_world_knows_them() {
        assert_eq!(users(&WorldRecord::default()), None);
        let sli = |failed: f64, p99: f64| SliSample {
            time: SimTime::from_secs(0),
            requests: 100.0,
            failed,
            latency_p99_s: Some(p99),
        };
        let record = WorldRecord {
            objective: Some(Objective {
                service: Name::from("web"),
                availability: 0.99,
                latency_p99: SimDuration::from_secs(1),
                sustained: SimDuration::from_secs(60),
            }),
            interval: SimDuration::from_secs(30),
            sli: [sli(0.0, 0.1), sli(50.0, 0.1), sli(1.0, 2.0)].into_iter().collect(),
            ..WorldRecord::default()
        };
        let found = users(&record).unwrap();
        assert_eq!((found.requests, found.bad_requests, found.bad_minutes), (300.0, 51.0, 1.0));
        assert!((found.error_budget_minutes - 0.255).abs() < 1e-12);
    }

    #[test]
    fn extra_replicas_cost_from_when_they_are_wanted_to_the_end() {
        let count = |hour: i64, desired| ReplicaCount {
            time: SimTime::from_secs(hour * 3600),
            service: Name::from("cart"),
            desired,
            ready: desired,
        };
        let replicas = vec![count(0, 3), count(1, 5), count(2, 2), count(3, 4)];
        let record = WorldRecord { replicas, ..WorldRecord::default() };
        let found = extra_replica_hours(&record, SimTime::from_secs(5 * 3600)).unwrap();
        assert!((found - 4.0).abs() < 1e-12, "{found}");
        assert_eq!(extra_replica_hours(&WorldRecord::default(), SimTime::from_secs(9)), None);
    }
}
