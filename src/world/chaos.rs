//! What goes wrong on purpose: fault plug-ins, one file each, listed in `catalog`.

mod spec;

pub use spec::FaultSpec;
