//! What an import left out, changed or assumed, counted in words for the summary.
//!
//! In -> out: `count("…")` per occurrence -> sorted sentences with their numbers. Nothing that is
//! dropped goes unsaid. Known limit: where each occurrence stood is not kept, only how many.

use std::collections::BTreeMap;

/// Counts by sentence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tally(BTreeMap<String, u64>);

impl Tally {
    /// One more occurrence of `what`, e.g. "infinite values left out".
    pub(super) fn count(&mut self, what: &str) {
        self.add(what, 1);
    }

    /// `n` more occurrences; none changes nothing.
    pub(super) fn add(&mut self, what: &str, n: u64) {
        match self.0.get_mut(what) {
            _ if n == 0 => {}
            Some(count) => *count += n,
            None => drop(self.0.insert(what.to_owned(), n)),
        }
    }

    /// A sentence that has no number.
    pub(super) fn say(&mut self, what: impl Into<String>) {
        self.0.entry(what.into()).or_insert(0);
    }

    /// Takes over the counts of another.
    pub(super) fn merge(&mut self, other: &Self) {
        for (what, n) in &other.0 {
            *self.0.entry(what.clone()).or_insert(0) += n;
        }
    }

    /// The sentences in order, each with its number.
    pub(super) fn notes(&self) -> Vec<String> {
        let note = |(what, n): (&String, &u64)| match n {
            0 => what.clone(),
            n => format!("{what}: {n}"),
        };
        self.0.iter().map(note).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_up_and_sentences_stand_once() {
        let mut tally = Tally::default();
        tally.count("rows left out");
        tally.add("nothing", 0);
        tally.say("no zone: UTC");
        let mut sum = tally.clone();
        sum.merge(&tally);
        assert_eq!(sum.notes(), ["no zone: UTC", "rows left out: 2"]);
    }
}
