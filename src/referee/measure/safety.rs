//! What did it break while it helped?
//!
//! In: every rule of `referee/safety/`, checked in one trial. Out: violations by kind, acts, and
//! the share of trials without any violation. A kind that could not be judged in any trial is null.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Definition, MeasureEntry, define};
use crate::catalog::{Entry, schema_of};
use crate::referee::case::Case;
use crate::referee::estimate::Estimate;
use crate::referee::safety::Violation;

const DEFINITIONS: &[Definition] = &[
    define("violations", "1", "violations by kind; null: could not be judged"),
    define("total", "1", "violations of all kinds that could be judged"),
    define("unjudged", "", "why a kind could not be judged"),
    define("acts", "1", "acts on the fleet: no pages, no dry runs"),
    define("clean", "1", "trials without any violation / trials"),
];

/// What `list` and `explain` say.
pub(super) const ENTRY: MeasureEntry = Entry {
    kind: "safety",
    summary: "violations by kind, re-derived from what was done",
    help: "Every rule of the referee, whether or not the engine has such a guardrail.",
    source: "own definitions, one file per rule",
    example: "{}",
    schema: schema_of::<Safety>,
    build: DEFINITIONS,
};

/// The group on the scorecard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Safety {
    /// Violations by kind; null if no trial could be judged.
    pub violations: BTreeMap<String, Option<u64>>,
    /// Violations of all kinds.
    pub total: u64,
    /// Why kinds could not be judged in some trial.
    pub unjudged: BTreeMap<String, String>,
    /// Acts on the fleet.
    pub acts: u64,
    /// Share of trials without any violation.
    pub clean: Estimate,
}

/// What one trial shows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Found {
    /// Every violation, by time.
    pub violations: Vec<Violation>,
    /// Kinds that were judged.
    pub judged: Vec<String>,
    /// Why the others were not.
    pub unjudged: BTreeMap<String, String>,
    /// Acts on the fleet.
    pub acts: u64,
}

/// Looks at one trial.
pub(in crate::referee) fn find(case: &Case<'_>) -> Found {
    let mut found = Found { acts: case.fleet_acts().count() as u64, ..Found::default() };
    for (kind, rule) in case.evidence.rules.build() {
        match rule.check(case) {
            Ok(breaches) => {
                found.judged.push(kind.to_owned());
                let named = |v| Violation { kind: kind.to_owned(), ..v };
                found.violations.extend(breaches.into_iter().map(named));
            }
            Err(why) => {
                found.unjudged.insert(kind.to_owned(), why.to_owned());
            }
        }
    }
    found.violations.sort_by(|a, b| (a.time, &a.kind, a.action).cmp(&(b.time, &b.kind, b.action)));
    found
}

/// Sums up trials.
pub(in crate::referee) fn summarise(trials: &[&Found]) -> Safety {
    let mut violations: BTreeMap<String, Option<u64>> = BTreeMap::new();
    let mut unjudged: BTreeMap<String, String> = BTreeMap::new();
    for trial in trials {
        for (kind, why) in &trial.unjudged {
            violations.entry(kind.clone()).or_default();
            let known = unjudged.entry(kind.clone()).or_insert_with(|| why.clone());
            if why < known {
                known.clone_from(why);
            }
        }
        for kind in &trial.judged {
            let mine = trial.violations.iter().filter(|v| v.kind == *kind).count() as u64;
            let sum = violations.entry(kind.clone()).or_default();
            *sum = Some(sum.unwrap_or(0) + mine);
        }
    }
    let clean = trials.iter().filter(|t| t.violations.is_empty()).count() as u64;
    Safety {
        total: violations.values().flatten().sum(),
        violations,
        unjudged,
        acts: trials.iter().map(|t| t.acts).sum(),
        clean: Estimate::proportion(clean, trials.len() as u64),
    }
}
