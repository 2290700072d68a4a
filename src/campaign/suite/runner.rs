//! All tests in parallel, their results in the order of the tests.
//!
//! Tests are begun in order; a result is told when all before it have been told. With fail-fast,
//! what comes after the first failure is told as not run, whether or not it had begun: so the
//! output does not depend on the number of threads.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::limits::Limits;
use super::{Outcome, Status, Test, one};
use crate::campaign::golden;

/// How tests are run.
#[derive(Clone, Copy)]
pub struct Runner<'a> {
    /// Tests at the same time; 0: one a processor.
    pub jobs: usize,
    /// Whether the first failure ends the run.
    pub fail_fast: bool,
    /// What each trial may use.
    pub limits: Limits<'a>,
    /// What to do with goldens.
    pub golden: golden::Mode<'a>,
}

/// Runs tests; `told` gets each result, in order, with its trial.
pub fn run(
    tests: &[Test],
    runner: &Runner<'_>,
    told: &(dyn Fn(&Test, &Outcome) + Sync),
) -> Vec<Outcome> {
    let (stop, line) = (AtomicBool::new(false), Mutex::new(Line::default()));
    let work = |index: usize| {
        let test = &tests[index];
        let blank = || one::blank(test);
        let outcome = if stop.load(Ordering::Relaxed) { blank() } else { one::run(test, runner) };
        let mut line = line.lock().unwrap_or_else(PoisonError::into_inner);
        line.waiting.insert(index, outcome);
        line.tell(tests, runner.fail_fast, &stop, told);
    };
    match rayon::ThreadPoolBuilder::new().num_threads(runner.jobs).build() {
        Ok(pool) => pool.scope_fifo(|scope| {
            for index in 0..tests.len() {
                let work = &work;
                scope.spawn_fifo(move |_| work(index));
            }
        }),
        // No thread can be had: the same work, one test after the other.
        Err(_) => (0..tests.len()).for_each(work),
    }
    line.into_inner().unwrap_or_else(PoisonError::into_inner).done
}

/// Results that wait for those before them.
#[derive(Default)]
struct Line {
    waiting: BTreeMap<usize, Outcome>,
    done: Vec<Outcome>,
    failed: bool,
}

impl Line {
    fn tell(
        &mut self,
        tests: &[Test],
        fail_fast: bool,
        stop: &AtomicBool,
        told: &(dyn Fn(&Test, &Outcome) + Sync),
    ) {
        while let Some(mut outcome) = self.waiting.remove(&self.done.len()) {
            let test = &tests[self.done.len()];
            if self.failed && fail_fast {
                outcome = one::blank(test);
            }
            told(test, &outcome);
            if !matches!(outcome.status, Status::Passed | Status::NotRun) {
                self.failed = true;
                stop.store(fail_fast, Ordering::Relaxed);
            }
            outcome.trial = None;
            self.done.push(outcome);
        }
    }
}
