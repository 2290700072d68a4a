//! Blame at random: the baseline that every method must beat.
//!
//! In: the suspects. Out: a score per suspect, drawn from a stream named by the incident and
//! its time, so that the same seed guesses the same. Source: chance, AC@k = min(k, n) / n.

use rand::RngExt;

use super::{Build, Case, Method, NoParameters, Parts, Suspicion};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::kernel::Streams;
use crate::model::Incident;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "random_guess",
    summary: "a seeded random order of all suspects: the baseline",
    help: "Draws a number for every entity that may be blamed. Same seed, same guess. Its \
           evidence is empty, so that no engine acts on it.",
    source: "chance",
    example: "{}",
    schema: schema_of::<NoParameters>,
    build,
};

struct RandomGuess(Streams);

fn build(spec: &Spec, parts: Parts) -> Result<Box<dyn Method + Send>, KindError> {
    let NoParameters {} = spec.read()?;
    Ok(Box::new(RandomGuess(Streams::new(parts.seed).child("engine/random_guess"))))
}

impl Method for RandomGuess {
    fn rank(&mut self, case: &Case<'_>, out: &mut Vec<Suspicion>) {
        // Every case has a first incident: the time tells them apart, or all are one guess.
        let Incident { id, opened, .. } = case.incident;
        let mut stream = self.0.stream(&format!("{id} {}", opened.nanos()));
        for entity in case.around.topology.suspects() {
            let score = stream.random::<f64>();
            out.push(Suspicion { entity, cause: None, score, evidence: Vec::new() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::case_fixture::{Shop, ranking};
    use super::*;
    use crate::unit::SimDuration;

    #[test]
    fn the_seed_decides() {
        let guess = |seed| {
            let parts = Parts { seed, members: Vec::new() };
            ranking(&Shop::new(), build(&Spec::plain("random_guess"), parts).unwrap())
        };
        assert_eq!(guess(1), guess(1));
        assert!((2..20).any(|seed| guess(seed) != guess(1)));
        assert_eq!(guess(1).len(), 5);
    }

    #[test]
    fn the_first_incidents_of_two_cases_are_guessed_apart() {
        let at = |secs| {
            let parts = Parts { seed: 1, members: Vec::new() };
            let mut guess = build(&Spec::plain("random_guess"), parts).unwrap();
            let mut said = Vec::new();
            Shop::new().with_case(|case| {
                let mut incident = case.incident.clone();
                incident.opened += SimDuration::from_secs(secs);
                guess.rank(&Case::new(case.around, &incident), &mut said);
            });
            said.iter().map(|suspicion| suspicion.score.to_bits()).collect::<Vec<_>>()
        };
        assert_eq!(at(0), at(0));
        assert_ne!(at(0), at(60));
    }
}
