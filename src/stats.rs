//! Pure maths on slices; each file names its paper. Imports nothing of this crate.

pub mod dependence;
pub mod design;
pub mod discord;
pub mod interval;
pub mod isotonic;
pub mod logistic;
pub mod outline;
pub mod paired;
pub mod queueing;
pub mod rank;
pub mod rarity;
pub mod regression;
pub mod reliability;
pub mod risk;
pub mod robust;
pub mod robust_scorer;
pub mod season;
pub mod sensitivity;
pub mod sequential;
pub mod shift;
pub mod sorted_ring;
pub mod summary;
pub mod walk;
