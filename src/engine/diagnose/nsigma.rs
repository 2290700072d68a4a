//! N-sigma: blame the service whose metric lies the most standard deviations from its mean.
//!
//! In: metric history before and since the onset. Out: per entity the largest |x - mean| / sd of
//! any of its series since the onset. Source: the baseline of that name in Li et al., "CIRCA" (KDD
//! 2022) and Pham et al., "BARO" (FSE 2024). Limit: mean and deviation are moved by the very
//! outliers that they shall find; a published method, kept for comparison.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, Case, Method, Parts, Suspicion, evidence};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::stats::summary::mean;
use crate::unit::SeriesId;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "nsigma",
    summary: "published: the metric that lies the most standard deviations from its mean",
    help: "For each series the largest distance from the mean before the onset, in standard \
           deviations. Needs no call graph.",
    source: "baseline in Li et al., CIRCA, KDD 2022, and Pham et al., BARO, FSE 2024",
    example: "{ frames: 240 }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Frames before the onset that make the mean.
    frames: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { frames: 240 }
    }
}

/// A deviation below this is none: constant series.
const LEAST_DEVIATION: f64 = 1e-9;

struct Nsigma(Config);

fn build(spec: &Spec, _: Parts) -> Result<Box<dyn Method + Send>, KindError> {
    Ok(Box::new(Nsigma(spec.read()?)))
}

impl Method for Nsigma {
    fn rank(&mut self, case: &Case<'_>, out: &mut Vec<Suspicion>) {
        let (topology, history) = (case.around.topology, case.around.history);
        for (id, meta) in case.around.series.iter().take(history.width()) {
            let Some(z) = self.distance(case, id) else { continue };
            let entity = topology.service_of(meta.entity);
            let text =
                format!("{} of {}: {z:.1} standard deviations", meta.metric, topology.name(entity));
            let said = vec![evidence("nsigma", z.ln_1p(), Some(case.onset()), text)];
            match out.iter_mut().find(|s| s.entity == entity) {
                Some(known) if known.score < z => (known.score, known.evidence) = (z, said),
                Some(_) => {}
                None => out.push(Suspicion { entity, cause: None, score: z, evidence: said }),
            }
        }
    }
}

impl Nsigma {
    fn distance(&self, case: &Case<'_>, id: SeriesId) -> Option<f64> {
        let column = case.around.history.column(id);
        let cut = case.around.history.position(case.onset());
        let first = cut.saturating_sub(self.0.frames as usize);
        let before: Vec<f64> = column.range(first..cut).filter(|v| !v.is_nan()).collect();
        let middle = mean(&before).filter(|_| before.len() > 1)?;
        let squares = before.iter().map(|v| (v - middle).powi(2)).sum::<f64>();
        let deviation = (squares / (before.len() - 1) as f64).sqrt().max(LEAST_DEVIATION);
        let since = column.range(cut..).filter(|v| !v.is_nan());
        since.map(|v| (v - middle).abs() / deviation).reduce(f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::case_fixture::{Shop, ranking};
    use super::*;

    #[test]
    fn the_metric_far_from_its_mean_wins() {
        let spec = Spec::plain("nsigma");
        let method = build(&spec, Parts { seed: 1, members: Vec::new() }).unwrap();
        let shop = Shop::new().step("cart", "http.server.request.duration", 0.1, 0.9);
        assert_eq!(ranking(&shop, method)[0], "cart");
    }
}
