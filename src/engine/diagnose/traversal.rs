//! Traversal: follow sick callees from the front; blame the last sick ones.
//!
//! In: signs and the call graph. Out: entities that are sick in a symptom, reached from the front
//! over sick ones only, with no sick callee of their own; nearer ones below them rank behind.
//! Source: the "traversal" baseline of Hardt et al., "The PetShop Dataset" (2023), after Chen et
//! al., "CauseInfer" (INFOCOM 2014). Limit: one healthy-looking link hides everything behind it.

use super::{Build, Case, Method, NoParameters, Parts, Suspicion, evidence, sign_text};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::unit::EntityId;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "traversal",
    summary: "published: the last sick entities on sick paths from the front",
    help: "Breadth first from where the suffering was reported, over callees that are sick in a \
           symptom. Those without a sick callee are blamed, the strongest first; the others on the \
           way rank behind them.",
    source: "baseline in Hardt et al., The PetShop Dataset, 2023; CauseInfer, INFOCOM 2014",
    example: "{}",
    schema: schema_of::<NoParameters>,
    build,
};

/// What an entity on the way, whose callees are sick, is worth beside a last one.
const ON_THE_WAY: f64 = 0.1;

struct Traversal;

fn build(spec: &Spec, _: Parts) -> Result<Box<dyn Method + Send>, KindError> {
    let NoParameters {} = spec.read()?;
    Ok(Box::new(Traversal))
}

impl Method for Traversal {
    fn rank(&mut self, case: &Case<'_>, out: &mut Vec<Suspicion>) {
        let topology = case.around.topology;
        let Some(front) = case.front() else { return };
        let sick = |e: &EntityId| case.pain(*e) > 0.0;
        let mut seen = vec![front];
        let mut next = 0;
        while let Some(here) = seen.get(next).copied() {
            next += 1;
            for callee in topology.callees(here).filter(sick) {
                if !seen.contains(&callee) {
                    seen.push(callee);
                }
            }
        }
        for entity in seen {
            let last = !topology.callees(entity).any(|c| c != entity && sick(&c));
            let score = case.pain(entity) * if last { 1.0 } else { ON_THE_WAY };
            let sign = case.sick_signs(entity).find(|s| s.role.is_symptom());
            let said =
                sign.map(|s| evidence("traversal", score, Some(s.since), sign_text(s, topology)));
            let evidence = said.into_iter().collect();
            out.push(Suspicion { entity, cause: None, score, evidence });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::case_fixture::{Shop, ranking};
    use super::*;
    use crate::model::names::DURATION;

    #[test]
    fn the_last_sick_one_on_the_way_is_blamed() {
        let method =
            build(&Spec::plain("traversal"), Parts { seed: 1, members: Vec::new() }).unwrap();
        let shop = Shop::new()
            .step("web", DURATION, 0.1, 0.9)
            .step("cart", DURATION, 0.1, 0.9)
            .step("db", DURATION, 0.1, 0.9)
            .step("ads", DURATION, 0.1, 0.11);
        assert_eq!(ranking(&shop, method)[0], "db");
    }
}
