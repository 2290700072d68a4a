//! Fleets of any size with a realistic call graph.
//!
//! In: a number of services, replicas per service, a seed. Out: a checked spec. Tiers from an edge
//! over back-ends, domains and platforms to data, at most 6 deep; whom a service calls is drawn by
//! preferential attachment (Barabasi and Albert 1999), so fan-in is heavy-tailed, as in the traces
//! of Luo et al., "Characterizing Microservice Dependency and Performance" (SoCC 2021). Replicas
//! suit the load that reaches them. Known limit: no brokers, no pools, no machines.

use std::collections::BTreeMap;

use rand_distr::{Distribution, StandardUniform};

use crate::kernel::{Stream, Streams};
use crate::model::Objective;
use crate::unit::{Name, SimDuration};

use super::spec::{CallSpec, FleetSpec, Runtime, ServiceSpec};

/// Share of services in each tier below the edge.
const TIERS: [f64; 5] = [0.06, 0.14, 0.42, 0.24, 0.14];
const WORDS: [&str; 5] = ["bff", "domain", "service", "platform", "store"];
/// Requests per second that a fleet of this kind is made for, per service.
const RATE: f64 = 2.0;

/// Requests per second that a generated fleet is made for.
#[must_use]
pub fn generated_rate(services: u32) -> f64 {
    (RATE * f64::from(services)).max(20.0)
}

/// A fleet of `services` services with about `replicas` replicas each. Panics below 1 service.
#[must_use]
pub fn generate(services: u32, replicas: u32, seed: u64) -> FleetSpec {
    assert!(services >= 1, "a fleet has a service");
    let mut chance = Streams::new(seed).stream("generate/fleet");
    let (names, tiers) = named(services);
    let mut specs: Vec<ServiceSpec> =
        tiers.iter().map(|tier| service(*tier, &mut chance)).collect();
    let mut fan_in = vec![0_u32; specs.len()];
    for callee in 1..specs.len() {
        // Everybody is called by somebody of a higher tier, mostly the one next above.
        let above: Vec<usize> = (0..callee).filter(|i| tiers[*i] < tiers[callee]).collect();
        let near: Vec<usize> =
            above.iter().copied().filter(|i| tiers[*i] + 1 == tiers[callee]).collect();
        let pick = if near.is_empty() || uniform(&mut chance) < 0.2 { &above } else { &near };
        let caller = pick[(uniform(&mut chance) * pick.len() as f64) as usize];
        call(&mut specs, &mut fan_in, caller, callee, &names);
    }
    for caller in 0..specs.len() {
        let below: Vec<usize> =
            (caller + 1..specs.len()).filter(|i| tiers[*i] > tiers[caller]).collect();
        let more = (-2.0 * uniform(&mut chance).ln()) as usize;
        for _ in 0..more.min(below.len()).min(6) {
            let callee = attached(&below, &fan_in, &mut chance);
            call(&mut specs, &mut fan_in, caller, callee, &names);
        }
    }
    spread(&mut specs);
    size(&mut specs, &names, generated_rate(services), replicas, &mut chance);
    FleetSpec {
        description: format!("Generated: {services} services, seed {seed}."),
        objective: Objective {
            service: Name::from(names[0].as_str()),
            availability: 0.99,
            latency_p99: SimDuration::from_secs(2),
            sustained: SimDuration::from_secs(120),
        },
        services: names.into_iter().zip(specs).collect(),
        nodes: BTreeMap::new(),
    }
}

/// Names and tiers, higher tiers first; the first is the edge.
fn named(services: u32) -> (Vec<String>, Vec<usize>) {
    let (mut names, mut tiers) = (vec!["edge".to_owned()], vec![0]);
    let rest = f64::from(services - 1);
    let mut upto = 0.0;
    for (tier, share) in TIERS.iter().enumerate() {
        upto += share * rest;
        let mut number = 0;
        while (names.len() as f64) < upto.round() + 1.0 {
            names.push(format!("{}-{number:04}", WORDS[tier]));
            tiers.push(tier + 1);
            number += 1;
        }
    }
    (names, tiers)
}

