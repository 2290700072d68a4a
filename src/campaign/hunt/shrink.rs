//! The smallest scenario that still shows a cause: fewest faults, smallest fleet, shortest time.
//!
//! In: a scenario, the question whether one still shows the cause, a budget of trials. Out: a
//! scenario that does. Passes of ever finer steps are repeated until none makes it smaller, as in
//! delta debugging (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input",
//! IEEE TSE 28, 2002). Every step is tried on the scenario's own seed.

use super::genome::Genome;
use crate::unit::SimDuration;
use crate::world::chaos::Onset;
use crate::world::fleet::{ActuationSpec, ScrapeSpec};
use crate::world::people::PeopleSpec;

/// Shrinks; says how many trials it took.
pub(super) fn shrink(
    found: &Genome,
    budget: u64,
    still: &dyn Fn(&Genome) -> bool,
) -> (Genome, u64) {
    let (mut best, mut spent) = (found.clone(), 0);
    loop {
        let size = best.size();
        for candidate in Steps::of(&best) {
            let candidate = candidate.apply(&best);
            let Some(candidate) = candidate.filter(|c| c.size() < best.size()) else { continue };
            if spent >= budget {
                return (best, spent);
            }
            spent += 1;
            if still(&candidate) {
                best = candidate;
            }
        }
        if best.size() == size {
            return (best, spent);
        }
    }
}

/// One way to make a scenario smaller; what it names may be gone by the time it is tried.
enum Step {
    DropFault(usize),
    DropService(String),
    PlainPeople,
    PlainActuation,
    PlainScrape,
    NoMachines,
    PlainOnset(usize),
    DropParam(usize, String),
    Shorter(f64),
    Replicas(String, u32),
    DropCall(String, usize),
}

struct Steps;

impl Steps {
    /// The coarsest first.
    fn of(genome: &Genome) -> Vec<Step> {
        let file = &genome.file;
        let mut steps: Vec<Step> = (0..file.faults.len()).rev().map(Step::DropFault).collect();
        let entry = file.fleet.objective.service.to_string();
        let services = || file.fleet.services.keys().filter(|name| **name != entry);
        steps.extend(services().map(|name| Step::DropService(name.clone())));
        steps.extend([
            Step::PlainPeople,
            Step::PlainActuation,
            Step::PlainScrape,
            Step::NoMachines,
        ]);
        steps.extend([0.5, 0.7, 0.85, 0.95].map(Step::Shorter));
        for (index, fault) in file.faults.iter().enumerate() {
            steps.push(Step::PlainOnset(index));
            let params = fault.spec.params.keys();
            steps.extend(params.map(|param| Step::DropParam(index, param.clone())));
        }
        for (name, service) in &file.fleet.services {
            let calls = (0..service.calls.len()).rev();
            steps.extend(calls.map(|call| Step::DropCall(name.clone(), call)));
            for replicas in [1, service.replicas / 2, service.replicas.saturating_sub(1)] {
                steps.push(Step::Replicas(name.clone(), replicas.max(1)));
            }
        }
        steps
    }
}

impl Step {
    fn apply(&self, genome: &Genome) -> Option<Genome> {
        let mut small = genome.clone();
        let file = &mut small.file;
        match self {
            Self::DropFault(index) => {
                (*index < file.faults.len()).then(|| file.faults.remove(*index))?;
            }
            Self::DropService(name) => {
                let gone = file.fleet.services.remove(name)?;
                for service in file.fleet.services.values_mut() {
                    let called = service.calls.iter().any(|call| call.to == *name);
                    service.calls.retain(|call| call.to != *name);
                    // Its callees are called in its place, so that they keep their traffic.
                    for call in gone.calls.iter().filter(|_| called) {
                        if service.calls.iter().all(|own| own.to != call.to) {
                            service.calls.push(call.clone());
                        }
                    }
                }
            }
            Self::PlainPeople => file.people = PeopleSpec::default(),
            Self::PlainActuation => file.actuation = ActuationSpec::default(),
            Self::PlainScrape => file.scrape = ScrapeSpec::default(),
            Self::NoMachines => file.fleet.nodes.clear(),
            Self::PlainOnset(index) => file.faults.get_mut(*index)?.onset = Onset::Step,
            Self::DropParam(index, name) => {
                file.faults.get_mut(*index)?.spec.params.remove(name)?;
            }
            Self::Shorter(share) => {
                let seconds = (file.duration.secs_f64() * share / 60.0).ceil() * 60.0;
                file.duration = SimDuration::from_secs(seconds as i64);
            }
            Self::Replicas(name, replicas) => {
                let service = file.fleet.services.get_mut(name)?;
                service.replicas = *replicas;
            }
            Self::DropCall(name, call) => {
                let calls = &mut file.fleet.services.get_mut(name)?.calls;
                (*call < calls.len()).then(|| calls.remove(*call))?;
            }
        }
        Some(small)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::hunt::draw::draw;
    use crate::kernel::Streams;
    use crate::scenario::default_policy;

    #[test]
    fn only_what_the_cause_needs_is_left() {
        let policy = default_policy();
        let mut stream = Streams::new(3).stream("test");
        let large = (0..40)
            .map(|_| draw(&policy, &[], &|_| 1.0, &mut stream))
            .find(|g| g.file.faults.len() >= 3 && g.file.fleet.services.len() >= 4)
            .expect("some scenario is large");
        let kind = large.file.faults[0].spec.kind.clone();
        let needs = |g: &Genome| {
            g.checked(&policy).is_some() && g.file.faults.iter().any(|f| f.spec.kind == kind)
        };
        let (small, spent) = shrink(&large, 500, &needs);
        assert!(needs(&small) && small.size() < large.size());
        assert_eq!(small.file.faults.len(), 1);
        assert!(spent < 500, "{spent}");
        assert_eq!(shrink(&large, 0, &needs).0, large, "no budget, no change");
    }
}
