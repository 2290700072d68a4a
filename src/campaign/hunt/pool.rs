//! The scenarios that are worth changing, and which of them is changed next.
//!
//! A scenario is kept if it reached a state that no one reached before. One is chosen with a chance
//! proportional to its energy: the sum over its states of 1 / (how often the state was reached),
//! divided by how often it was chosen. Rare states and scenarios not yet tried out thus come first
//! (Böhme et al., "Coverage-based Greybox Fuzzing as Markov Chain", CCS 2016; "Boosting Fuzzer
//! Efficiency: An Information Theoretic Perspective", FSE 2020). An engine that does nothing breaks
//! little: kinds of faults that made it act are drawn more often (`appeal`).

use std::collections::{BTreeMap, BTreeSet};

use rand::RngExt;

use super::genome::Genome;
use crate::kernel::Stream;

/// One scenario of the pool.
struct Entry {
    genome: Genome,
    states: Vec<String>,
    chosen: u32,
}

/// The scenarios kept so far, and how often each state was reached.
#[derive(Default)]
pub(super) struct Pool {
    entries: Vec<Entry>,
    reached: BTreeMap<String, u64>,
    kinds: BTreeMap<String, Tried>,
}

/// How often a kind of fault was run, and how often the engine acted then.
#[derive(Debug, Clone, Copy, Default)]
struct Tried {
    trials: u64,
    acted: u64,
}

impl Pool {
    /// States reached so far.
    pub(super) fn states(&self) -> usize {
        self.reached.len()
    }

    /// Whether there is nothing to change yet.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Counts what a trial reached; keeps the scenario if some of it is new. Says how much is new.
    pub(super) fn admit(&mut self, genome: Genome, states: BTreeSet<String>) -> usize {
        let acted = states.iter().any(|state| state.starts_with("acts within"));
        let kinds: BTreeSet<&String> = genome.file.faults.iter().map(|f| &f.spec.kind).collect();
        for kind in kinds {
            let tried = self.kinds.entry(kind.clone()).or_default();
            tried.trials += 1;
            tried.acted += u64::from(acted);
        }
        let mut new = 0;
        for state in &states {
            let times = self.reached.entry(state.clone()).or_default();
            *times += 1;
            new += usize::from(*times == 1);
        }
        if new > 0 {
            self.entries.push(Entry { genome, states: states.into_iter().collect(), chosen: 0 });
        }
        new
    }

    /// One to change. Panics if there is none.
    pub(super) fn choose(&mut self, stream: &mut Stream) -> Genome {
        let energies: Vec<f64> = self.entries.iter().map(|entry| self.energy(entry)).collect();
        let mut left = stream.random_range(0.0..1.0) * energies.iter().sum::<f64>();
        let index = energies.iter().position(|energy| {
            left -= energy;
            left <= 0.0
        });
        let index = index.unwrap_or(energies.len() - 1);
        self.entries[index].chosen += 1;
        self.entries[index].genome.clone()
    }

    /// One to take something from.
    pub(super) fn other(&self, stream: &mut Stream) -> &Genome {
        &self.entries[stream.random_range(0..self.entries.len())].genome
    }

    /// The chance that the engine acts when a kind of fault is there, as it was so far; a kind not
    /// tried yet is worth a try (Laplace's rule of succession).
    pub(super) fn appeal(&self, kind: &str) -> f64 {
        let Tried { trials, acted } = self.kinds.get(kind).copied().unwrap_or_default();
        (acted + 1) as f64 / (trials + 2) as f64
    }

    fn energy(&self, entry: &Entry) -> f64 {
        let rarity = |state: &String| 1.0 / self.reached.get(state).map_or(1.0, |n| *n as f64);
        entry.states.iter().map(rarity).sum::<f64>() / f64::from(1 + entry.chosen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::hunt::draw::draw;
    use crate::kernel::Streams;
    use crate::scenario::default_policy;

    #[test]
    fn what_reached_something_rare_is_chosen_more_often() {
        let mut stream = Streams::new(1).stream("pool");
        let policy = default_policy();
        let mut pool = Pool::default();
        let states = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
        let (common, rare) =
            (draw(&policy, &[], &|_| 1.0, &mut stream), draw(&policy, &[], &|_| 1.0, &mut stream));
        assert_eq!(pool.admit(common.clone(), states(&["a"])), 1);
        for _ in 0..20 {
            assert_eq!(pool.admit(common.clone(), states(&["a"])), 0, "nothing new is not kept");
        }
        assert_eq!(pool.admit(rare.clone(), states(&["a", "b", "c"])), 2);
        let mut picks = 0;
        for _ in 0..8 {
            picks += usize::from(pool.choose(&mut stream) == rare);
        }
        assert!((6..=8).contains(&picks), "{picks} of 8");
        assert_eq!(pool.states(), 3);
    }
}
