//! Which family of faults is covered by which fault, which scenario, and what the fleet showed.
//!
//! In: a corpus of checked scenarios. Out: one row for each family and kind of fault. What the
//! fleet showed is measured, not written down: the plainest scenario with the fault is run
//! unattended, and the ten minutes before the injection are compared with what came after. Known
//! limit: with several faults in a scenario their consequences are not told apart.

mod observe;

use std::path::PathBuf;

use serde::Serialize;

use super::{Progress, pool};
use crate::scenario::Checked;
use crate::world::chaos::families;

/// One family and one kind of fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The family.
    pub family: &'static str,
    /// What it maps to; see `families::Family`.
    pub maps_to: &'static str,
    /// The fault.
    pub fault: &'static str,
    /// The scenario in which it was looked at; absent if the corpus has none.
    pub scenario: Option<String>,
    /// Its file.
    pub file: Option<PathBuf>,
    /// How many scenarios of the corpus have the fault.
    pub scenarios: usize,
    /// What the fleet showed, measured.
    pub shown: Option<String>,
}

/// Looks at every fault of every family.
#[must_use]
pub fn coverage(corpus: &[Checked], jobs: usize, progress: &Progress<'_>) -> Vec<Row> {
    let mut kinds: Vec<&'static str> =
        families::ALL.iter().flat_map(|family| family.kinds).copied().collect();
    kinds.sort_unstable();
    kinds.dedup();
    let name = |kind: &&'static str| (*kind).to_owned();
    let look = |kind: &&'static str| {
        let example = plainest(corpus, kind)?;
        Some((example.file.name.clone(), example.path.clone(), observe::observe(example, kind)))
    };
    let seen = pool::map(&kinds, jobs, progress, name, look);
    let of = |kind: &str| kinds.iter().position(|k| *k == kind).and_then(|i| seen[i].clone());
    let rows = families::ALL
        .iter()
        .flat_map(|family| family.kinds.iter().map(move |kind| (family, *kind)));
    rows.map(|(family, fault)| {
        let example = of(fault);
        let (scenario, file, shown) = match example {
            Some((scenario, file, shown)) => (Some(scenario), Some(file), shown),
            None => (None, None, None),
        };
        Row {
            family: family.name,
            maps_to: family.maps_to,
            fault,
            scenario,
            file,
            scenarios: corpus.iter().filter(|checked| has(checked, fault)).count(),
            shown,
        }
    })
    .collect()
}

fn has(checked: &Checked, kind: &str) -> bool {
    checked.spec.faults.iter().any(|fault| fault.spec.kind == kind)
}

/// The scenario with the fault that has the fewest others.
fn plainest<'a>(corpus: &'a [Checked], kind: &str) -> Option<&'a Checked> {
    let mine = corpus.iter().filter(|checked| has(checked, kind));
    mine.min_by_key(|checked| (checked.spec.faults.len(), &checked.path))
}
