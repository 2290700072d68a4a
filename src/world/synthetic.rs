//! The synthetic world: a mock fleet, its faults and its people in closed loop.

mod spec;

pub use spec::{FleetProblem, SyntheticSpec};
