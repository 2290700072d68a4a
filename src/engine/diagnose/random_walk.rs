//! A walker on the call graph that prefers entities moving like the suffering front.
//!
//! In: metric history and calls. Out: long-run share of visits per entity. From the front the
//! walker goes to callees by similarity, back to callers by rho times similarity, and stays where
//! it is if nothing around is more similar. Similarity is |Pearson| between an entity's symptom
//! series and the front's, best over its series. Source: Kim, Sumbaly, Shah, "Root Cause Detection
//! in a Service-Oriented Architecture" (MonitorRank, SIGMETRICS 2013), sections 4.2 and 4.3.
//! Limit: correlation over few frames is noise; the front itself is the yardstick, never blamed.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, Case, Method, Parts, Suspicion, evidence};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::stats::{dependence::pearson, walk::visits};
use crate::unit::{EntityId, Ratio, SeriesId};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "random_walk",
    summary: "personalised random walk over the calls, drawn to what moves with the front",
    help: "MonitorRank: starts where the suffering was reported and walks to callees in \
           proportion to how closely their metrics follow the front's, with backward and self \
           edges. Entities visited most are blamed. Pseudo-anomaly clustering is left out.",
    source: "Kim, Sumbaly, Shah, MonitorRank, SIGMETRICS 2013",
    example: "{ rho: 0.2, restart: 0.15, frames: 60 }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Weight of a backward edge (to a caller) in units of a forward one, 0..=1.
    rho: Ratio,
    /// Chance per step to begin anew, 0..=1.
    restart: Ratio,
    /// Frames of history that are correlated.
    frames: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { rho: Ratio::clamped(0.2), restart: Ratio::clamped(0.15), frames: 60 }
    }
}

/// Similarity of an entity that cannot be compared, so that the walker can still pass.
const LEAST: f64 = 0.01;
/// Rounds of power iteration; the error falls at least as fast as (1 - restart)^rounds.
const ROUNDS: usize = 100;

struct RandomWalk(Config);

fn build(spec: &Spec, _: Parts) -> Result<Box<dyn Method + Send>, KindError> {
    Ok(Box::new(RandomWalk(spec.read()?)))
}

impl Method for RandomWalk {
    fn rank(&mut self, case: &Case<'_>, out: &mut Vec<Suspicion>) {
        let topology = case.around.topology;
        let Some(front) = case.front() else { return };
        let places: Vec<EntityId> = topology.suspects().collect();
        let at: BTreeMap<EntityId, usize> =
            places.iter().enumerate().map(|(i, e)| (*e, i)).collect();
        let Some(&start) = at.get(&front) else { return };
        let similar = self.similarities(case, front, &places);
        let edges: Vec<_> =
            (0..places.len()).map(|i| self.edges(case, i, start, &places, &at, &similar)).collect();
        let share = visits(&edges, &similar, self.0.restart.get(), ROUNDS);
        for (i, entity) in places.into_iter().enumerate() {
            let score = if similar[i] > LEAST { share[i] } else { 0.0 };
            let text = format!(
                "moves with {} (|r| {:.2}), visited {:.0} % of the time",
                topology.name(front),
                similar[i],
                share[i] * 100.0
            );
            let said = (score > 0.0).then(|| evidence("random_walk", share[i], None, text));
            out.push(Suspicion {
                entity,
                cause: None,
                score,
                evidence: said.into_iter().collect(),
            });
        }
    }
}

impl RandomWalk {
    fn edges(
        &self,
        case: &Case<'_>,
        from: usize,
        start: usize,
        places: &[EntityId],
        at: &BTreeMap<EntityId, usize>,
        similar: &[f64],
    ) -> Vec<(usize, f64)> {
        let topology = case.around.topology;
        let here = places[from];
        let forward = topology.callees(here).filter_map(|e| at.get(&e));
        let mut edges: Vec<(usize, f64)> = forward.map(|to| (*to, similar[*to])).collect();
        let strongest = edges.iter().map(|e| e.1).fold(0.0, f64::max);
        let back = topology.callers(here).filter_map(|e| at.get(&e));
        edges.extend(back.map(|to| (*to, self.0.rho.get() * similar[from].max(LEAST))));
        if from != start {
            edges.push((from, (similar[from] - strongest).max(0.0)));
        }
        edges
    }

    /// How closely each place follows the front's symptoms, 0..=1; the front itself is not home.
    fn similarities(&self, case: &Case<'_>, front: EntityId, places: &[EntityId]) -> Vec<f64> {
        let fronts = symptom_series(case, front);
        let follow = |place: &EntityId| {
            if *place == front {
                return LEAST;
            }
            let own = symptom_series(case, *place);
            let pairs = own.iter().flat_map(|a| fronts.iter().map(move |b| (*a, *b)));
            let best = pairs.filter_map(|(a, b)| self.similarity(case, a, b)).fold(LEAST, f64::max);
            if case.sickness(*place) > 0.0 { best } else { LEAST }
        };
        places.iter().map(follow).collect()
    }

    fn similarity(&self, case: &Case<'_>, a: SeriesId, b: SeriesId) -> Option<f64> {
        let history = case.around.history;
        let skip = history.len().saturating_sub(self.0.frames as usize);
        let tail = |id| history.column(id).range(skip..);
        pearson(tail(a), tail(b)).map(f64::abs)
    }
}

/// The strongest signs' series of an entity, at most four: the rest adds noise and work.
fn symptom_series(case: &Case<'_>, entity: EntityId) -> Vec<SeriesId> {
    let signs = case.signs_of(entity).iter().filter(|s| s.callee.is_none());
    signs.filter_map(|s| s.series).take(4).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::case_fixture::{Shop, ranking};
    use super::*;
    use crate::model::names::DURATION;

    fn method() -> Box<dyn Method + Send> {
        build(&Spec::plain("random_walk"), Parts { seed: 1, members: Vec::new() }).unwrap()
    }

    #[test]
    fn the_walker_ends_at_the_callee_that_moves_with_the_front() {
        let shop = Shop::new()
            .step("web", DURATION, 0.1, 0.9)
            .step("cart", DURATION, 0.1, 0.9)
            .step("db", DURATION, 0.1, 0.9);
        let order = ranking(&shop, method());
        assert!(["cart", "db"].contains(&order[0].as_str()), "{order:?}");
    }

    #[test]
    fn nothing_sick_says_nothing() {
        let mut out = Vec::new();
        Shop::new().with_case(|case| method().rank(case, &mut out));
        assert!(out.iter().all(|s| s.score == 0.0), "{out:?}");
    }
}
