//! A scenario from nothing: a layered fleet, load, faults, people, and how orders are carried out.
//!
//! In: a random stream. Out: a `Genome` that fits together. Faults are drawn from the catalog: a
//! kind's example, its services replaced by some of the fleet, its numbers scaled, its choices
//! changed as its schema allows. So a new kind of fault is hunted with for nothing.

use std::collections::BTreeMap;

use rand::RngExt;
use serde_json::{Map, Value as Json, json};

use super::genome::Genome;
use crate::catalog::Spec;
use crate::kernel::Stream;
use crate::model::{Objective, Policy};
use crate::scenario::{PolicySource, ScenarioFile};
use crate::unit::{Name, SimDuration, SimTime};
use crate::world::chaos::{self, FaultSpec, Onset};
use crate::world::fleet::{
    ActuationSpec, FleetSpec, LoadSpec, NodePoolSpec, ScrapeSpec, ServiceSpec,
};
use crate::world::people::PeopleSpec;

const NAMES: [&str; 8] =
    ["gateway", "api", "cart", "catalog", "checkout", "payments", "search", "users"];
/// Minutes of quiet before the first fault, so that an engine knows what is normal.
const QUIET: i64 = 15;
/// A Tuesday.
const DAY: i64 = 1_767_657_600;

/// One of a slice.
pub(super) fn pick<'a, T>(all: &'a [T], stream: &mut Stream) -> &'a T {
    &all[stream.random_range(0..all.len())]
}

/// Whether something with a chance of one in `n` happens.
pub(super) fn one_in(n: u32, stream: &mut Stream) -> bool {
    stream.random_range(0..n) == 0
}

/// A new scenario; `rules` are the referee's limits in it, `appeal` how much a kind of fault is
/// wanted beside others.
pub(super) fn draw(
    policy: &Policy,
    rules: &[Spec],
    appeal: &dyn Fn(&str) -> f64,
    stream: &mut Stream,
) -> Genome {
    let services = services(stream);
    let minutes = stream.random_range(QUIET + 15..=90);
    let start = start(stream);
    let mut file = ScenarioFile {
        version: 1,
        name: "hunt".to_owned(),
        description: String::new(),
        start,
        duration: SimDuration::from_secs(60 * minutes),
        seed: u64::from(stream.random_range(1..1_000_000u32)),
        baseline: None,
        rules: rules.to_vec(),
        fleet: fleet(services, stream),
        load: load(stream),
        scrape: ScrapeSpec::default(),
        faults: Vec::new(),
        people: people(stream),
        actuation: actuation(stream),
        event_budget: 1_000_000,
        policy: PolicySource::Inline(Box::new(policy.clone())),
        expect: Vec::new(),
    };
    // Swarm: this scenario knows only some kinds.
    let kinds: Vec<&str> =
        chaos::catalog::ALL.iter().map(|e| e.kind).filter(|_| one_in(2, stream)).collect();
    let wanted = stream.random_range(1..=4);
    for _ in 0..wanted {
        let kind = weighed(&kinds, appeal, stream).unwrap_or("bad_deploy");
        add_fault(&mut file, kind, stream);
    }
    if one_in(4, stream) && !file.faults.is_empty() {
        let index = stream.random_range(0..file.faults.len());
        add_again(&mut file, index, stream);
    }
    file.faults.sort_by_key(|fault| fault.at);
    Genome::drawn(file)
}

/// Some hour of a week.
pub(super) fn start(stream: &mut Stream) -> SimTime {
    SimTime::from_secs(DAY + 3600 * stream.random_range(0..24 * 7i64))
}

/// One of some kinds, with a chance that its appeal decides.
fn weighed<'a>(
    kinds: &[&'a str],
    appeal: &dyn Fn(&str) -> f64,
    stream: &mut Stream,
) -> Option<&'a str> {
    let all: f64 = kinds.iter().map(|kind| appeal(kind)).sum();
    let mut left = stream.random_range(0.0..1.0) * all;
    let found = kinds.iter().find(|kind| {
        left -= appeal(kind);
        left <= 0.0
    });
    found.or(kinds.last()).copied()
}

