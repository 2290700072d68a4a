//! Ranked correlation: blame what moves most like the metric that the alarm is about.
//!
//! In: the front's suffering series and everybody's. Out: per entity the largest |Spearman| of a
//! like series with the front's, over frames around the onset. Source: the baseline "ranked
//! correlation" of Hardt et al., "The PetShop Dataset" (2023). Limit: whoever suffers with the
//! front correlates, cause or not; a published method, kept for comparison.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, Case, Method, Parts, Suspicion, evidence};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::stats::dependence::pearson;
use crate::unit::{EntityId, SeriesId};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "ranked_correlation",
    summary: "published: what moves most like the metric that the alarm is about",
    help: "Spearman's rank correlation of each entity's series with the front's strongest symptom \
           over `frames` frames until now; the front itself is not blamed.",
    source: "baseline in Hardt et al., The PetShop Dataset, arXiv 2311.04806",
    example: "{ frames: 24 }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Frames that are correlated, the newest last.
    frames: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { frames: 24 }
    }
}

struct RankedCorrelation(Config);

fn build(spec: &Spec, _: Parts) -> Result<Box<dyn Method + Send>, KindError> {
    Ok(Box::new(RankedCorrelation(spec.read()?)))
}

impl Method for RankedCorrelation {
    fn rank(&mut self, case: &Case<'_>, out: &mut Vec<Suspicion>) {
        let topology = case.around.topology;
        let Some(front) = case.front() else { return };
        let symptom = case.signs.iter().find(|s| {
            s.entity == front && s.role.is_symptom() && s.callee.is_none() && s.series.is_some()
        });
        let Some(yardstick) = symptom.and_then(|s| s.series) else { return };
        let role = case.around.series.get(yardstick).role;
        let goal = self.ranks(case, yardstick);
        let mut best: Vec<(EntityId, f64)> = Vec::new();
        for (id, meta) in case.around.series.iter().take(case.around.history.width()) {
            let entity = topology.service_of(meta.entity);
            if meta.role != role || entity == front {
                continue;
            }
            let own = self.ranks(case, id);
            let Some(r) = pearson(own.into_iter(), goal.iter().copied()).map(f64::abs) else {
                continue;
            };
            match best.iter_mut().find(|(known, _)| *known == entity) {
                Some((_, most)) => *most = most.max(r),
                None => best.push((entity, r)),
            }
        }
        for (entity, r) in best {
            let text = format!("moves with {} (rank correlation {r:.2})", topology.name(front));
            let said = vec![evidence("ranked_correlation", r, None, text)];
            out.push(Suspicion { entity, cause: None, score: r, evidence: said });
        }
    }
}

impl RankedCorrelation {
    /// The rank of each of the newest values; NaN where there is none.
    fn ranks(&self, case: &Case<'_>, id: SeriesId) -> Vec<f64> {
        let column = case.around.history.column(id);
        let skip = column.len().saturating_sub(self.0.frames as usize);
        let values: Vec<f64> = column.range(skip..).collect();
        let below = |v: f64| {
            let less = values.iter().filter(|x| **x < v).count() as f64;
            let equal = values.iter().filter(|x| **x == v).count() as f64;
            less + equal / 2.0
        };
        values.iter().map(|v| if v.is_nan() { f64::NAN } else { below(*v) }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::case_fixture::{Shop, ranking};
    use super::*;
    use crate::model::names::DURATION;

    #[test]
    fn what_moves_with_the_front_is_blamed() {
        let spec = Spec::plain("ranked_correlation");
        let method = build(&spec, Parts { seed: 1, members: Vec::new() }).unwrap();
        let shop =
            Shop::new().step("web", DURATION, 0.1, 0.9).late_step("cart", DURATION, 0.1, 0.5, 0);
        assert_eq!(ranking(&shop, method)[0], "cart");
    }
}
