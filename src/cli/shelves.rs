//! Everything that `list` and `explain` know: the catalogs of all plug-in folders.

use crate::catalog::nearest;
use crate::scenario::kinds::{Kind, Shelf};
use crate::scenario::{faults, shelves};
use crate::{import, referee, report};

/// All catalogs, in the order in which a trial meets them.
#[must_use]
pub(super) fn all() -> Vec<Shelf> {
    let mut all = vec![faults()];
    all.extend(shelves().map(|(_, shelf)| shelf));
    all.push(Shelf::of("measure", referee::measure::catalog::ALL));
    all.push(Shelf::of("invariant", referee::safety::catalog::ALL));
    all.push(Shelf::of("importer", import::catalog::ALL));
    all.push(Shelf::of("report", report::catalog::ALL));
    all
}

/// Kinds of that name; more than one if several catalogs know it.
#[must_use]
pub(super) fn find<'a>(shelves: &'a [Shelf], name: &str) -> Vec<(&'a Shelf, &'a Kind)> {
    shelves.iter().filter_map(|shelf| Some((shelf, shelf.find(name)?))).collect()
}

/// The nearest name of any kind.
#[must_use]
pub(super) fn near<'a>(shelves: &'a [Shelf], name: &str) -> Option<&'a str> {
    nearest(name, shelves.iter().flat_map(|shelf| shelf.kinds.iter().map(|kind| kind.kind)))
}

/// Names of the kinds whose texts hold a word, in any case of letters.
#[must_use]
pub(super) fn mentioning<'a>(shelves: &'a [Shelf], word: &str) -> Vec<&'a str> {
    let word = word.to_lowercase();
    let holds = |text: &str| {
        let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
        words.any(|one| one.to_lowercase() == word)
    };
    let kinds = shelves.iter().flat_map(|shelf| &shelf.kinds);
    let told = |kind: &&Kind| [kind.summary, kind.help, kind.source].into_iter().any(holds);
    kinds.filter(told).map(|kind| kind.kind).collect()
}