fn service(tier: usize, chance: &mut Stream) -> ServiceSpec {
    const RUNTIMES: [Runtime; 4] = [Runtime::Java, Runtime::Go, Runtime::Python, Runtime::Java];
    let runtime = RUNTIMES[(uniform(chance) * 4.0) as usize];
    let time = 3.0 + 12.0 * uniform(chance);
    ServiceSpec {
        runtime: if tier == 0 { Runtime::Nginx } else { runtime },
        concurrency: if tier == 0 { 128 } else { 32 },
        service_time: SimDuration::from_millis(if tier == 0 { 2 } else { time as i64 }),
        version: format!("v{}.{}.0", 1 + (4.0 * uniform(chance)) as u32, (time * 2.0) as u32),
        previous_version: Some("v1.0.0".to_owned()),
        ..ServiceSpec::default()
    }
}

fn call(
    specs: &mut [ServiceSpec],
    fan_in: &mut [u32],
    caller: usize,
    callee: usize,
    names: &[String],
) {
    if specs[caller].calls.iter().any(|c| c.to == names[callee]) {
        return;
    }
    fan_in[callee] += 1;
    let to = names[callee].clone();
    specs[caller].calls.push(CallSpec { to, ..CallSpec::default() });
}

/// One of `from`, with a chance that grows with how often it is called already.
fn attached(from: &[usize], fan_in: &[u32], chance: &mut Stream) -> usize {
    let total: f64 = from.iter().map(|i| f64::from(fan_in[*i] + 1)).sum();
    let mut left = uniform(chance) * total;
    for i in from {
        left -= f64::from(fan_in[*i] + 1);
        if left <= 0.0 {
            return *i;
        }
    }
    from[from.len() - 1]
}

/// A request makes about one and a half calls, however many callees there are.
fn spread(specs: &mut [ServiceSpec]) {
    for spec in specs {
        let n = spec.calls.len() as f64;
        for call in &mut spec.calls {
            call.per_request = (150.0 / n).round().min(100.0) / 100.0;
        }
    }
}

/// As many replicas as the load needs, and more where `replicas` on average are asked for.
fn size(
    specs: &mut [ServiceSpec],
    names: &[String],
    rate: f64,
    replicas: u32,
    chance: &mut Stream,
) {
    let mut load = vec![0.0; specs.len()];
    load[0] = rate;
    for caller in 0..specs.len() {
        // Callees stand behind their callers: tiers only grow.
        for call in &specs[caller].calls {
            let callee = names.iter().position(|n| *n == call.to).expect("it was called by name");
            load[callee] += load[caller] * call.per_request;
        }
    }
    for (spec, load) in specs.iter_mut().zip(load) {
        let computing = load * spec.service_time.secs_f64() * spec.cpu_share.get();
        let needed = (computing / spec.cpu_cores / 0.4).ceil() as u32;
        let drawn = -uniform(chance).ln() * f64::from(replicas.saturating_sub(2));
        spec.replicas = needed.max(2).max(2 + drawn as u32);
    }
}

fn uniform(chance: &mut Stream) -> f64 {
    let u: f64 = StandardUniform.sample(chance);
    u.max(1e-12)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::SimTime;
    use crate::world::synthetic::SyntheticSpec;

    #[test]
    fn generated_fleets_fit_together_and_a_few_services_are_called_by_many() {
        for services in [1, 2, 7, 300] {
            let fleet = generate(services, 4, 9);
            assert_eq!(fleet.services.len(), services as usize);
            assert_eq!(fleet, generate(services, 4, 9));
            let spec = SyntheticSpec::quiet(fleet, SimTime::default(), SimDuration::from_secs(60));
            assert_eq!(spec.check(), []);
        }
        let fleet = generate(300, 4, 9);
        let mut fan_in: BTreeMap<&str, u32> = BTreeMap::new();
        for call in fleet.services.values().flat_map(|s| &s.calls) {
            *fan_in.entry(&call.to).or_default() += 1;
        }
        let mut sorted: Vec<u32> = fan_in.into_values().collect();
        sorted.sort_unstable();
        assert!(sorted[sorted.len() - 1] >= 8 * sorted[sorted.len() / 2], "{sorted:?}");
    }
}
