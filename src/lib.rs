//! **windtunnel**: an offline wind tunnel for self-healing infrastructure.
//!
//! A team's detection, correlation, root-cause analysis, remediation and guardrails meet recorded
//! and synthetic incidents in simulated time, before production does.
//!
//! ```text
//!  9  main.rs
//!  8  cli/        what a person types
//!  7  report/     what a person reads
//!  6  campaign/   many trials
//!  5  trial/      one run: the event loop that joins the wings
//!  4  scenario/   files on disk -> a checked experiment
//!  3  engine/ | controllers/ | world/ | referee/ | import/    WINGS THAT NEVER IMPORT EACH OTHER
//!  2  timeline/   recordings on disk (Parquet)
//!  1  model/ the nouns that flow     kernel/ order and chance
//!  0  unit/  stats/  catalog.rs
//! ```
//!
//! `ARCHITECTURE.md` says how the parts fit; `tests/architecture.rs` holds the walls.

pub mod campaign;
pub mod catalog;
pub mod cli;
pub mod controllers;
pub mod engine;
pub mod import;
pub mod kernel;
pub mod model;
pub mod referee;
pub mod report;
pub mod scenario;
pub mod stats;
pub mod timeline;
pub mod trial;
pub mod unit;
pub mod world;
