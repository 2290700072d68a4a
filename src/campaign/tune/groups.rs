//! The same numbers by cause and by remedy: one floor for all is rarely right.
//!
//! In: the rows of the setting that is shown. Out: one group a cause (as the engine saw it at the
//! reference setting, so that a trial stays in its group) or first remedy. For a cause also the
//! floor at which its own trials are cheapest.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Brief;
use super::outcome::{Number, Outcome};
use crate::campaign::sweep::row::Row;
use crate::model::Cause;

/// One cause or remedy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Its name; `none` where the engine planned nothing.
    pub key: String,
    /// What its trials came to.
    pub outcome: Outcome,
    /// The setting at which its trials are cheapest.
    pub cheapest: Option<usize>,
    /// What a trial costs there.
    pub cheapest_cost: Number,
}

/// The cause of each trial at a setting.
#[must_use]
pub fn causes(rows: &[&Row]) -> BTreeMap<(u32, u64), Option<Cause>> {
    rows.iter().map(|row| ((row.scenario, row.seed), row.cause)).collect()
}

/// By cause.
#[must_use]
pub fn by_cause(
    brief: &Brief<'_>,
    rows: &[Vec<&Row>],
    shown: usize,
    reference: usize,
) -> Vec<Group> {
    let of = causes(&rows[reference]);
    let key = |row: &Row| of.get(&(row.scenario, row.seed)).copied().flatten();
    let mut names: Vec<Option<Cause>> = of.values().copied().collect();
    names.sort_unstable();
    names.dedup();
    let group = |cause: Option<Cause>| {
        let mine = |setting: usize| -> Vec<&Row> {
            rows[setting].iter().copied().filter(|row| key(row) == cause).collect()
        };
        let costs: Vec<Number> =
            (0..rows.len()).map(|place| Outcome::of(&mine(place), brief.costs).cost).collect();
        let cheapest = cheapest(&costs);
        Group {
            key: cause.map_or_else(|| "none".to_owned(), |cause| cause.to_string()),
            outcome: Outcome::of(&mine(shown), brief.costs),
            cheapest,
            cheapest_cost: cheapest.map(|place| costs[place]).unwrap_or_default(),
        }
    };
    names.into_iter().map(group).collect()
}

/// By first remedy.
#[must_use]
pub fn by_remedy(brief: &Brief<'_>, rows: &[Vec<&Row>], shown: usize) -> Vec<Group> {
    let mut all: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
    for row in &rows[shown] {
        let key = row.verb.map_or_else(|| "none".to_owned(), |verb| verb.to_string());
        all.entry(key).or_default().push(row);
    }
    let group = |(key, rows): (String, Vec<&Row>)| Group {
        key,
        outcome: Outcome::of(&rows, brief.costs),
        cheapest: None,
        cheapest_cost: Number::default(),
    };
    all.into_iter().map(group).collect()
}

/// The cheapest place, the last one on a tie: floors rise, and the higher one is the safer.
#[must_use]
pub fn cheapest(costs: &[Number]) -> Option<usize> {
    let known = costs.iter().enumerate().filter_map(|(place, cost)| Some((place, cost.value?)));
    let least = |best: Option<(usize, f64)>, (place, cost): (usize, f64)| match best {
        Some((_, lowest)) if cost > lowest + 1e-9 => best,
        _ => Some((place, cost)),
    };
    known.fold(None, least).map(|(place, _)| place)
}
