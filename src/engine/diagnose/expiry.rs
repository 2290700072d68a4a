//! Blame a certificate or a lease that ended as the trouble began, or is about to end.
//!
//! In: dates that are near or past (`engine/case/standing.rs`). Out: per entity 1 where the end
//! falls on the onset and somebody suffers, less the longer ago it was; where it is still to come,
//! `early` if nobody suffers yet, else nothing: what has not ended breaks nothing. Source: own; a
//! known instant is the strongest evidence there is. Limit: needs the time left as a metric.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, Case, Method, Parts, Suspicion, evidence, span_of_time};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::Cause;
use crate::unit::{Ratio, SimDuration};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "expiry",
    summary: "a certificate or lease that ended as the trouble began, or ends soon",
    help: "Compares the end of each certificate and lease with the onset. An end within `near` of \
           it counts fully, one longer ago counts half. One that is still to come counts `early` \
           as long as no user suffers.",
    source: "own: an instant that is known beforehand",
    example: "{ near: 2m, early: 0.5 }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Distance from the end to the onset within which they are one event.
    near: SimDuration,
    /// Score of an end that is still to come.
    early: Ratio,
}

impl Default for Config {
    fn default() -> Self {
        Self { near: SimDuration::from_secs(120), early: Ratio::clamped(0.5) }
    }
}

struct KnownEnd(Config);

fn build(spec: &Spec, _: Parts) -> Result<Box<dyn Method + Send>, KindError> {
    Ok(Box::new(KnownEnd(spec.read()?)))
}

/// Score of an end long before the onset: something else may have begun since.
const LONG_AGO: f64 = 0.5;

impl Method for KnownEnd {
    fn rank(&mut self, case: &Case<'_>, out: &mut Vec<Suspicion>) {
        let topology = case.around.topology;
        let suffering = topology.suspects().any(|entity| case.pain(entity) > 0.0);
        for expiry in case.expiries() {
            let name = topology.name(expiry.entity);
            let left = expiry.ends.since(case.around.now);
            let (score, text) = if left > SimDuration::ZERO {
                let score = if suffering { 0.0 } else { self.0.early.get() };
                (score, format!("{name}: its certificate or lease ends in {}", span_of_time(left)))
            } else {
                let before = case.onset().since(expiry.ends);
                let near = before <= self.0.near && before >= SimDuration::ZERO - self.0.near;
                let score = if near { 1.0 } else { LONG_AGO };
                let ago = span_of_time(case.around.now.since(expiry.ends));
                (score, format!("{name}: its certificate or lease ended {ago} ago"))
            };
            if score > 0.0 {
                let said = vec![evidence("expiry", score, Some(expiry.ends), text)];
                let cause = Some(Cause::CertificateExpiry);
                out.push(Suspicion { entity: expiry.entity, cause, score, evidence: said });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::case_fixture::Shop;
    use super::*;
    use crate::catalog::Spec;
    use crate::model::names::{CERTIFICATE_TIME_LEFT, ERROR_RATIO};

    #[track_caller]
    fn check(shop: &Shop, expected: &[(&str, f64)]) {
        let mut method = build(&Spec::plain("expiry"), Parts { seed: 1, members: vec![] }).unwrap();
        let mut out = Vec::new();
        shop.with_case(|case| method.rank(case, &mut out));
        let found: Vec<_> = out.iter().map(|s| (shop.name(s.entity), s.score)).collect();
        assert_eq!(found, expected);
    }

    fn ends(secs: f64) -> Shop {
        Shop::new().level("cart", CERTIFICATE_TIME_LEFT, "s", secs)
    }

    #[test]
    fn what_ended_counts_and_what_will_end_only_while_nobody_suffers() {
        let day = 86_400.0;
        let failing = |shop: Shop| shop.step("web", ERROR_RATIO, 0.001, 0.4);
        check(&ends(60.0 * day), &[]);
        check(&ends(day), &[("cart", 0.5)]);
        check(&failing(ends(day)), &[]);
        check(&failing(ends(-day)), &[("cart", 0.5)]);
    }
}
