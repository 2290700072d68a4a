//! The referee and the guardrails put to the test: cheating engines, and guardrails taken out.
//!
//! In: nothing; the scenarios are built in, so that the tables are the same for everybody. Out: one
//! row for each cheat with what the referee finds, and one for each guardrail with the violations
//! counted with it and without it. Source: mutation testing (DeMillo, Lipton and Sayward, 1978);
//! benchmarks whose oracles passed a deleted deployment. Limit: small fleets of half an hour.

mod cheats;
mod mutations;
mod planted;
mod stage;

pub use cheats::{CheatRow, CheatTable, cheats};
pub use mutations::{MutationRow, MutationTable, mutations};
pub use planted::{PlantedRow, PlantedTable, planted};
