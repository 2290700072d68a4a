//! CIRCA-like regression test: blame whose symptom is not what its callees' symptoms foretell.
//!
//! In: metric history and calls. Out: per entity the largest |residual| since the onset, in
//! standard deviations of the residuals before it, where each symptom series is regressed on the
//! like series of the entity's callees. Source: Li et al., "Causal Inference-Based Root Cause
//! Analysis for Online Service Systems with Intervention Recognition" (CIRCA, KDD 2022): regression
//! based hypothesis testing; least squares with a ridge instead of their choice of regressors, and
//! no descendant adjustment. Limit: linear; a published method, kept for comparison.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, Case, Method, Parts, Suspicion, evidence};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::stats::regression::ridge;
use crate::stats::summary::mean;
use crate::unit::SeriesId;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "regression_test",
    summary: "published: whose symptom is not what its callees' symptoms foretell (CIRCA)",
    help: "Regresses each latency and error series on the like series of the callees over the \
           frames before the onset and tests the residuals since.",
    source: "Li et al., CIRCA, KDD 2022",
    example: "{ frames: 120 }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Frames before the onset that are learnt from.
    frames: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { frames: 120 }
    }
}

/// Callees at most that a series is regressed on, in the order of the map.
const MOST_CALLEES: usize = 12;
/// A deviation of residuals below this share of the level is none: perfectly foretold series.
const LEAST_DEVIATION: f64 = 1e-3;

struct RegressionTest(Config);

fn build(spec: &Spec, _: Parts) -> Result<Box<dyn Method + Send>, KindError> {
    Ok(Box::new(RegressionTest(spec.read()?)))
}

impl Method for RegressionTest {
    fn rank(&mut self, case: &Case<'_>, out: &mut Vec<Suspicion>) {
        let topology = case.around.topology;
        for (id, meta) in case.around.series.iter().take(case.around.history.width()) {
            if !meta.role.is_symptom() || meta.labels.contains_key("callee") {
                continue;
            }
            let entity = topology.service_of(meta.entity);
            let Some(z) = self.residual(case, id) else { continue };
            let text = format!(
                "{} of {}: {z:.1} deviations from what its callees foretell",
                meta.metric,
                topology.name(entity)
            );
            let said = vec![evidence("regression_test", z.ln_1p(), Some(case.onset()), text)];
            match out.iter_mut().find(|s| s.entity == entity) {
                Some(known) if known.score < z => (known.score, known.evidence) = (z, said),
                Some(_) => {}
                None => out.push(Suspicion { entity, cause: None, score: z, evidence: said }),
            }
        }
    }
}

impl RegressionTest {
    fn residual(&self, case: &Case<'_>, id: SeriesId) -> Option<f64> {
        let (around, history) = (&case.around, case.around.history);
        let meta = around.series.get(id);
        let entity = around.topology.service_of(meta.entity);
        let like: Vec<SeriesId> = around
            .topology
            .callees(entity)
            .filter(|callee| *callee != entity)
            .filter_map(|callee| {
                let same = |(_, m): &(SeriesId, &crate::model::SeriesMeta)| {
                    around.topology.service_of(m.entity) == callee
                        && (m.role, m.stat(), &m.unit) == (meta.role, meta.stat(), &meta.unit)
                };
                around.series.iter().take(history.width()).find(same).map(|(id, _)| id)
            })
            .take(MOST_CALLEES)
            .collect();
        let cut = history.position(case.onset());
        let first = cut.saturating_sub(self.0.frames as usize);
        let row = |at: usize| -> Option<(Vec<f64>, f64)> {
            let y = history.column(id).at(at);
            let x = |id: &SeriesId| Some(history.column(*id).at(at)).filter(|v| !v.is_nan());
            let known: Vec<f64> = like.iter().map(|id| x(id).unwrap_or(0.0)).collect();
            (!y.is_nan()).then_some((known, y))
        };
        let before: Vec<(Vec<f64>, f64)> = (first..cut).filter_map(row).collect();
        let model = ridge(&before)?;
        let miss = |(x, y): &(Vec<f64>, f64)| y - model.foretell(x);
        let residuals: Vec<f64> = before.iter().map(miss).collect();
        let square = mean(&residuals.iter().map(|r| r * r).collect::<Vec<_>>())?;
        let level = mean(&before.iter().map(|(_, y)| y.abs()).collect::<Vec<_>>())?;
        let deviation = square.sqrt().max(LEAST_DEVIATION * level).max(1e-9);
        let since = (cut..history.len()).filter_map(row);
        since.map(|seen| miss(&seen).abs() / deviation).reduce(f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::case_fixture::{Shop, ranking};
    use super::*;
    use crate::model::names::DURATION;

    #[test]
    fn what_no_callee_foretells_is_blamed() {
        let spec = Spec::plain("regression_test");
        let method = build(&spec, Parts { seed: 1, members: Vec::new() }).unwrap();
        let shop = Shop::new().step("db", DURATION, 0.1, 0.9);
        assert_eq!(ranking(&shop, method)[0], "db");
    }
}
