//! What does not fit together in a scenario's list of faults.
//!
//! In: the faults of a spec. Out: problems with their paths: unknown targets, times outside the
//! run, shapes that make no sense, two faults of one name, two that contradict each other.

use std::collections::BTreeMap;

use super::check::Findings;
use crate::unit::SimDuration;
use crate::world::chaos::{self, Fault, FaultSpec, Onset};

/// Something that only one fault can change at a time.
struct Claim {
    fault: usize,
    what: String,
    from: SimDuration,
    until: Option<SimDuration>,
}

impl Findings<'_> {
    /// Checks all faults.
    pub(super) fn faults(&mut self) {
        let mut claims: Vec<Claim> = Vec::new();
        let mut names: BTreeMap<&str, usize> = BTreeMap::new();
        let spec = self.spec;
        for (index, fault) in spec.faults.iter().enumerate() {
            let path = format!("faults[{index}]");
            if let Some(id) = &fault.id
                && let Some(first) = names.insert(id, index)
            {
                self.note(format!("{path}.id"), format!("faults[{first}] has the name {id:?} too"));
            }
            self.times(&path, fault);
            let kind = format!("{path}.{}", fault.spec.kind);
            match chaos::build(fault) {
                Err(error) => self.note(kind, error.to_string()),
                Ok(built) => {
                    self.fault(&path, &kind, fault, &*built);
                    claims.extend(claim(index, fault, &*built));
                }
            }
        }
        self.contradictions(&claims);
    }

    fn times(&mut self, path: &str, fault: &FaultSpec) {
        if fault.at < SimDuration::ZERO || fault.at >= self.spec.duration {
            let (found, end) = (fault.at, self.spec.duration);
            let message = format!("expected from 0s to before the end ({end}), found {found}");
            self.note(format!("{path}.at"), message);
        }
        for (part, message) in fault.onset.problems() {
            self.note(format!("{path}.onset.{part}"), message);
        }
    }

    fn fault(&mut self, path: &str, kind: &str, spec: &FaultSpec, built: &dyn Fault) {
        for (parameter, service) in built.services() {
            self.known(format!("{kind}.{parameter}"), service);
        }
        for (parameter, message) in
            built.problems().into_iter().chain(built.misfits(&self.spec.fleet))
        {
            self.note(format!("{kind}.{parameter}"), message);
        }
        if let Some(lasts) = built.lasts()
            && lasts <= SimDuration::ZERO
        {
            self.note(format!("{kind}.lasts"), format!("expected more than 0s, found {lasts}"));
        }
        if spec.onset != Onset::Step && !built.has_strength() {
            let message = format!("{} happens at once: it has no onset shape", spec.spec.kind);
            self.note(format!("{path}.onset"), message);
        }
    }

    fn contradictions(&mut self, claims: &[Claim]) {
        for (position, later) in claims.iter().enumerate() {
            let clash = |other: &&Claim| {
                let (first, second) =
                    if other.from <= later.from { (*other, later) } else { (later, *other) };
                other.what == later.what && first.until.is_none_or(|until| second.from < until)
            };
            if let Some(other) = claims[..position].iter().find(clash) {
                let (what, fault) = (&later.what, other.fault);
                let message = format!(
                    "contradicts faults[{fault}], which changes {what} too (from {}{})",
                    other.from,
                    other.until.map(|until| format!(" to {until}")).unwrap_or_default(),
                );
                self.note(format!("faults[{}]", later.fault), message);
            }
        }
    }
}

fn claim(fault: usize, spec: &FaultSpec, built: &dyn Fault) -> Option<Claim> {
    let (what, takes) = built.claims()?;
    let until = takes.or(built.lasts()).map(|takes| spec.at + takes);
    Some(Claim { fault, what, from: spec.at, until })
}