fn fleet(services: BTreeMap<String, ServiceSpec>, stream: &mut Stream) -> FleetSpec {
    let nodes = if one_in(2, stream) { machines(&services, stream) } else { BTreeMap::new() };
    let fleet = json!({ "objective": objective(), "services": services, "nodes": nodes });
    serde_json::from_value(fleet).expect("the rest has defaults")
}

/// Machines for these services, with room for half as much again.
fn machines(
    services: &BTreeMap<String, ServiceSpec>,
    stream: &mut Stream,
) -> BTreeMap<String, NodePoolSpec> {
    let all = || services.values().map(|service| (f64::from(service.replicas), service));
    let cores: f64 = all().map(|(replicas, service)| replicas * service.cpu_request()).sum();
    let memory: f64 = all().map(|(n, service)| n * service.memory_request_mib()).sum();
    let mut pool = NodePoolSpec::default();
    pool.zones.truncate(*pick(&[1, 2, 3], stream));
    let fewest = (1.5 * cores / pool.cpu_cores).max(1.5 * memory / pool.memory_mib);
    pool.count = (fewest.ceil() as u32).max(3);
    BTreeMap::from([("pool".to_owned(), pool)])
}

fn objective() -> Objective {
    Objective {
        service: Name::from(NAMES[0]),
        availability: 0.99,
        latency_p99: SimDuration::from_millis(800),
        sustained: SimDuration::from_secs(120),
    }
}

/// Layers: each service is called by one before it, some by two.
fn services(stream: &mut Stream) -> BTreeMap<String, ServiceSpec> {
    let count = stream.random_range(2..=NAMES.len());
    let mut services: Vec<(String, ServiceSpec)> = Vec::new();
    for name in NAMES.iter().take(count) {
        // Uneven sizes: what is a quarter of the fleet here is nothing there.
        let replicas = *pick(&[1, 2, 3, 3, 4, 6, 8, 12], stream);
        let service = ServiceSpec {
            replicas,
            max_replicas: Some(replicas * 3),
            service_time: SimDuration::from_millis(stream.random_range(3..=40i64)),
            version: "v1.1.0".to_owned(),
            previous_version: Some("v1.0.0".to_owned()),
            certificate_expires_in: one_in(4, stream).then(|| SimDuration::from_secs(40 * 86_400)),
            ..ServiceSpec::default()
        };
        services.push(((*name).to_owned(), service));
    }
    for callee in 1..count {
        let callers = 1 + usize::from(one_in(4, stream));
        for _ in 0..callers {
            let caller = stream.random_range(0..callee);
            let to = services[callee].0.clone();
            let calls = &mut services[caller].1.calls;
            if calls.iter().all(|call| call.to != to) {
                let call = json!({
                    "to": to,
                    "per_request": *pick(&[0.3, 0.5, 1.0], stream),
                    "timeout": *pick(&["500ms", "1s", "2s"], stream),
                    "retries": stream.random_range(0..=2u32),
                    "optional": one_in(5, stream),
                });
                calls.push(serde_json::from_value(call).expect("the rest has defaults"));
            }
        }
    }
    services.into_iter().collect()
}

fn load(stream: &mut Stream) -> LoadSpec {
    let rate = load_rate(stream);
    serde_json::from_value(json!({ "rate": rate })).expect("a rate is enough")
}

/// Requests per second.
pub(super) fn load_rate(stream: &mut Stream) -> f64 {
    *pick(&[20.0, 60.0, 120.0, 200.0], stream)
}

