//! The arguments that say what a sweep runs.

use std::path::PathBuf;

use clap::Args;

use super::super::failure::Failure;
use crate::campaign::corpus::Corpus;
use crate::campaign::sweep::axis::Axis;
use crate::campaign::sweep::plan::{Plan, Sampling, Seeds};
use crate::scenario::load_policy;

/// Corpus, axes, sampling, seeds.
#[derive(Debug, Args)]
pub(super) struct Design {
    /// Scenario files, or folders of them.
    #[arg(required = true)]
    corpus: Vec<PathBuf>,
    /// A value to turn: `PATH=a,b,c` or `PATH=low..high[/points[log]]`, e.g. confidence=0.5..0.99,
    /// guard.blast_radius=0.1,0.25, load.rate=50..500/8log. Give it again for more axes.
    #[arg(long = "axis", value_name = "PATH=VALUES")]
    axes: Vec<String>,
    /// How settings are taken from the axes: grid, lhs:N, sobol:N, or saltelli:N for sensitivity.
    #[arg(long, value_name = "HOW", default_value = "grid")]
    sample: String,
    /// Put this engine policy to the test in every scenario (default: each scenario's own).
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Seeds of every scenario and setting.
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    seeds: u64,
}

impl Design {
    /// The plan.
    ///
    /// # Errors
    /// Everything that does not fit, before anything runs.
    pub(super) fn plan(&self) -> Result<Plan, Failure> {
        if self.seeds == 0 {
            return Err(Failure::usage("expected at least 1 for --seeds, found 0"));
        }
        let mut problems = Vec::new();
        let mut axes = Vec::new();
        for text in &self.axes {
            match Axis::parse(text) {
                Ok(axis) => axes.push(axis),
                Err(problem) => problems.push(problem),
            }
        }
        let sampling = sampling(&self.sample).map_err(|problem| problems.push(problem)).ok();
        let (true, Some(sampling)) = (problems.is_empty(), sampling) else {
            return Err(Failure::usage(problems.join("\n       ")));
        };
        let policy = self.policy.as_deref().map(load_policy).transpose();
        let policy = policy.map_err(Failure::Problems)?;
        let corpus = Corpus::read(&self.corpus, policy.as_ref()).map_err(Failure::Problems)?;
        let seeds = Seeds { first: self.seed, count: self.seeds };
        Plan::new(&corpus, axes, sampling, seeds)
            .map_err(|all| Failure::usage(all.join("\n       ")))
    }
}

fn sampling(text: &str) -> Result<Sampling, String> {
    let bad =
        || format!("expected grid, lhs:N, sobol:N or saltelli:N for --sample, found {text:?}");
    let (name, number) = text.split_once(':').map_or((text, None), |(a, b)| (a, Some(b)));
    let number = number.map(str::parse::<usize>).transpose().map_err(|_| bad())?;
    match (name, number) {
        ("grid", None) => Ok(Sampling::Grid),
        ("lhs", Some(n)) => Ok(Sampling::LatinHypercube(n)),
        ("sobol", Some(n)) => Ok(Sampling::Sobol(n)),
        ("saltelli", Some(n)) => Ok(Sampling::Saltelli(n)),
        _ => Err(bad()),
    }
}
