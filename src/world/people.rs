//! The people on call: who sees a page, who approves, how long it takes, and what they do about it.
//!
//! In: a page or a request for approval. Out: `Answer`s at a later instant, or none at all, and,
//! once somebody has seen a page, the time at which that person will have put the fleet right by
//! hand (`repair.rs`). Delays are lognormal around a median and longer at night; every draw depends
//! on the seed and the number of the page or request only, so that one more page shifts nothing.
//!
//! Known limit: a person works on one fault after the other and never makes it worse; the times of
//! manual work are of the right order, not measured.

mod delay;
mod repair;
mod rotation;
mod spec;
mod team;

pub use repair::ManualSpec;
pub use rotation::ShiftSpec;
pub use spec::{Approve, PeopleSpec};
pub use team::Team;
