//! The event queue under the hold model: pop one event, schedule one later, at a steady size.
//!
//! `heap` is the same loop over a bare `BinaryHeap` of 16-byte entries, in the same run: quote the
//! ratio, not the time. Hold model: Jones, "An empirical comparison of priority-queue and
//! event-set implementations", 1986.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use windtunnel::kernel::{Queue, Streams};
use windtunnel::unit::{SimDuration, SimTime};

fn steps(count: u64) -> Vec<i64> {
    let streams = Streams::new(1);
    (0..count).map(|i| (-1e6 * streams.uniform(0, i).ln()) as i64).collect()
}

fn hold(c: &mut Criterion) {
    let mut group = c.benchmark_group("hold");
    let steps = steps(4096);
    for pending in [1_000usize, 100_000, 1_000_000] {
        group.bench_with_input(BenchmarkId::new("queue", pending), &pending, |b, &pending| {
            let mut queue = Queue::new(SimTime::from_nanos(0), u64::MAX);
            for i in 0..pending {
                queue.schedule(SimTime::from_nanos(steps[i % steps.len()]), 0, i as u32);
            }
            let mut turn = 0;
            b.iter(|| {
                let next = queue.pop_until(SimTime::from_nanos(i64::MAX));
                let (time, event) = next.expect("no budget").expect("never empty");
                turn = (turn + 1) % steps.len();
                queue.schedule(time + SimDuration::from_nanos(steps[turn]), 0, black_box(event));
            });
        });
        group.bench_with_input(BenchmarkId::new("heap", pending), &pending, |b, &pending| {
            let mut heap: BinaryHeap<Reverse<(i64, u64)>> =
                (0..pending).map(|i| Reverse((steps[i % steps.len()], i as u64))).collect();
            let mut turn = 0;
            b.iter(|| {
                let Reverse((time, event)) = heap.pop().expect("never empty");
                turn = (turn + 1) % steps.len();
                heap.push(Reverse((time + steps[turn], black_box(event))));
            });
        });
    }
    group.finish();
}

criterion_group!(benches, hold);
criterion_main!(benches);
