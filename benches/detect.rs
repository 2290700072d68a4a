//! How fast detection is: one pass of the metric detectors over a 600-series frame, and template
//! mining per log line. The same workload for ever, so that numbers compare.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use windtunnel::catalog::Spec;
use windtunnel::engine::History;
use windtunnel::engine::detect::{self, Scores};
use windtunnel::engine::templates::Miner;
use windtunnel::kernel::Streams;
use windtunnel::model::{Batch, SeriesCatalog, SeriesMeta, StepInput, Topology, names};
use windtunnel::unit::SimTime;

const SERVICES: usize = 10;
const METRICS: usize = 60;
const WARM_UP: i64 = 400;

/// One frame after another, forever: 10 services with 60 latency series each.
struct Feed {
    topology: Topology,
    series: SeriesCatalog,
    history: History,
    batch: Batch,
    noise: Streams,
    frame: i64,
}

impl Feed {
    fn new() -> Self {
        let (mut topology, mut series) = (Topology::default(), SeriesCatalog::default());
        for service in 0..SERVICES {
            let entity = topology.service(&format!("service-{service}"));
            for metric in 0..METRICS {
                let meta = SeriesMeta::gauge(entity, names::DURATION, "s");
                series.add(meta.label("operation", &metric.to_string())).expect("unique labels");
            }
        }
        let (history, batch) = (History::new(1024), Batch::default());
        Self { topology, series, history, batch, noise: Streams::new(1), frame: 0 }
    }

    fn next(&mut self) -> StepInput<'_> {
        let now = SimTime::from_secs(15 * self.frame);
        self.batch.frame.reset(now, self.series.len());
        for (lane, value) in self.batch.frame.values.iter_mut().enumerate() {
            *value = 0.1 + 0.01 * self.noise.normal(lane as u64, self.frame as u64);
        }
        self.batch.has_frame = true;
        self.frame += 1;
        self.history.push(&self.batch.frame, &self.series);
        StepInput { now, topology: &self.topology, series: &self.series, batch: &self.batch }
    }
}

fn metric_frame(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("frame_of_600_series");
    group.throughput(Throughput::Elements((SERVICES * METRICS) as u64));
    for kind in ["robust_score", "level_shift", "burn_rate", "event_match"] {
        let mut detectors = detect::build(&[Spec::plain(kind)]).expect("the kind exists");
        let (mut feed, mut scores) = (Feed::new(), Scores::default());
        let mut step = |feed: &mut Feed, scores: &mut Scores| {
            feed.next();
            let input = StepInput {
                now: feed.batch.frame.time,
                topology: &feed.topology,
                series: &feed.series,
                batch: &feed.batch,
            };
            scores.clear();
            detectors[0].observe(&input, &feed.history, scores);
        };
        (0..WARM_UP).for_each(|_| step(&mut feed, &mut scores));
        group.bench_function(kind, |b| b.iter(|| step(black_box(&mut feed), &mut scores)));
    }
    group.bench_function("frame_itself", |b| {
        let mut feed = Feed::new();
        b.iter(|| black_box(feed.next().now));
    });
    group.finish();
}

fn template_mining(criterion: &mut Criterion) {
    let verbs = ["accepted", "rejected", "shipped", "cancelled", "refunded"];
    let lines: Vec<String> = (0..1000)
        .map(|i| format!("order {i} {} for user u{} in {} ms", verbs[i % 5], i % 97, i % 31))
        .collect();
    let mut group = criterion.benchmark_group("drain");
    group.throughput(Throughput::Elements(lines.len() as u64));
    group.bench_function("lines", |b| {
        let mut miner = Miner::new(0.5);
        b.iter(|| lines.iter().map(|line| miner.learn(line).0.0).sum::<u32>());
    });
    group.finish();
}

criterion_group!(benches, metric_frame, template_mining);
criterion_main!(benches);