/// How a fault sets in: at once, slowly, or again and again.
pub(super) fn onset(stream: &mut Stream) -> Onset {
    let minutes =
        |all: &[i64], stream: &mut Stream| SimDuration::from_secs(60 * *pick(all, stream));
    match stream.random_range(0..4u8) {
        0 => Onset::Ramp(minutes(&[2, 5, 15], stream)),
        1 => Onset::Flap { on: minutes(&[2, 4, 8], stream), off: minutes(&[3, 6, 12], stream) },
        _ => Onset::Step,
    }
}

/// Somebody on call: present or not, quick or slow.
pub(super) fn people(stream: &mut Stream) -> PeopleSpec {
    if one_in(2, stream) {
        return PeopleSpec::default();
    }
    let approve = *pick(&["yes", "no", "absent"], stream);
    let after = *pick(&["1m", "5m", "20m"], stream);
    let json = json!({ "approve": approve, "approve_after": after, "acknowledge_after": after });
    serde_json::from_value(json).unwrap_or_default()
}

/// How well orders are carried out.
pub(super) fn actuation(stream: &mut Stream) -> ActuationSpec {
    if one_in(2, stream) {
        return ActuationSpec::default();
    }
    let fail = *pick(&[0.0, 0.3, 0.8], stream);
    let delay = *pick(&["2s", "30s", "3m"], stream);
    let deadline = *pick(&["2m", "10m"], stream);
    let json = json!({ "fail": fail, "delay": delay, "deadline": deadline });
    serde_json::from_value(json).unwrap_or_default()
}

/// Adds a fault of a kind, if one can be drawn that fits.
pub(super) fn add_fault(file: &mut ScenarioFile, kind: &str, stream: &mut Stream) {
    const TRIES: usize = 8;
    let last = file.duration.nanos() / 60_000_000_000 - 5;
    for _ in 0..TRIES {
        let minute = stream.random_range(QUIET..QUIET.max(last) + 1);
        let Some(spec) = fault(kind, file, stream) else { return };
        let at = SimDuration::from_secs(60 * minute);
        let onset = onset(stream);
        // What happens at once has no onset.
        for onset in [onset, Onset::Step] {
            file.faults.push(FaultSpec { at, id: None, onset, spec: spec.clone() });
            if file.synthetic().check().is_empty() {
                return;
            }
            file.faults.pop();
        }
    }
}

/// Repeats a fault some times, at even distances, each time over before the next where it can be.
pub(super) fn add_again(file: &mut ScenarioFile, index: usize, stream: &mut Stream) {
    let apart = *pick(&[6, 10, 14], stream);
    let last = file.duration.nanos() / 60_000_000_000 - 2;
    let schema = chaos::catalog::ALL.iter().find(|e| e.kind == file.faults[index].spec.kind);
    let ends = schema
        .is_some_and(|entry| (entry.schema)().to_value()["properties"].get("lasts").is_some());
    let mut again = file.faults[index].clone();
    if ends {
        let lasts = SimDuration::from_secs(60 * (apart / 2)).to_string();
        again.spec.params.insert("lasts".to_owned(), json!(lasts));
        file.faults[index] = again.clone();
    }
    for _ in 0..stream.random_range(2..=6u8) {
        again.at = again.at + SimDuration::from_secs(60 * apart);
        again.id = None;
        if again.at > SimDuration::from_secs(60 * last) {
            return;
        }
        file.faults.push(again.clone());
        if !file.synthetic().check().is_empty() {
            file.faults.pop();
        }
    }
}

