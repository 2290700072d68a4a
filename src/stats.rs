//! Pure maths on slices; each file names its paper. Imports nothing of this crate.

pub mod interval;
pub mod summary;
