//! The measures: one file per group, each finding raw items in a trial and summing them up.
//!
//! A group's file owns its definitions (`ENTRY`), what it finds in one trial (`Found`, plain data,
//! stored with the scorecard), and its summary over any number of trials. A single trial is summed
//! up by the same code as a thousand, so that an aggregate of one is that one.

pub mod catalog;
pub mod confidence;
pub mod correlation;
pub mod detection;
pub mod impact;
pub mod localization;
pub mod remediation;
pub mod safety;
pub mod timing;

use crate::catalog::Entry;

/// What one number on a scorecard means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition {
    /// Its name in the JSON.
    pub name: &'static str,
    /// Its unit; `1` for a share.
    pub unit: &'static str,
    /// What it is.
    pub text: &'static str,
}

/// What the folder says of one group.
pub type MeasureEntry = Entry<&'static [Definition]>;

/// A definition, for the arrays in each file.
const fn define(name: &'static str, unit: &'static str, text: &'static str) -> Definition {
    Definition { name, unit, text }
}
