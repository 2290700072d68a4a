//! One test: its trial, its expectations, its golden, and where it went wrong.
//!
//! In: a test and the limits. Out: its `Outcome`. A panic of the engine is caught here: it ends
//! this test, not the others.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::limits::{Limits, Watched};
use super::{Outcome, Runner, Status, Test, blame, changes, seeds};
use crate::campaign::scenario::{run_in, world};
use crate::campaign::{CaseFailure, golden, incidents, judge};
use crate::scenario::expect::Statement;
use crate::scenario::{Checked, Expectation};
use crate::trial::Trial;

/// Runs a test to its end.
pub(super) fn run(test: &Test, runner: &Runner<'_>) -> Outcome {
    let checked = &test.checked;
    let mut outcome = blank(test);
    match guarded(checked, checked.file.seed, &runner.limits) {
        Ok(trial) => judge_trial(test, runner, trial, &mut outcome),
        Err((status, problems)) => {
            outcome.status = status;
            outcome.problems = problems;
        }
    }
    outcome
}

/// An outcome of which nothing is known yet.
pub(super) fn blank(test: &Test) -> Outcome {
    let checked = &test.checked;
    Outcome {
        id: test.id.clone(),
        path: checked.path.clone(),
        name: checked.file.name.clone(),
        seed: checked.file.seed,
        status: Status::NotRun,
        digest: None,
        trials: 0,
        simulated: checked.file.duration,
        expectations: Vec::new(),
        golden: None,
        blame: None,
        policy_changes: changes(&test.own, &checked.policy),
        problems: Vec::new(),
        trial: None,
    }
}

fn judge_trial(test: &Test, runner: &Runner<'_>, trial: Trial, outcome: &mut Outcome) {
    let checked = &test.checked;
    let incidents = incidents::read(&trial);
    outcome.trials = 1;
    outcome.digest = Some(trial.digest.clone());
    outcome.expectations = judge::judge(&checked.file.expect, &trial, &incidents);
    let many: Vec<&Statement> = checked.file.expect.iter().filter_map(statistical).collect();
    if !many.is_empty() {
        let run = |seed| {
            guarded(checked, seed, &runner.limits).map_err(|(status, problems)| {
                let broken = status == Status::Broken;
                CaseFailure { name: checked.file.name.clone(), seed, problems, broken }
            })
        };
        match seeds::judge_seeds(&many, checked.file.seed, &run) {
            Ok((judged, ran)) => {
                outcome.expectations.extend(judged);
                outcome.trials += ran;
            }
            Err(failure) => {
                outcome.status = if failure.broken { Status::Broken } else { Status::TimedOut };
                let seed = failure.seed;
                let told = failure.problems.iter().map(|p| format!("seed {seed}: {p}"));
                outcome.problems = told.collect();
                return;
            }
        }
    }
    outcome.golden = golden::check(test, &trial, &runner.golden);
    let differs = outcome.golden.as_ref().is_some_and(|g| !g.blessed && g.summary.is_some());
    let failed = differs || outcome.failures().next().is_some();
    if failed {
        outcome.blame = Some(blame::blame(&trial, &incidents));
    }
    outcome.status = if failed { Status::Failed } else { Status::Passed };
    outcome.trial = Some(Box::new(trial));
}

fn statistical(expectation: &Expectation) -> Option<&Statement> {
    match expectation {
        Expectation::Statement(statement) => statement.form.seeds().map(|_| statement),
        Expectation::Clause(_) => None,
    }
}

/// One trial within its limits; a panic is told as what it is.
pub(in crate::campaign) fn guarded(
    checked: &Checked,
    seed: u64,
    limits: &Limits<'_>,
) -> Result<Trial, (Status, Vec<String>)> {
    let work = || -> Result<Trial, CaseFailure> {
        let mut limited = checked.clone();
        if let Some(events) = limits.events {
            limited.spec.event_budget = limited.spec.event_budget.min(events);
        }
        let world = world(&limited, seed)?;
        run_in(&mut Watched::new(world, limits), checked, seed)
    };
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(trial)) => Ok(trial),
        Ok(Err(failure)) if failure.broken => Err((Status::Broken, failure.problems)),
        Ok(Err(failure)) => {
            let up =
                |problem: &String| problem.contains("time is up") || problem.contains("budget");
            let timed_out = failure.problems.iter().any(up);
            let status = if timed_out { Status::TimedOut } else { Status::Unusable };
            Err((status, failure.problems))
        }
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            let text = text.unwrap_or("no message");
            Err((Status::Broken, vec![format!("the trial panicked: {text}")]))
        }
    }
}
