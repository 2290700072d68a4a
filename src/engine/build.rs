//! Policy -> engine: every stage from its catalog, all problems at once.
//!
//! In: a policy and the trial's seed. Out: the built-in chain. Limit: says what is wrong with the
//! kinds; where in the file it stands is the scenario room's business.

use super::correlate::Incidents;
use super::guard::Guards;
use super::outside::{NAME, Outside};
use super::pipeline::{Pipeline, Stages};
use super::remediate::Table;
use super::{Engine, Gate, correlate, detect, diagnose};
use crate::catalog::KindError;
use crate::model::{Calibration, Policy, SharedSubstitute, Stage};

/// The engine that a policy describes, if it is ours alone; `trial::build_engine` knows the others.
///
/// # Errors
/// Every unknown kind and every wrong parameter, in the order of the stages.
pub fn build(policy: &Policy, seed: u64) -> Result<Box<dyn Engine + Send>, Vec<KindError>> {
    if policy.engine.is_some() {
        let problem = "another engine is named: it must not be left out in silence".to_owned();
        return Err(vec![KindError::Params { kind: "engine".to_owned(), problem }]);
    }
    build_with(policy, seed, None)
}

/// The same with stages that somebody else supplies.
///
/// # Errors
/// As `build`.
pub fn build_with(
    policy: &Policy,
    seed: u64,
    substitute: Option<SharedSubstitute>,
) -> Result<Box<dyn Engine + Send>, Vec<KindError>> {
    let mut problems = Vec::new();
    let detectors = keep(detect::build(&policy.detect), &mut problems);
    let correlators = keep(correlate::build(&policy.correlate), &mut problems);
    let method = keep(diagnose::build(&policy.diagnose, seed), &mut problems);
    let remedies = keep(Table::build(policy), &mut problems);
    let guards = keep(Guards::build(&policy.guard), &mut problems);
    if let Some(problem) = policy.calibration.as_ref().and_then(Calibration::problem) {
        problems.push(KindError::Params { kind: "calibration".to_owned(), problem });
    }
    let (Some(mut detectors), Some(correlators), Some(method), Some(remedies), Some(mut guards)) =
        (detectors, correlators, method, remedies, guards)
    else {
        return Err(problems);
    };
    if !problems.is_empty() {
        return Err(problems);
    }
    let outside = substitute.map(Outside::new);
    if let Some(outside) = &outside {
        // It sees every step, whatever it supplies.
        detectors.push(Box::new(outside.clone()));
        if outside.supplies(Stage::Guard) {
            guards.push(NAME, Box::new(outside.clone()));
        }
    }
    let calibration = policy.calibration.clone();
    // Whoever detects in our place has weighed how many witnesses it takes.
    let mut alarm = policy.alarm.clone();
    if outside.as_ref().is_some_and(|outside| outside.supplies(Stage::Detect)) {
        alarm.witnesses = 1;
    }
    let (gate, incidents) = (Gate::new(&alarm), Incidents::new(correlators, &alarm));
    let learning = policy.learn.clone();
    let stages =
        Stages { detectors, gate, incidents, method, calibration, remedies, guards, learning };
    Ok(Box::new(Pipeline::new(stages).with_outside(outside)))
}

fn keep<T>(built: Result<T, Vec<KindError>>, problems: &mut Vec<KindError>) -> Option<T> {
    built.map_err(|found| problems.extend(found)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(yaml: &str) -> Policy {
        serde_saphyr::from_str(yaml).unwrap()
    }

    #[test]
    fn the_shipped_policies_build() {
        for text in [
            include_str!("../../scenarios/policies/default.yaml"),
            include_str!("../../scenarios/policies/none.yaml"),
            include_str!("../../scenarios/policies/dry-run.yaml"),
        ] {
            let policy = policy(text);
            assert!(build(&policy, 1).is_ok(), "{}: {:?}", policy.name, build(&policy, 1).err());
        }
    }

    #[test]
    fn all_problems_are_said_at_once() {
        let bad = policy(
            "{ version: 1, name: bad, diagnose: [barro], guard: [blast_raduis], \
             remediate: { bad_deploy: [rolback, { scale_out: { factor: 0 } }] } }",
        );
        let problems = build(&bad, 1).err().unwrap();
        let text: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(text.len(), 4, "{text:?}");
        assert!(text[0].contains("did you mean \"baro\"?"), "{text:?}");
    }
}
