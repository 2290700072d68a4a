//! One scenario becomes another that is a little different, or two become one.

use rand::RngExt;

use super::draw::{
    actuation, add_again, add_fault, built, load_rate, one_in, onset, people, pick, start, vary,
};
use super::genome::Genome;
use crate::kernel::Stream;
use crate::unit::SimDuration;
use crate::world::chaos;

/// Longest run of a mutant, minutes.
const LONGEST: i64 = 120;

/// A child of `parent`; `other` may give it a fault. What expects something keeps its faults: it
/// is run at other times, strengths and sizes, with other people and platforms.
pub(super) fn mutate(parent: &Genome, other: &Genome, stream: &mut Stream) -> Genome {
    let mut child = parent.clone();
    let gentle = !child.file.expect.is_empty();
    let changes = stream.random_range(1..=3);
    for _ in 0..changes {
        if gentle || one_in(2, stream) {
            surroundings(&mut child, stream);
        } else {
            faults(&mut child, other, stream);
        }
    }
    child.file.faults.sort_by_key(|fault| fault.at);
    if one_in(2, stream) {
        child.file.seed = u64::from(stream.random_range(1..1_000_000u32));
    }
    child
}

/// What goes wrong.
fn faults(child: &mut Genome, other: &Genome, stream: &mut Stream) {
    let file = &mut child.file;
    let faults = file.faults.len();
    match stream.random_range(0..7u8) {
        0 => {
            let entry = pick(chaos::catalog::ALL, stream);
            add_fault(file, entry.kind, stream);
        }
        // The same kind once more, somewhere.
        1 if faults > 0 => {
            let kind = pick(&file.faults, stream).spec.kind.clone();
            add_fault(file, &kind, stream);
        }
        // The very same again and again: what happens often wears guardrails out.
        2 if faults > 0 => {
            let index = stream.random_range(0..faults);
            add_again(file, index, stream);
        }
        3 if faults > 1 => {
            file.faults.remove(stream.random_range(0..faults));
        }
        4 if faults > 0 => {
            let index = stream.random_range(0..faults);
            let old = file.faults[index].onset;
            file.faults[index].onset = onset(stream);
            if !file.synthetic().check().is_empty() {
                file.faults[index].onset = old;
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
}

/// When and how strong it goes wrong, and on what.
fn surroundings(child: &mut Genome, stream: &mut Stream) {
    let file = &mut child.file;
    let faults = file.faults.len();
    match stream.random_range(0..8u8) {
        0 if faults > 0 => {
            let index = stream.random_range(0..faults);
            let last = (file.duration.nanos() / 60_000_000_000 - 5).max(16);
            let old = file.faults[index].at;
            file.faults[index].at = SimDuration::from_secs(60 * stream.random_range(15..last));
            if !file.synthetic().check().is_empty() {
                file.faults[index].at = old;
            }
        }
        1 if faults > 0 => {
            let index = stream.random_range(0..faults);
            let spec = &mut file.faults[index].spec;
            let entry = chaos::catalog::ALL.iter().find(|entry| entry.kind == spec.kind);
            if let (Some(entry), Some(built)) = (entry, built(spec)) {
                let names: Vec<&str> = built.services().iter().map(|(name, _)| *name).collect();
                vary(spec, &(entry.schema)().to_value(), &names, stream);
            }
        }
        2 => file.people = people(stream),
        3 => file.actuation = actuation(stream),
        4 => {
            let names: Vec<String> = file.fleet.services.keys().cloned().collect();
            let name = pick(&names, stream);
            if let Some(service) = file.fleet.services.get_mut(name) {
                service.replicas = *pick(&[1, 2, 3, 5, 8, 12, 20], stream);
                service.max_replicas = Some(service.replicas * 4);
            }
        }
        5 if file.baseline.is_none() => {
            file.start = start(stream);
        }
        6 if file.baseline.is_none() => file.load.rate = load_rate(stream),
        7 if file.baseline.is_none() => {
            let minutes = file.duration.nanos() / 60_000_000_000;
            let longer = (minutes * 3 / 2).min(LONGEST.max(minutes));
            file.duration = SimDuration::from_secs(60 * longer);
        }
        _ => {}
    }
}
