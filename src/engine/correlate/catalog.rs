//! All correlators, alphabetically.

use super::Build;
use crate::catalog::Entry;

/// Every kind of correlator.
pub const ALL: &[Entry<Build>] = &[];
