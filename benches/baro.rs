//! BARO's robust scorer on the frame of 400 series that `baro_published.py` times in Python. The
//! same workload for ever, so that numbers compare.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use windtunnel::stats::robust_scorer;

#[path = "baro_frame.rs"]
#[allow(unreachable_pub)] // the bench and a test share it
mod baro_frame;

fn frame(criterion: &mut Criterion) {
    let columns = baro_frame::columns();
    criterion.bench_function("robust_scorer_400_series_1200_rows", |bench| {
        bench.iter(|| robust_scorer::rank(black_box(&columns), baro_frame::CUT));
    });
}

criterion_group!(benches, frame);
criterion_main!(benches);
