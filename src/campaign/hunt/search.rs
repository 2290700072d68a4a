//! The search itself: rounds of trials, what they reach, what they break.

use std::collections::{BTreeMap, BTreeSet};

use rand::RngExt;
use rayon::prelude::*;

use super::coverage::states;
use super::draw::{draw, one_in, pick};
use super::finding::{Cause, Finding, causes};
use super::genome::Genome;
use super::mutate::mutate;
use super::shrink::shrink;
use crate::campaign::Progress;
use crate::campaign::suite::{Limits, Status, guarded};
use crate::kernel::{Stream, Streams};
use crate::model::Policy;
use crate::scenario::Checked;
use crate::trial::Trial;

/// Trials of a round: as many on every machine.
const ROUND: u64 = 8;
/// Most control events of a trial: what runs away is not worth waiting for.
const EVENTS: u64 = 200_000;

/// How scenarios are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// Mutate what reached new states; draw anew now and then.
    Guided,
    /// Draw anew every time.
    Random,
}

/// What is hunted and how long.
#[derive(Clone, Copy)]
pub struct Hunt<'a> {
    /// The engine under test.
    pub policy: &'a Policy,
    /// Scenarios to begin with, beside those drawn.
    pub corpus: &'a [Checked],
    /// How scenarios are chosen.
    pub strategy: Strategy,
    /// Trials, without those of shrinking.
    pub budget: u64,
    /// Trials to shrink each finding.
    pub shrink: u64,
    /// Seed of all choices.
    pub seed: u64,
    /// Only these rules; all if empty.
    pub rules: &'a [String],
    /// Stop after so many findings; 0: never.
    pub findings: usize,
    /// Trials at the same time; 0: one a processor.
    pub jobs: usize,
}

/// What came of a hunt.
#[derive(Debug, Default)]
pub struct Hunted {
    /// Findings of different causes, in the order found.
    pub findings: Vec<Finding>,
    /// Trials run, without shrinking.
    pub trials: u64,
    /// Engine states reached.
    pub states: usize,
    /// How often each cause was met.
    pub met: BTreeMap<Cause, u64>,
}

type Ran = Result<Trial, (Status, Vec<String>)>;

struct Search<'a> {
    hunt: &'a Hunt<'a>,
    stream: Stream,
    corpus: Vec<Genome>,
    seen: BTreeSet<String>,
    hunted: Hunted,
}

/// Hunts.
#[must_use]
pub fn hunt(hunt: &Hunt<'_>, progress: &Progress<'_>) -> Hunted {
    let work = || {
        let stream = Streams::new(hunt.seed).stream("hunt");
        let corpus = hunt.corpus.iter().map(|c| Genome { file: c.file.clone() }).collect();
        let mut search =
            Search { hunt, stream, corpus, seen: BTreeSet::new(), hunted: Hunted::default() };
        search.run(progress);
        search.hunted.states = search.seen.len();
        search.hunted
    };
    match rayon::ThreadPoolBuilder::new().num_threads(hunt.jobs).build() {
        Ok(pool) => pool.install(work),
        Err(_) => work(),
    }
}

fn run_one(genome: &Genome, policy: &Policy) -> Option<Ran> {
    let checked = genome.checked(policy)?;
    let limits = Limits { events: Some(EVENTS), clock: None };
    Some(guarded(&checked, checked.file.seed, &limits))
}

