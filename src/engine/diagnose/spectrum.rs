//! Spectrum of traces: blame what abnormal traces cross and normal ones do not.
//!
//! In: traces before and since the onset. Out: per service the weighted Ochiai coefficient, 0..=1.
//! A trace is abnormal if it took longer than the mean and `deviations` standard deviations of
//! earlier traces with the same root. A trace that crosses few services says more of each: it gives
//! each one part in their number, which is one step of the walk by which the paper weighs them.
//! Source: Yu et al., "MicroRank" (WWW 2021); Ochiai, 1957. Limits: services, not operations; only
//! duration makes a trace abnormal; what every trace crosses is told from others by weight alone.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, Case, Method, Parts, Suspicion, evidence};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::engine::visits::{Course, Kind, WINDOW};
use crate::unit::EntityId;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "spectrum",
    summary: "what abnormal traces cross and normal ones do not (MicroRank-like)",
    help: "Calls a trace abnormal if it took longer than usual for its root, and scores each \
           service by the Ochiai coefficient of abnormal and normal traces that cross it, weighted \
           by how few services a trace crosses.",
    source: "Yu et al., MicroRank, WWW 2021; Ochiai, 1957",
    example: "{ deviations: 1.5 }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Standard deviations above the mean of earlier traces from which a trace is abnormal.
    deviations: f64,
}

impl Default for Config {
    fn default() -> Self {
        // The paper's n.
        Self { deviations: 1.5 }
    }
}

/// Earlier traces with the same root from which they are a measure.
const LEAST: f64 = 5.0;

struct Spectrum(Config);

fn build(spec: &Spec, _: Parts) -> Result<Box<dyn Method + Send>, KindError> {
    Ok(Box::new(Spectrum(spec.read()?)))
}

/// Traces that cross a service, and their weight.
#[derive(Debug, Clone, Copy, Default)]
struct Crossed {
    traces: f64,
    weight: f64,
}

/// Abnormal or normal traces.
#[derive(Debug, Default)]
struct Side {
    traces: f64,
    weight: f64,
    by: BTreeMap<EntityId, Crossed>,
}

impl Side {
    fn count(&mut self, course: &Course) {
        self.traces += 1.0;
        let part = 1.0 / course.crossed.len().max(1) as f64;
        for entity in &course.crossed {
            let crossed = self.by.entry(*entity).or_default();
            crossed.traces += 1.0;
            crossed.weight += part;
            self.weight += part;
        }
    }

    /// Traces that cross `entity`, and its share of all weight.
    fn of(&self, entity: EntityId) -> (f64, f64) {
        let crossed = self.by.get(&entity).copied().unwrap_or_default();
        (crossed.traces, if self.weight > 0.0 { crossed.weight / self.weight } else { 0.0 })
    }
}

/// Count, sum and sum of squares of earlier durations in ms.
type Moments = BTreeMap<Kind, [f64; 3]>;

impl Method for Spectrum {
    fn rank(&mut self, case: &Case<'_>, out: &mut Vec<Suspicion>) {
        let onset = case.onset();
        let windows = || case.around.visits.windows();
        let mut usual = Moments::new();
        for course in windows().filter(|w| w.start + WINDOW <= onset).flat_map(|w| &w.courses) {
            let [n, sum, squares] = usual.entry(course.root).or_default();
            let millis = f64::from(course.millis);
            (*n, *sum, *squares) = (*n + 1.0, *sum + millis, *squares + millis * millis);
        }
        let (mut bad, mut good) = (Side::default(), Side::default());
        for course in windows().filter(|w| w.start + WINDOW > onset).flat_map(|w| &w.courses) {
            match usual.get(&course.root).filter(|[n, ..]| *n >= LEAST) {
                Some(moments) if self.is_slow(course, moments) => bad.count(course),
                Some(_) => good.count(course),
                None => {}
            }
        }
        for entity in bad.by.keys() {
            let ((failed, heavy), (passed, light)) = (bad.of(*entity), good.of(*entity));
            let (crossing, missing) = (failed * heavy, (bad.traces - failed) * heavy);
            let well = passed * light;
            let all = ((crossing + missing) * (crossing + well)).sqrt();
            let score = if all > 0.0 { crossing / all } else { 0.0 };
            let text = format!(
                "{failed:.0} of {:.0} slow traces cross {}, and {passed:.0} of {:.0} others",
                bad.traces,
                case.around.topology.name(*entity),
                good.traces,
            );
            let said = vec![evidence("spectrum", score, Some(onset), text)];
            out.push(Suspicion { entity: *entity, cause: None, score, evidence: said });
        }
    }
}

impl Spectrum {
    fn is_slow(&self, course: &Course, [n, sum, squares]: &[f64; 3]) -> bool {
        let mean = sum / n;
        let sigma = (squares / n - mean * mean).max(0.0).sqrt();
        f64::from(course.millis) > mean + self.0.deviations * sigma
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course(millis: f32, crossed: &[u32]) -> Course {
        let root = Kind { entity: EntityId(0), operation: 0 };
        Course { root, millis, crossed: crossed.iter().map(|id| EntityId(*id)).collect() }
    }

    #[test]
    fn few_crossed_services_say_more_of_each() {
        let mut side = Side::default();
        side.count(&course(1.0, &[0, 1]));
        side.count(&course(1.0, &[0, 1, 2, 3]));
        assert_eq!(side.of(EntityId(1)).0, 2.0);
        assert!(side.of(EntityId(1)).1 > 2.0 * side.of(EntityId(3)).1);
        assert_eq!(side.of(EntityId(9)), (0.0, 0.0));
    }

    #[test]
    fn slow_is_beyond_the_deviations_of_the_past() {
        let spectrum = Spectrum(Config::default());
        let moments = [4.0, 40.0, 416.0];
        assert!(!spectrum.is_slow(&course(12.9, &[0]), &moments));
        assert!(spectrum.is_slow(&course(13.1, &[0]), &moments));
    }
}
