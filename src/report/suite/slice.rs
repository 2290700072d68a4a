//! The part of a story that a failure is read by: faults, decisions and what came of them.
//!
//! In: a story and when it went wrong. Out: at most `MOST` lines; signals are left out but for the
//! first after the fault, and what lies far from the wrong turn goes first.

use crate::report::format;
use crate::report::story::{Entry, Lane, Story};
use crate::unit::SimTime;

/// Most lines.
const MOST: usize = 14;

/// The relevant lines of a story; `at` is where it went wrong, if that is known.
#[must_use]
pub fn slice(story: &Story, at: Option<SimTime>) -> Vec<String> {
    let mut seen = false;
    let mut kept: Vec<&Entry> = Vec::new();
    for entry in &story.entries {
        let shown = match entry.lane {
            Lane::Event | Lane::Note => false,
            Lane::Signal => {
                let first = !seen && entry.time >= story.origin;
                seen |= first;
                first
            }
            _ => true,
        };
        if shown {
            kept.push(entry);
        }
    }
    let turn = at.unwrap_or(story.origin);
    let mut order: Vec<usize> = (0..kept.len()).collect();
    // The first entries tell the cause; of the rest, what is near the wrong turn counts.
    let far = |index: &usize| kept[*index].time.since(turn).nanos().unsigned_abs();
    order.sort_by_key(|index| (*index >= 3, far(index), *index));
    order.truncate(MOST);
    order.sort_unstable();
    let mut lines = Vec::new();
    let mut last: Option<usize> = None;
    for index in order {
        if last.is_some_and(|last| index > last + 1) {
            lines.push("…".to_owned());
        }
        let entry = kept[index];
        let lane = entry.lane.label();
        lines.push(format!("{}  {lane:<9}  {}", format::clock(entry.time), entry.text));
        last = Some(index);
    }
    lines
}
