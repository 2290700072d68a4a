//! BARO's robust scorer: blame the service whose metric left its baseline by the most IQRs.
//!
//! In: the case's signs. Out: per entity the largest robust z-score of any metric about it after
//! the change point: its own, and what its callers saw of their calls to it. Source: Pham, Ha,
//! Zhang, "BARO: Robust Root Cause Analysis for Microservices via Multivariate Bayesian Online
//! Change Point Detection" (FSE 2024), section 3.2. Limit: it does not know who calls whom; a
//! victim may shout louder than the culprit. The change point is the incident's onset, not BARO's
//! own multivariate detector.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, Case, Method, Parts, SICK_Z, Sign, Suspicion, evidence, sign_text};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{EntityKind, SignalClass};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "baro",
    summary: "the service whose metric moved most, in robust deviations",
    help: "Scores each metric by its largest distance from the median before the incident, in \
           units of the IQR, and blames the service that owns the strangest one. Needs no call \
           graph. With `all_signals` logs, spans and events count too, by their detector's score.",
    source: "Pham et al., BARO, FSE 2024, robust scorer",
    example: "{ all_signals: true }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Count anomalies in logs, spans and events as well as metrics.
    all_signals: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { all_signals: true }
    }
}

/// What is outside of our reach is a caller's view of a call; it counts for less.
const EXTERNAL_WEIGHT: f64 = 0.5;

struct Baro(Config);

fn build(spec: &Spec, _: Parts) -> Result<Box<dyn Method + Send>, KindError> {
    Ok(Box::new(Baro(spec.read()?)))
}

impl Method for Baro {
    fn rank(&mut self, case: &Case<'_>, out: &mut Vec<Suspicion>) {
        let topology = case.around.topology;
        for entity in topology.suspects() {
            let counts = |class| self.0.all_signals || class == SignalClass::Metric;
            let about =
                |s: &&Sign| s.callee == Some(entity) || s.entity == entity && s.callee.is_none();
            let own = case.signs_around(entity).into_iter().filter(about);
            let best = own.filter(|s| counts(s.class)).max_by(|a, b| a.z.total_cmp(&b.z));
            let Some(best) = best.filter(|sign| sign.z > 0.0) else { continue };
            let strange = best.z >= SICK_Z;
            let text = format!("{} (z {:.1})", sign_text(best, topology), best.z);
            let said = strange.then(|| evidence("baro", best.strength(), Some(best.since), text));
            let external = topology.get(entity).kind == EntityKind::External;
            let score = best.strength() * if external { EXTERNAL_WEIGHT } else { 1.0 };
            out.push(Suspicion {
                entity,
                cause: None,
                score,
                evidence: said.into_iter().collect(),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::case_fixture::{Shop, ranking};
    use super::*;

    fn method() -> Box<dyn Method + Send> {
        build(&Spec::plain("baro"), Parts { seed: 1, members: Vec::new() }).unwrap()
    }

    #[test]
    fn the_strangest_metric_wins() {
        let shop = Shop::new().step("cart", "http.server.request.duration", 0.1, 0.9);
        assert_eq!(ranking(&shop, method())[0], "cart");
    }

    #[test]
    fn a_quiet_shop_has_no_evidence() {
        let shop = Shop::new();
        let mut out = Vec::new();
        shop.with_case(|case| method().rank(case, &mut out));
        assert!(out.iter().all(|s| s.evidence.is_empty()), "{out:?}");
    }
}
