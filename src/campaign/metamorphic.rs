//! Changes that must not change the diagnosis: metamorphic tests of an engine.
//!
//! In: a scenario. Out: for each relation, whether the engine blames the same entity and cause as
//! before. Some relations change nothing that could matter to the last bit (times, order of series,
//! a scrape handed over twice): the answer must be the same on every seed. Others (names, traffic,
//! one more service) draw other noise: there the answer of most seeds counts, where the untouched
//! scenario itself agrees on every seed. Source: Chen, Cheung and Yiu, "Metamorphic Testing: A New
//! Approach for Generating Next Test Cases" (1998).

mod answer;
mod relation;
mod worlds;

pub use answer::{Answer, Held, Verdict, check};
pub use relation::Relation;
