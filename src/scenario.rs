//! Files on disk -> a checked experiment; all problems at once, with line and column.
//!
//! ```text
//! text --yaml--> tree with places --shape, kinds--> ScenarioFile or Policy --check--> Checked
//! ```
//!
//! The tree is held against the schema of our own types (`shape`) and against the catalogs
//! (`kinds`) before it becomes a type. Whoever reads a file gets either a checked value or every
//! problem (`diagnostic`), sorted.

mod any;
mod baseline;
mod below;
pub mod diagnostic;
pub mod edit;
pub mod expect;
mod file;
mod fleet;
pub mod kinds;
mod load;
mod outside;
pub mod patch;
mod policy;
pub mod shape;
pub mod source;
pub mod yaml;

pub use any::{Sort, check_any, of_timeline, recognise};
pub use baseline::BaselineSpec;
pub use below::yaml_below;
pub use diagnostic::{Problem, Severity};
pub use expect::{Bound, BoundError, Clause, Comparison, Expectation, Statement};
pub use file::{PolicySource, ScenarioFile};
pub use fleet::{ChangedFleet, FleetSource, load_fleet};
pub use load::{Checked, faults, load_scenario};
pub use policy::{DEFAULT_POLICY, default_policy, hash, load_policy, shelves};
