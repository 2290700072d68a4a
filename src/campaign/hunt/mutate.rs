//! One scenario becomes another that is a little different, or two become one.

use rand::RngExt;

use super::draw::{actuation, add_fault, built, one_in, people, pick, vary};
use super::genome::Genome;
use crate::kernel::Stream;
use crate::unit::SimDuration;
use crate::world::chaos;

/// A child of `parent`; `other` may give it a fault.
pub(super) fn mutate(parent: &Genome, other: &Genome, stream: &mut Stream) -> Genome {
    let mut child = parent.clone();
    let changes = stream.random_range(1..=3);
    for _ in 0..changes {
        change(&mut child, other, stream);
    }
    if one_in(2, stream) {
        child.file.seed = u64::from(stream.random_range(1..1_000_000u32));
    }
    child
}

fn change(child: &mut Genome, other: &Genome, stream: &mut Stream) {
    let file = &mut child.file;
    let faults = file.faults.len();
    match stream.random_range(0..9u8) {
        0 => {
            let entry = pick(chaos::catalog::ALL, stream);
            add_fault(file, entry.kind, stream);
        }
        // The same again: what happens twice wears guardrails out.
        1 if faults > 0 => {
            let kind = pick(&file.faults, stream).spec.kind.clone();
            add_fault(file, &kind, stream);
        }
        2 if faults > 1 => {
            file.faults.remove(stream.random_range(0..faults));
        }
        3 if faults > 0 => {
            let index = stream.random_range(0..faults);
            let last = (file.duration.nanos() / 60_000_000_000 - 5).max(16);
            file.faults[index].at = SimDuration::from_secs(60 * stream.random_range(15..last));
        }
        4 if faults > 0 => {
            let index = stream.random_range(0..faults);
            let spec = &mut file.faults[index].spec;
            let entry = chaos::catalog::ALL.iter().find(|entry| entry.kind == spec.kind);
            if let (Some(entry), Some(built)) = (entry, built(spec)) {
                let names: Vec<&str> = built.services().iter().map(|(name, _)| *name).collect();
                vary(spec, &(entry.schema)().to_value(), &names, stream);
            }
        }
        5 => file.people = people(stream),
        6 => file.actuation = actuation(stream),
        7 => {
            let names: Vec<String> = file.fleet.services.keys().cloned().collect();
            let name = pick(&names, stream);
            if let Some(service) = file.fleet.services.get_mut(name) {
                service.replicas = stream.random_range(1..=8);
                service.max_replicas = Some(service.replicas * 3);
            }
        }
        _ => {
            let given = other.file.faults.iter().find(|_| one_in(2, stream)).cloned();
            if let Some(fault) = given {
                file.faults.push(fault);
                if !file.synthetic().check().is_empty() {
                    file.faults.pop();
                }
            }
        }
    }
    file.faults.sort_by_key(|fault| fault.at);
}
