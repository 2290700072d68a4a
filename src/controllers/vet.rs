//! Decisions of an engine that is not ours, held against what a trial takes.
//!
//! What would break the trial's own invariants (a score that is no number, the same action twice)
//! is left out and becomes the engine's failure. `Vetted` puts this in front of any `Engine`.

use std::collections::BTreeSet;

use crate::model::{Decision, Engine, EngineFailure, FailureKind, Remark, StepInput};
use crate::unit::{ActionId, SimTime};

/// Decisions that one engine may say in one trial.
const MOST_DECISIONS: usize = 200_000;
/// Failures that are told one by one.
const MOST_TOLD: usize = 100;

/// What must be remembered to judge the next decision.
#[derive(Debug, Default)]
pub(super) struct Vet {
    done: BTreeSet<ActionId>,
    said: usize,
}

impl Vet {
    /// Whether a decision makes sense now.
    ///
    /// # Errors
    /// Why it does not.
    pub(super) fn check(&mut self, now: SimTime, decision: &Decision) -> Result<(), String> {
        self.said += 1;
        match decision {
            Decision::Anomaly(a) if !a.score.is_finite() => {
                Err(format!("anomaly {}: expected a number as score, found {}", a.id, a.score))
            }
            Decision::Anomaly(a) if a.raised > now || a.since > now => Err(format!(
                "anomaly {}: it is of {}, but it is {now}",
                a.id,
                a.since.max(a.raised)
            )),
            Decision::Act(a) if !self.done.insert(a.id) => {
                Err(format!("{} ({}) was done before", a.id, a.verb()))
            }
            Decision::Ask(a) if self.done.contains(&a.id) => {
                Err(format!("{} ({}) is asked for, but was done", a.id, a.verb()))
            }
            _ => Ok(()),
        }
    }

    /// Whether it said more than anybody needs.
    pub(super) const fn is_runaway(&self) -> bool {
        self.said > MOST_DECISIONS
    }
}

/// An engine from somebody else's crate, safe to run: its slips are its failures, not ours.
#[derive(Debug)]
pub struct Vetted<E> {
    inner: E,
    vet: Vet,
    failures: usize,
    remarks: Vec<Remark>,
    said: Vec<Decision>,
}

impl<E: Engine> Vetted<E> {
    /// The same engine, watched.
    pub fn new(inner: E) -> Self {
        let (remarks, said) = (Vec::new(), Vec::new());
        Self { inner, vet: Vet::default(), failures: 0, remarks, said }
    }

    fn fail(&mut self, kind: FailureKind, detail: String, fatal: bool) {
        self.failures += 1;
        if self.failures <= MOST_TOLD || fatal {
            self.remarks.push(Remark::Failure(EngineFailure { kind, detail, fatal }));
        }
    }
}

impl<E: Engine> Engine for Vetted<E> {
    fn step(&mut self, input: &StepInput<'_>, out: &mut Vec<Decision>) {
        if self.vet.is_runaway() {
            return;
        }
        let mut said = std::mem::take(&mut self.said);
        self.inner.step(input, &mut said);
        for decision in said.drain(..) {
            match self.vet.check(input.now, &decision) {
                Ok(()) => out.push(decision),
                Err(problem) => self.fail(FailureKind::BadDecision, problem, false),
            }
        }
        if self.vet.is_runaway() {
            let detail = format!("more than {MOST_DECISIONS} decisions");
            self.fail(FailureKind::Runaway, detail, true);
        }
        self.said = said;
    }

    fn remarks(&mut self, out: &mut Vec<Remark>) {
        self.inner.remarks(out);
        out.append(&mut self.remarks);
    }

    fn finish(&mut self) {
        self.inner.finish();
    }

    fn reads_lines(&self) -> bool {
        self.inner.reads_lines()
    }
}