/// A fault of a kind with parameters of its own.
fn fault(kind: &str, file: &ScenarioFile, stream: &mut Stream) -> Option<Spec> {
    let entry = chaos::catalog::ALL.iter().find(|entry| entry.kind == kind)?;
    let params: Map<String, Json> = serde_saphyr::from_str(entry.example).ok()?;
    let mut spec = Spec { kind: kind.to_owned(), params };
    let built = built(&spec)?;
    let mut services: Vec<&str> = file.fleet.services.keys().map(String::as_str).collect();
    for (param, _) in built.services() {
        let name = if services.is_empty() { NAMES[0] } else { *pick(&services, stream) };
        // A caller and its callee are not the same.
        services.retain(|other| *other != name);
        if spec.params.get(param).is_some_and(Json::is_array) {
            spec.params.insert(param.to_owned(), json!([name]));
        } else {
            spec.params.insert(param.to_owned(), json!(name));
        }
    }
    let mut names: Vec<&'static str> = built.services().iter().map(|(param, _)| *param).collect();
    for (param, places) in places(file) {
        if spec.params.contains_key(param) && !places.is_empty() {
            spec.params.insert(param.to_owned(), json!(pick(&places, stream)));
            names.push(param);
        }
    }
    vary(&mut spec, &(entry.schema)().to_value(), &names, stream);
    self::built(&spec).is_some().then_some(spec)
}

/// Machines and zones that a fault may name, by its parameter.
fn places(file: &ScenarioFile) -> [(&'static str, Vec<String>); 2] {
    let pools = &file.fleet.nodes;
    let nodes = pools.iter().flat_map(|(pool, spec)| spec.names(pool)).collect();
    let zones: std::collections::BTreeSet<String> =
        pools.values().flat_map(|pool| pool.zones.clone()).collect();
    [("node", nodes), ("zone", zones.into_iter().collect())]
}

/// The fault of a spec, if its parameters can be read.
pub(super) fn built(spec: &Spec) -> Option<Box<dyn chaos::Fault>> {
    let (at, onset) = (SimDuration::ZERO, Onset::default());
    chaos::build(&FaultSpec { at, id: None, onset, spec: spec.clone() }).ok()
}

/// Changes some parameters of a fault: numbers and durations are scaled, choices taken anew.
pub(super) fn vary(spec: &mut Spec, schema: &Json, fixed: &[&str], stream: &mut Stream) {
    let Some(properties) = schema["properties"].as_object() else { return };
    for (name, property) in properties {
        if fixed.contains(&name.as_str()) || !one_in(2, stream) {
            continue;
        }
        let choices = choices(property);
        let now = spec.params.get(name).cloned().or_else(|| property.get("default").cloned());
        let new = if choices.is_empty() {
            now.and_then(|now| scaled(&now, property, stream))
        } else {
            Some(Json::String(pick(&choices, stream).clone()))
        };
        if let Some(new) = new {
            let old = spec.params.insert(name.clone(), new);
            if built(spec).is_none() {
                match old {
                    Some(old) => spec.params.insert(name.clone(), old),
                    None => spec.params.remove(name),
                };
            }
        }
    }
}

fn choices(property: &Json) -> Vec<String> {
    let texts = |list: &Json| -> Vec<String> {
        let all = list.as_array().into_iter().flatten();
        all.filter_map(Json::as_str).map(str::to_owned).collect()
    };
    let direct = texts(&property["enum"]);
    if !direct.is_empty() {
        return direct;
    }
    let branches = property["oneOf"].as_array().into_iter().flatten();
    branches.filter_map(|branch| branch["const"].as_str()).map(str::to_owned).collect()
}

fn scaled(now: &Json, property: &Json, stream: &mut Stream) -> Option<Json> {
    let factor = *pick(&[0.25, 0.5, 2.0, 4.0], stream);
    if let Some(duration) = now.as_str().and_then(|text| text.parse::<SimDuration>().ok()) {
        let seconds = (duration.secs_f64() * factor).ceil().max(1.0);
        return Some(Json::String(SimDuration::from_secs(seconds as i64).to_string()));
    }
    let number = now.as_f64()? * factor;
    let most = property["maximum"].as_f64().unwrap_or(f64::MAX);
    let number = number.min(most);
    if now.is_u64() || now.is_i64() {
        return Some(json!(number.round().max(1.0) as u64));
    }
    Some(json!(number))
}
