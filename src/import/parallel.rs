//! Many cases at the same time: results in the order of the cases, whatever thread was first.

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::{ImportError, Request, Summary};
use crate::timeline::CaseCounts;

/// Writes every case with `write` and counts what was written.
///
/// # Errors
/// The first failure in the order of the cases.
pub fn write_cases<C: Sync>(
    request: &mut Request<'_>,
    cases: &[C],
    name: impl Fn(&C) -> &str + Sync,
    write: impl Fn(&C) -> Result<CaseCounts, ImportError> + Sync,
) -> Result<Summary, ImportError> {
    let told = Mutex::new((0, &mut *request.progress));
    let results: Vec<Result<CaseCounts, ImportError>> = cases
        .par_iter()
        .map(|case| {
            let counts = write(case)?;
            let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
            told.0 += 1;
            let done = told.0;
            (told.1)(done, cases.len(), name(case));
            Ok(counts)
        })
        .collect();
    let mut summary = Summary::default();
    for counts in results {
        summary.add(counts?);
    }
    Ok(summary)
}
