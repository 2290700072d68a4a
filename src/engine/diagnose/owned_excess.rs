//! Blame who owns the time or the failures: excess that no callee explains, from metrics.
//!
//! In: excesses of the case (`engine/case/excess.rs`). Out: per entity the stronger of its share
//! of the waiting and of the failing, times how sure that it is no chance; 0..=1, comparable with
//! other methods of evidence. Source: see there. Limit: needs a request rate for each entity.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, Case, Method, Parts, Suspicion, evidence};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::engine::case::Measure;
use crate::model::EntityKind;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "owned_excess",
    summary: "who owns the waiting and the failing that no callee explains, from metrics",
    help: "Request rate times excess latency is time waited; request rate times excess failures is \
           requests lost. What callees have of either is theirs; the rest is owned. An alert's \
           metric says which of the two counts, its entity who is in reach.",
    source: "Little's law; Bhagwan et al., Adtributor, NSDI 2014 (shares of an excess)",
    example: "{ view: 0.5 }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Weight of what is not ours: mostly a caller's view of something else, 0..=1.
    view: f64,
}

impl Default for Config {
    fn default() -> Self {
        Self { view: 0.5 }
    }
}

struct OwnedExcess(Config);

fn build(spec: &Spec, _: Parts) -> Result<Box<dyn Method + Send>, KindError> {
    Ok(Box::new(OwnedExcess(spec.read()?)))
}

impl Method for OwnedExcess {
    fn rank(&mut self, case: &Case<'_>, out: &mut Vec<Suspicion>) {
        let topology = case.around.topology;
        for excess in case.excesses() {
            let entity = excess.entity;
            let view = match topology.get(entity).kind {
                EntityKind::External => self.0.view,
                _ => 1.0,
            };
            let score = excess.strength() * view;
            let [before, now] = excess.level;
            let what = match excess.measure {
                Measure::Time => format!("waits {before:.3} s -> {now:.3} s a request"),
                Measure::Failures => {
                    format!("fails {:.1} % -> {:.1} % of requests", before * 100.0, now * 100.0)
                }
            };
            let owned = (100.0 * excess.owned / excess.total.max(excess.owned)).round();
            let text = format!(
                "{} {what}; {owned} % of its excess is in no callee, {:.0} % of all that is owned",
                topology.name(entity),
                excess.share * 100.0
            );
            let said = evidence("owned_excess", score, Some(case.onset()), text);
            match out.iter_mut().find(|s| s.entity == entity) {
                Some(known) => {
                    known.score = known.score.max(score);
                    known.evidence.push(said);
                }
                None => {
                    out.push(Suspicion { entity, cause: None, score, evidence: vec![said] });
                }
            }
        }
    }
}
