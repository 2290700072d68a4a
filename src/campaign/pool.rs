//! Work items in parallel, results in order.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::Progress;

/// Maps every item, on `jobs` threads (0: as many as there are processors). The results stand in
/// the order of the items, whatever the threads did.
pub(super) fn map<T: Sync, R: Send>(
    items: &[T],
    jobs: usize,
    progress: &Progress<'_>,
    name: impl Fn(&T) -> String + Sync,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let done = AtomicUsize::new(0);
    let one = |item: &T| {
        let result = work(item);
        let count = done.fetch_add(1, Ordering::Relaxed) + 1;
        progress(count, items.len(), &name(item));
        result
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs).build();
    match pool {
        Ok(pool) => pool.install(|| items.par_iter().map(one).collect()),
        // No thread can be had: the same work, one item after the other.
        Err(_) => items.iter().map(one).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_stand_in_the_order_of_the_items_for_any_number_of_threads() {
        let items: Vec<u64> = (0..100).collect();
        let run = |jobs| map(&items, jobs, &|_, _, _| {}, u64::to_string, |n| n * n);
        let expected: Vec<u64> = items.iter().map(|n| n * n).collect();
        assert_eq!((run(1), run(7)), (expected.clone(), expected));
    }
}
