//! Journal + truth + what really happened -> scorecard. Never asks the engine how it did.
//!
//! In: `Evidence`. Out: `Scorecard`, each number with n, a 95 % interval and, where it has a
//! meaning, the score of chance. Absent is null, never 0. `measure/` holds the groups of scores,
//! `safety/` the rules re-derived from what was done; both are plug-in folders.

mod answers;
pub mod audit;
mod case;
mod commitment;
mod estimate;
mod evidence;
mod matching;
pub mod measure;
mod mend;
mod recovery;
mod related;
pub mod safety;
mod scorecard;
pub mod series;
#[cfg(test)]
mod sketch;
mod stages;

pub use answers::{Answered, Suspect, score_answers};
pub use audit::AuditRecord;
pub use case::{Case, Opened, Said};
pub use estimate::{Estimate, LEVEL, Spread};
pub use evidence::{Evidence, Mode};
pub use matching::{Answering, Fate, Matching};
pub use measure::impact::{UserImpact, users as suffering};
pub use safety::{Rules, Violation};
pub use scorecard::{Findings, OpenedIncident, Scorecard, aggregate, look, score};
pub use stages::Stages;
