//! Pure maths on slices; each file names its paper. Imports nothing of this crate.

pub mod dependence;
pub mod interval;
pub mod paired;
pub mod queueing;
pub mod robust;
pub mod sequential;
pub mod shift;
pub mod summary;
pub mod walk;
