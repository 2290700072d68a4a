//! What the engine answers to a scenario and to its changed forms, and whether that is the same.

use std::collections::BTreeMap;
use std::fmt;

use rayon::prelude::*;
use serde::{Serialize, Serializer};

use super::relation::Relation;
use super::worlds::{Doubled, Permuted};
use crate::campaign::scenario::{run_in, world};
use crate::campaign::{CaseFailure, incidents, judge};
use crate::scenario::Checked;
use crate::trial::Trial;
use crate::world::World;

/// What was blamed first: entity and cause, or nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Answer(Option<(String, String)>);

/// One relation on one scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Held {
    /// The relation.
    pub relation: Relation,
    /// Whether it held.
    pub verdict: Verdict,
    /// What was answered before and after, for a person.
    pub told: String,
}

/// Whether a relation held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The answer is the same.
    Held,
    /// The answer is another.
    Broken,
    /// The untouched scenario has no answer of its own that could change.
    Unclear,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some((entity, cause)) => write!(f, "{entity}/{cause}"),
            None => f.write_str("no diagnosis"),
        }
    }
}

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

/// Holds every relation against a scenario, on `seeds` seeds from its own up.
///
/// # Errors
/// A trial that did not end.
pub fn check(checked: &Checked, seeds: u64) -> Result<Vec<Held>, CaseFailure> {
    let first = checked.file.seed;
    let seeds: Vec<u64> = (0..seeds).map(|n| first.wrapping_add(n)).collect();
    let mut work: Vec<(Option<Relation>, u64)> = Vec::new();
    for relation in std::iter::once(None).chain(Relation::ALL.map(Some)) {
        work.extend(seeds.iter().map(|seed| (relation, *seed)));
    }
    let answers: Vec<Result<Option<Answer>, CaseFailure>> =
        work.par_iter().map(|(relation, seed)| answer(checked, *relation, *seed)).collect();
    let mut by: BTreeMap<usize, Vec<Option<Answer>>> = BTreeMap::new();
    for (index, answer) in answers.into_iter().enumerate() {
        by.entry(index / seeds.len()).or_default().push(answer?);
    }
    let base: Vec<Answer> = by.remove(&0).unwrap_or_default().into_iter().flatten().collect();
    let held = Relation::ALL.into_iter().enumerate().filter_map(|(index, relation)| {
        let after: Option<Vec<Answer>> = by.remove(&(index + 1))?.into_iter().collect();
        Some(compare(relation, &base, &after?))
    });
    Ok(held.collect())
}

fn compare(relation: Relation, base: &[Answer], after: &[Answer]) -> Held {
    let differ = base.iter().zip(after).position(|(before, after)| before != after);
    let agreed = base.windows(2).all(|pair| pair[0] == pair[1]);
    let same = base.iter().zip(after).filter(|(before, after)| before == after).count();
    let (verdict, told) = match differ {
        None => (Verdict::Held, format!("{} on {} seeds", base[0], base.len())),
        Some(place) => {
            let (before, now) = (&base[place], &after[place]);
            let told = format!(
                "{before} became {now} on seed {}; the same on {same} of {}",
                place + 1,
                base.len()
            );
            let most = 2 * same > base.len();
            match (relation.exact(), agreed, most) {
                (true, ..) | (false, true, false) => (Verdict::Broken, told),
                (false, true, true) => (Verdict::Held, told),
                (false, false, _) => (Verdict::Unclear, told),
            }
        }
    };
    Held { relation, verdict, told }
}

/// The answer to a changed scenario, carried back; `None` if it cannot be changed so.
fn answer(
    checked: &Checked,
    relation: Option<Relation>,
    seed: u64,
) -> Result<Option<Answer>, CaseFailure> {
    let changed = match relation {
        Some(relation) => match relation.apply(checked) {
            Some(changed) => changed,
            None => return Ok(None),
        },
        None => checked.clone(),
    };
    let world = world(&changed, seed)?;
    let mut world: Box<dyn World> = match relation {
        Some(Relation::PermuteSeries) => Box::new(Permuted::new(world)),
        Some(Relation::DuplicateScrape) => Box::new(Doubled::new(world)),
        _ => world,
    };
    let trial = run_in(&mut *world, &changed, seed)?;
    let back = |name: &str| relation.map_or_else(|| name.to_owned(), |r| r.back(name));
    Ok(Some(top(&trial, &back)))
}

fn top(trial: &Trial, back: &dyn Fn(&str) -> String) -> Answer {
    let incidents = incidents::read(trial);
    let main = judge::main_incident(&incidents);
    let top = main.and_then(|incident| incident.hypotheses.first());
    Answer(top.map(|top| (back(&top.entity), top.cause.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(entity: &str) -> Answer {
        Answer(Some((entity.to_owned(), "bad_deploy".to_owned())))
    }

    #[test]
    fn an_exact_relation_breaks_on_one_seed_another_on_most() {
        let base = [answer("a"), answer("a"), answer("a")];
        let once = [answer("a"), answer("b"), answer("a")];
        let twice = [answer("b"), answer("b"), answer("a")];
        let verdict = |relation, after: &[Answer]| compare(relation, &base, after).verdict;
        assert_eq!(verdict(Relation::PermuteSeries, &base), Verdict::Held);
        assert_eq!(verdict(Relation::PermuteSeries, &once), Verdict::Broken);
        assert_eq!(verdict(Relation::RenameServices, &once), Verdict::Held);
        assert_eq!(verdict(Relation::RenameServices, &twice), Verdict::Broken);
        let unsure = [answer("a"), answer("b"), answer("a")];
        assert_eq!(compare(Relation::RenameServices, &unsure, &base).verdict, Verdict::Unclear);
    }
}
