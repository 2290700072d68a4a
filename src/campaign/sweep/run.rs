//! Units into rows, each course once.
//!
//! In: a plan. Out: one row for every setting of every unit, in order. A setting whose floors would
//! have answered every comparison of an earlier run alike took the same course (`Leeway`), so its
//! row is that run's; every other setting is run from the start. `naive` runs them all: the rows
//! are the same to the last bit, which a test holds. Limit: an engine that knows no leeway is
//! always run.

use serde_json::Value as Json;

use super::plan::{Plan, Unit};
use super::row::{Answer, Row, answers};
use crate::campaign::{CaseFailure, Progress, pool, scenario};
use crate::engine::Leeway;
use crate::engine::guard::Floors;
use crate::model::Policy;
use crate::scenario::Checked;
use crate::scenario::patch::{Knob, patched_again};
use crate::trial::{self, Lean, Settings};

/// A plan with everything that its units share.
#[derive(Debug)]
pub struct Runner<'p> {
    plan: &'p Plan,
    scenarios: Vec<Checked>,
    knobs: Vec<Knob>,
    naive: bool,
}

/// The rows of a unit, and how many trials were really run for them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Done {
    /// One row a setting, in the order of the settings.
    pub rows: Vec<Row>,
    /// Trials that were run.
    pub ran: usize,
    /// What the first setting's trial answered.
    pub answers: Vec<Answer>,
}

struct Course {
    leeway: Option<Leeway>,
    row: Row,
}

impl<'p> Runner<'p> {
    /// Makes ready to run.
    ///
    /// # Errors
    /// If the manifest was changed by hand.
    pub fn new(plan: &'p Plan, naive: bool) -> Result<Self, String> {
        Ok(Self { plan, scenarios: plan.checked(), knobs: plan.knobs()?, naive })
    }

    /// Runs units on `jobs` threads; the order of the results is that of the units.
    #[must_use]
    pub fn units(&self, units: &[Unit], jobs: usize, progress: &Progress<'_>) -> Vec<Done> {
        let name = |unit: &Unit| self.scenarios[unit.scenario].file.name.clone();
        pool::map(units, jobs, progress, name, |unit| self.unit(*unit))
    }

    /// Runs one unit.
    #[must_use]
    pub fn unit(&self, unit: Unit) -> Done {
        let base = &self.scenarios[unit.scenario];
        let mut done = Done::default();
        let mut courses: Vec<Course> = Vec::new();
        for setting in &self.plan.bundles[unit.bundle] {
            let values = self.plan.settings[*setting].as_slice();
            let checked = match self.set(base, values) {
                Ok(checked) => checked,
                Err(problem) => {
                    let row = Row::failed(unit.scenario, unit.seed, problem);
                    done.rows.push(row.of_setting(*setting));
                    continue;
                }
            };
            let known = courses.iter().find(|course| course.fits(&checked.policy));
            if let (Some(course), false) = (known, self.naive) {
                done.rows.push(course.row.of_setting(*setting));
                continue;
            }
            done.ran += 1;
            let (row, leeway) = match run(&checked, unit.seed) {
                Ok(lean) => {
                    if done.ran == 1 {
                        done.answers = answers(&lean);
                    }
                    (Row::new(unit.scenario, unit.seed, &lean), lean.leeway)
                }
                Err(failure) => {
                    (Row::failed(unit.scenario, unit.seed, failure.problems.join("; ")), None)
                }
            };
            done.rows.push(row.of_setting(*setting));
            courses.push(Course { leeway, row });
        }
        done
    }

    fn set(&self, base: &Checked, values: &[Json]) -> Result<Checked, String> {
        let pairs: Vec<(&Knob, &Json)> = self.knobs.iter().zip(values).collect();
        if pairs.is_empty() { Ok(base.clone()) } else { patched_again(base, &pairs) }
    }
}

impl Course {
    /// Whether a policy that differs in floors only would have taken it.
    fn fits(&self, policy: &Policy) -> bool {
        let (Some(leeway), Some(floors)) = (&self.leeway, Floors::of(&policy.guard)) else {
            return false;
        };
        leeway.allows(|cause| floors.floor(cause))
    }
}

/// One lean trial of a scenario.
///
/// # Errors
/// If it cannot be run.
pub fn run(checked: &Checked, seed: u64) -> Result<Lean, CaseFailure> {
    let name = checked.file.name.as_str();
    let mut world = scenario::world(checked, seed)?;
    let mut engine = trial::build_engine(&checked.policy, seed)
        .map_err(|all| CaseFailure::unusable(name, seed, &all))?;
    let verdict_required = checked.policy.engine.is_none();
    let settings =
        Settings { verdict_required, ..Settings::new(name, seed, scenario::mode(checked)) };
    trial::run_lean(&mut *world, &mut *engine, &settings)
        .map_err(|error| CaseFailure::of_trial(name, seed, &error))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::campaign::corpus::Corpus;
    use crate::campaign::sweep::axis::Axis;
    use crate::campaign::sweep::plan::{Sampling, Seeds};

    fn plan() -> Plan {
        let path = PathBuf::from("scenarios/0247-memory-leak.yaml");
        let corpus = Corpus::read(&[path], None).unwrap();
        let axes = ["confidence=0.3..0.99/5", "confidence.bad_deploy=0.5,0.97"];
        let axes = axes.iter().map(|text| Axis::parse(text).unwrap()).collect();
        let seeds = Seeds { first: 1, count: 1 };
        let mut plan = Plan::new(&corpus, axes, Sampling::Grid, seeds).unwrap();
        // The same incident, early, so that the test is short.
        plan.scenarios[0].duration = "22m".parse().unwrap();
        plan.scenarios[0].faults[0].at = "12m".parse().unwrap();
        plan
    }

    #[test]
    fn inferred_rows_equal_the_naive_ones_bit_for_bit() {
        let plan = plan();
        let run = |naive| Runner::new(&plan, naive).unwrap().unit(plan.unit(0));
        let (cheap, naive) = (run(false), run(true));
        assert_eq!(cheap.rows, naive.rows);
        assert_eq!((naive.ran, naive.rows.len()), (10, 10));
        assert!(cheap.ran <= 5, "{} runs", cheap.ran);
        let courses: std::collections::BTreeSet<_> = naive.rows.iter().map(|r| r.course).collect();
        assert!(courses.len() > 1, "the floors must matter for the test to mean something");
    }

    #[test]
    fn the_number_of_threads_shows_in_no_row() {
        let plan = plan();
        let runner = Runner::new(&plan, false).unwrap();
        let units = [plan.unit(0), plan.unit(0), plan.unit(0)];
        let both = runner.units(&units, 2, &|_, _, _| {});
        assert_eq!(both, vec![runner.unit(units[0]); 3]);
    }
}
