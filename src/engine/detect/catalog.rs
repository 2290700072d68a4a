//! All detectors, alphabetically.

use super::Build;
use crate::catalog::Entry;

/// Every kind of detector.
pub const ALL: &[Entry<Build>] = &[];
