//! How fast the mock fleet is, alone and with the whole default engine. One element is one sample
//! (one series at one scrape of 15 s), so criterion's `elem/s` are samples per second.
//!
//! `slice` runs a quarter of an hour of `boutique`, of `bank` and of a generated fleet of 1,000
//! services and 10,000 replicas; a day of these is 96 slices. `day` runs 24 h of 200 services
//! beside the least that could be called watching so many series (`bare.rs`): what a sample costs
//! beyond that is the ratio of the two. `size` and `length` show that cost grows in line with both.
//! docs/speed.md has the figures and the command for whole days.

mod bare;

use std::hint::black_box;
use std::path::Path;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use windtunnel::model::{Batch, Policy};
use windtunnel::scenario::{load_fleet, load_policy};
use windtunnel::trial::{self, Mode, Settings};
use windtunnel::unit::{Ratio, SimDuration, SimTime};
use windtunnel::world::World;
use windtunnel::world::fleet::{FleetSpec, LoadSpec, generate, generated_rate};
use windtunnel::world::synthetic::{Synthetic, SyntheticSpec};

const SLICE: SimDuration = SimDuration::from_secs(900);

fn root(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn spec(fleet: FleetSpec, rate: f64, duration: SimDuration) -> SyntheticSpec {
    let start: SimTime = "2026-01-06T00:00:00Z".parse().expect("an instant");
    let daily_amplitude = Ratio::clamped(0.4);
    let load = LoadSpec { daily_amplitude, noise_cv: 0.03, ..LoadSpec::steady(rate) };
    SyntheticSpec { load, ..SyntheticSpec::quiet(fleet, start, duration) }
}

fn from_file(name: &str) -> FleetSpec {
    load_fleet(&root(&format!("scenarios/fleets/{name}.yaml"))).expect("the fleet is good")
}

/// Plays the world to its end; returns its samples.
fn alone(spec: &SyntheticSpec) -> u64 {
    let mut world = Synthetic::new(spec.clone(), 1).expect("the fleet is good");
    let (mut batch, mut samples) = (Batch::default(), 0);
    while let Some(now) = world.next() {
        batch.clear();
        world.advance(now, &mut batch).expect("no runaway");
        if batch.has_frame {
            samples += batch.frame.values.len() as u64;
        }
        black_box(&batch);
    }
    samples
}

fn whole(spec: &SyntheticSpec, policy: &Policy) -> usize {
    let mut world = Synthetic::new(spec.clone(), 1).expect("the fleet is good");
    let mut engine = trial::build_engine(policy, 1).expect("the policy is good");
    let settings = Settings::new("bench", 1, Mode::ClosedLoop);
    trial::run(&mut world, &mut *engine, &settings).expect("it runs").journal.lines().len()
}

fn fleets() -> Vec<(&'static str, FleetSpec, f64)> {
    vec![
        ("boutique", from_file("boutique"), 150.0),
        ("bank", from_file("bank"), 250.0),
        ("generated_10000_replicas", generate(1000, 11, 1), generated_rate(1000)),
    ]
}

fn slice(criterion: &mut Criterion) {
    let policy = load_policy(&root("scenarios/policies/default.yaml")).expect("the policy is good");
    let mut group = criterion.benchmark_group("slice_of_15_minutes");
    group.sample_size(10);
    for (name, fleet, rate) in fleets() {
        let spec = spec(fleet, rate, SLICE);
        group.throughput(Throughput::Elements(alone(&spec)));
        group.bench_function(BenchmarkId::new("world", name), |b| b.iter(|| alone(&spec)));
        group.bench_function(BenchmarkId::new("world_and_engine", name), |b| {
            b.iter(|| whole(&spec, &policy));
        });
    }
    group.finish();
}

fn day(criterion: &mut Criterion) {
    let policy = load_policy(&root("scenarios/policies/default.yaml")).expect("the policy is good");
    let mut group = criterion.benchmark_group("day_of_200_services");
    group.sample_size(10);
    let day = SimDuration::from_secs(86_400);
    let spec = spec(generate(200, 4, 1), generated_rate(200), day);
    let samples = alone(&spec);
    group.throughput(Throughput::Elements(samples));
    let scrapes = 86_400 / 15;
    let series = (samples / scrapes) as usize;
    group.bench_function("bare", |b| b.iter(|| bare::watch(black_box(series), scrapes as u32)));
    group.bench_function("world", |b| b.iter(|| alone(&spec)));
    group.bench_function("world_and_engine", |b| b.iter(|| whole(&spec, &policy)));
    group.finish();
}

fn size(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("size_in_services");
    group.sample_size(10);
    for services in [50, 100, 200, 400] {
        let fleet = generate(services, 4, 1);
        let spec = spec(fleet, generated_rate(services), SLICE);
        group.throughput(Throughput::Elements(alone(&spec)));
        group.bench_function(BenchmarkId::from_parameter(services), |b| b.iter(|| alone(&spec)));
    }
    group.finish();
}

fn length(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("length_in_hours");
    group.sample_size(10);
    for hours in [1, 4, 16] {
        let spec = spec(from_file("boutique"), 150.0, SimDuration::from_secs(3600 * hours));
        group.throughput(Throughput::Elements(alone(&spec)));
        group.bench_function(BenchmarkId::from_parameter(hours), |b| b.iter(|| alone(&spec)));
    }
    group.finish();
}

criterion_group!(benches, slice, day, size, length);
criterion_main!(benches);