impl Search<'_> {
    fn run(&mut self, progress: &Progress<'_>) {
        let total = usize::try_from(self.hunt.budget).unwrap_or(usize::MAX);
        // What was given is tried as it is before it is changed.
        let mut given = self.corpus.clone();
        while self.hunted.trials < self.hunt.budget && !self.enough() {
            let round = ROUND.min(self.hunt.budget - self.hunted.trials);
            let mut genomes: Vec<Genome> = Vec::new();
            while (genomes.len() as u64) < round {
                let next = if given.is_empty() { self.next() } else { given.remove(0) };
                if next.checked(self.hunt.policy).is_some() {
                    genomes.push(next);
                }
            }
            let policy = self.hunt.policy;
            let ran: Vec<Option<Ran>> = genomes.par_iter().map(|g| run_one(g, policy)).collect();
            for (genome, ran) in genomes.into_iter().zip(ran) {
                if self.enough() {
                    break;
                }
                self.hunted.trials += 1;
                if let Some(ran) = ran {
                    self.look(genome, &ran);
                }
            }
            let found = format!("{} findings", self.hunted.findings.len());
            progress(usize::try_from(self.hunted.trials).unwrap_or(total), total, &found);
        }
    }

    fn enough(&self) -> bool {
        self.hunt.findings > 0 && self.hunted.findings.len() >= self.hunt.findings
    }

    fn next(&mut self) -> Genome {
        let fresh = self.hunt.strategy == Strategy::Random
            || self.corpus.is_empty()
            || one_in(4, &mut self.stream);
        if fresh {
            return draw(self.hunt.policy, &mut self.stream);
        }
        // What came last reached what is rarest: it is chosen more often.
        let n = self.corpus.len();
        let index = self.stream.random_range(0..n).max(self.stream.random_range(0..n));
        let other = pick(&self.corpus, &mut self.stream).clone();
        mutate(&self.corpus[index], &other, &mut self.stream)
    }

    fn look(&mut self, genome: Genome, ran: &Ran) {
        let wanted =
            |cause: &Cause| self.hunt.rules.is_empty() || self.hunt.rules.contains(&cause.rule);
        let found: Vec<(Cause, String)> =
            causes(ran).into_iter().filter(|(cause, _)| wanted(cause)).collect();
        for (cause, saw) in found {
            let times = self.hunted.met.entry(cause.clone()).or_default();
            *times += 1;
            if *times == 1 {
                self.found(&genome, cause, saw);
            }
        }
        if let (Ok(trial), Strategy::Guided) = (ran, self.hunt.strategy) {
            let before = self.seen.len();
            self.seen.extend(states(trial));
            if self.seen.len() > before {
                self.corpus.push(genome);
            }
        } else if let Ok(trial) = ran {
            self.seen.extend(states(trial));
        }
    }

    fn found(&mut self, genome: &Genome, cause: Cause, saw: String) {
        let policy = self.hunt.policy;
        let still = |candidate: &Genome| {
            let ran = run_one(candidate, policy);
            ran.is_some_and(|ran| causes(&ran).iter().any(|(other, _)| *other == cause))
        };
        let (mut shrunk, shrinking) = shrink(genome, self.hunt.shrink, &still);
        shrunk.file.name = cause.file_name();
        let last = run_one(&shrunk, policy).map(|ran| causes(&ran)).unwrap_or_default();
        let saw = last.into_iter().find(|(other, _)| *other == cause).map_or(saw, |(_, saw)| saw);
        self.hunted.findings.push(Finding {
            cause,
            saw,
            trial: self.hunted.trials,
            found: genome.clone(),
            shrunk,
            shrinking,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::default_policy;

    #[test]
    fn a_hunt_is_the_same_on_any_number_of_threads() {
        let mut policy = default_policy();
        policy.guard.retain(|spec| spec.kind == "dry_run");
        let go = |jobs| {
            let hunt = Hunt {
                policy: &policy,
                corpus: &[],
                strategy: Strategy::Guided,
                budget: 4,
                shrink: 1,
                seed: 1,
                rules: &[],
                findings: 0,
                jobs,
            };
            let hunted = super::hunt(&hunt, &|_, _, _| {});
            let names: Vec<String> =
                hunted.findings.iter().map(|f| format!("{:?}", f.shrunk.file)).collect();
            (hunted.trials, hunted.states, names)
        };
        assert_eq!(go(1), go(2));
    }
}
