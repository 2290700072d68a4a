//! `windtunnel compare`: what a change does to every scenario, paired on scenario and seed.
//!
//! ```text
//! base, head --samples--> pairs --weigh--> differences --judge--> Comparison
//! ```
//!
//! Both sides run on the same seeds (common random numbers), so that what differs on a seed is the
//! change's doing; a change that does nothing differs nowhere. Whether it holds beyond these seeds
//! is asked of the sign-flip test, with Holm's correction over all questions asked. Sides that ran
//! on different seeds are paired by rank, and only the test counts.

mod measure;
mod sample;
mod sides;
mod verdict;
mod weigh;

pub use measure::{ALL, Measure, Tolerances};
pub use sample::Sample;
pub use sides::{calibrate, run_side};
pub use verdict::headline;
pub use weigh::{Comparison, Difference, Scope, compare};
