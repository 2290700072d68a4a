//! Nearness in meaning: an OOM exception, an OOMKilled event and a memory metric are one thing.
//!
//! In: the words of two clues. Out: evidence: `concept` if they share a concept of the lexicon,
//! up to `words` by the share of common words (Jaccard), whichever is more. Alone it stays below
//! the threshold, so that one kind of trouble in two unrelated places remains two incidents; with
//! even a distant path it carries over. Source: Jaccard index; lexicon our own
//! (`engine/lexicon.rs`). Known limit: no synonyms beyond the lexicon.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Affinity, Build, Clue, Correlator, Part};
use crate::catalog::{Entry, schema_of};
use crate::engine::lexicon::{Concept, concepts};
use crate::model::Topology;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "semantic",
    summary: "log templates, events and metrics that speak of one thing",
    help: "Evidence: signals that share a concept (memory, certificate, time-out ...) or most of \
           their words belong together, if something else speaks for it too.",
    source: "Jaccard index over words; concept lexicon of engine/lexicon.rs",
    example: "{ concept: 0.4 }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(Semantic { config: spec.read()? })),
};

/// Parameters of `semantic`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Affinity of a shared concept.
    pub concept: f64,
    /// Affinity of identical words.
    pub words: f64,
}

impl Default for Config {
    fn default() -> Self {
        Self { concept: 0.4, words: 0.45 }
    }
}

/// See the file's head.
#[derive(Debug)]
pub struct Semantic {
    config: Config,
}

impl Correlator for Semantic {
    fn part(&self) -> Part {
        Part::Evidence
    }

    fn affinity(&self, a: &Clue, b: &Clue, _topology: &Topology) -> Option<Affinity> {
        if a.words.is_empty() || b.words.is_empty() {
            return None;
        }
        let (ours, theirs) = (concepts(&a.words), concepts(&b.words));
        let shared: Vec<Concept> = ours.into_iter().filter(|c| theirs.contains(c)).collect();
        let by_concept = if shared.is_empty() { 0.0 } else { self.config.concept };
        let by_words = self.config.words * jaccard(&a.words, &b.words);
        let reason = match shared.first() {
            Some(concept) => format!("both about {}", concept.as_str()),
            None => "common words".to_owned(),
        };
        Some(Affinity { value: by_concept.max(by_words), reason })
    }
}

/// Common words / all words, of two sorted unique lists.
fn jaccard(a: &[String], b: &[String]) -> f64 {
    let common = a.iter().filter(|word| b.binary_search(word).is_ok()).count();
    common as f64 / (a.len() + b.len() - common).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::lexicon::words;
    use crate::unit::SimTime;

    fn near(a: &str, b: &str) -> Option<f64> {
        let clue = |text| {
            let (since, until) = (SimTime::default(), SimTime::default());
            Clue { entity: None, since, until, is_change: false, words: words(text) }
        };
        let kind = Semantic { config: Config::default() };
        kind.affinity(&clue(a), &clue(b), &Topology::default()).map(|x| x.value)
    }

    #[test]
    fn one_thing_under_many_names_is_near() {
        let oom = "java.lang.OutOfMemoryError: Java heap space";
        assert_eq!(near(oom, "OOMKilled"), Some(0.4));
        assert_eq!(near(oom, "container.memory.working_set"), Some(0.4));
        assert_eq!(near(oom, "certificate has expired"), Some(0.0));
        assert_eq!(near("checkout <*> rejected", "checkout <*> rejected"), Some(0.45));
        assert_eq!(near("", "OOMKilled"), None);
    }
}
