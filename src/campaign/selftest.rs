//! The referee, the guardrails and the alarms put to the test: cheating engines, guardrails taken
//! out, healthy fleets.
//!
//! In: nothing; the scenarios are built in, so that the tables are the same for everybody. Out: one
//! row for each cheat with what the referee finds, one for each guardrail with the violations
//! counted with it and without it, and one for each size of fleet with the false alarms.
//! Source: mutation testing (DeMillo, Lipton and Sayward, 1978); benchmarks whose oracles passed a
//! deleted deployment. Limit: small fleets of half an hour, but for the healthy ones.

mod cheats;
mod mutations;
mod planted;
mod quiet;
mod stage;

pub use cheats::{CheatRow, CheatTable, cheats};
pub use mutations::{MutationRow, MutationTable, mutations};
pub use planted::{PlantedRow, PlantedTable, planted};
pub use quiet::{QuietRow, QuietSettings, QuietTable, quiet};
