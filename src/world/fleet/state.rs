//! The whole fleet at run time, and how it is built from its spec.
//!
//! In: a spec that has been checked. Out: services in name order with all replicas ready and warm,
//! as after a long quiet time. Indices are positions in name order and never leave this room
//! except inside timers.

use std::collections::BTreeMap;

use crate::kernel::Streams;
use crate::model::{EntityKind, SliSample, Topology};
use crate::unit::{EntityId, Name, SimDuration, SimTime};

use super::actuator::Task;
use super::graph::call_order;
use super::latency::{mixed, quantile};
use super::node::{self, Node, Zone};
use super::outbox::{Outbox, Timer};
use super::replica::{Death, Phase, Replica};
use super::rollout::Rollout;
use super::routes::Routes;
use super::service::{Coming, Edge, Flow, Secret, Service, Tally, Template};
use super::spec::{ActuationSpec, CallSpec, FleetSpec, SecretSpec, ServiceSpec};
use super::still::Stillness;

/// Standard deviation of how replicas of one service differ, on a log scale.
const UNLIKE: f64 = 0.08;

/// All services, their rollouts under way, and the chance that names pods.
#[derive(Debug)]
pub struct Fleet {
    /// In name order.
    pub services: Vec<Service>,
    /// Machines, in the order of their pools.
    pub nodes: Vec<Node>,
    /// Zones, in name order.
    pub zones: Vec<Zone>,
    /// Indices with callers before callees.
    pub(super) order: Vec<usize>,
    /// Changes of replicas under way.
    pub(super) rollouts: Vec<Rollout>,
    /// Other actions under way.
    pub(super) tasks: Vec<Task>,
    pub(super) actuation: ActuationSpec,
    pub(super) streams: Streams,
    pub(super) undertakings: u32,
    /// What comes to each service in the tick at hand.
    pub(super) coming: Vec<Coming>,
    /// Services of which a tick is through once they have answered (`in_step.rs`).
    pub(super) resting: Vec<bool>,
    /// Plain ones among them, side by side.
    pub(super) stillness: Stillness,
    /// Where users came in the last tick.
    pub(super) entry: Option<usize>,
    /// Whether all services were at rest after the last tick.
    pub(super) at_rest: bool,
    /// Seconds of the last tick.
    pub(super) last_dt: f64,
    containers: u64,
    pods: BTreeMap<usize, u64>,
}

impl Fleet {
    /// A fleet at `start`. Panics if the spec has not been checked (dangling or cyclic calls).
    #[must_use]
    pub fn new(
        spec: &FleetSpec,
        actuation: &ActuationSpec,
        streams: Streams,
        start: SimTime,
    ) -> Self {
        let names: Vec<&String> = spec.services.keys().collect();
        let services = spec.services.iter();
        let services = services.map(|(n, s)| service(n, s, &names, (start, streams))).collect();
        let (nodes, zones) = node::build(&spec.nodes);
        let mut fleet = Self {
            services,
            nodes,
            zones,
            order: call_order(&spec.services).expect("the spec was checked for cycles"),
            rollouts: Vec::new(),
            tasks: Vec::new(),
            actuation: actuation.clone(),
            streams,
            undertakings: 0,
            coming: vec![Coming::default(); names.len()],
            resting: vec![false; names.len()],
            stillness: Stillness::default(),
            entry: None,
            at_rest: false,
            last_dt: 1.0,
            containers: 0,
            pods: BTreeMap::new(),
        };
        for index in 0..fleet.services.len() {
            fleet.fill(index, start);
        }
        let counts = |s: &Service| s.spec.max_connections.is_some();
        let counts: Vec<bool> = fleet.services.iter().map(counts).collect();
        for edge in fleet.services.iter_mut().flat_map(|service| &mut service.edges) {
            edge.counted = counts[edge.callee];
        }
        fleet.number();
        fleet
    }

    /// The index of a service.
    #[must_use]
    pub fn index(&self, name: &str) -> Option<usize> {
        self.services.binary_search_by(|s| s.name.as_str().cmp(name)).ok()
    }

    /// The service map that an operator knows.
    #[must_use]
    pub fn topology(&self) -> Topology {
        let mut map = Topology::default();
        let kind = |s: &Service| {
            if s.spec.external { EntityKind::External } else { EntityKind::Service }
        };
        let ids: Vec<_> = self
            .services
            .iter()
            .map(|s| map.add(s.name.clone(), kind(s), None).expect("service names are unique"))
            .collect();
        for (service, id) in self.services.iter().zip(&ids) {
            for edge in &service.edges {
                map.call(*id, ids[edge.callee]);
            }
            if !service.spec.external {
                for slot in &service.slot_names {
                    map.add(slot.clone(), EntityKind::Replica, Some(*id))
                        .expect("slot names were checked against service names");
                }
            }
        }
        let zones: Vec<_> = self
            .zones
            .iter()
            .map(|z| map.add(z.name.clone(), EntityKind::Zone, None).expect("names were checked"))
            .collect();
        let nodes: Vec<_> = self
            .nodes
            .iter()
            .map(|node| {
                map.add(node.name.clone(), EntityKind::Node, Some(zones[node.zone]))
                    .expect("node names were checked")
            })
            .collect();
        for service in &self.services {
            for (slot, name) in service.slots.iter().zip(&service.slot_names) {
                let node = slot.as_ref().and_then(|replica| replica.node);
                if let (Some(node), Some(id)) = (node, map.lookup(name)) {
                    map.run_on(id, nodes[node]);
                }
            }
        }
        map
    }

    /// Something that the fleet wanted to be called back for.
    pub fn on_timer(&mut self, timer: Timer, out: &mut Outbox) {
        match timer {
            Timer::Ready(life) => self.on_ready(life, out),
            Timer::Restart(life) => self.on_restart(life, out),
            Timer::Crash(life) => self.die(life, Death::Crash, out),
            Timer::Canary(rollout) => self.on_canary(rollout, out),
            Timer::Finish(task) => self.on_finish(task, out),
            Timer::Deadline(rollout) => self.on_deadline(rollout, out),
            Timer::TooSlow(life) => self.die(life, Death::TooSlow, out),
            Timer::Reload(life) => self.on_reload(life),
            Timer::NodeSilent(node) => self.on_node_silent(node, out),
            Timer::NodeGone(node) => self.on_node_gone(node, out),
            Timer::Drain(task) => self.on_drain(task, out),
        }
    }

    /// Forgets what was counted for scrapes so far.
    pub fn forget(&mut self) {
        for service in &mut self.services {
            service.tally = Tally::default();
            service.routes.iter_mut().for_each(|route| route.tally = Tally::default());
            for edge in &mut service.edges {
                (edge.attempts, edge.failed, edge.seconds) = (0.0, 0.0, 0.0);
            }
        }
    }

    /// Notes the replicas that there are at the start.
    pub fn count_replicas(&mut self, out: &mut Outbox) {
        for service in &self.services {
            out.count(&service.name, service.desired, service.ready());
        }
    }

    /// What users saw at `entry` in the last tick, which ended at `now`.
    #[must_use]
    pub fn users_saw(&self, entry: usize, now: SimTime, patience: f64) -> SliSample {
        let flow = &self.services[entry].flow;
        let answered: f64 = flow.response.iter().map(|(w, _)| w).sum();
        let late: f64 = flow.response.iter().map(|(w, law)| w * law.exceeds(patience)).sum();
        let good = (flow.started - flow.failed).max(0.0);
        let gave_up = if answered > 0.0 { good * late / answered } else { 0.0 };
        let failed = flow.refused + flow.dark + flow.shed + flow.lost + flow.failed + gave_up;
        let p99 = quantile(&flow.response, 0.99).map(|p99| p99.min(patience));
        // Work of an earlier tick may fail in this one, but no more than came is said to fail.
        let failed = failed.min(flow.arrived);
        SliSample { time: now, requests: flow.arrived, failed, latency_p99_s: p99 }
    }

    /// Mean time that users waited at `entry` in the last tick, seconds, at most `patience`.
    #[must_use]
    pub fn users_wait(&self, entry: usize, patience: f64) -> f64 {
        mixed(&self.services[entry].flow.response).mean.min(patience)
    }

    /// Replicas of all services that are ours.
    #[must_use]
    pub fn size(&self) -> u32 {
        self.services.iter().filter(|s| !s.spec.external).map(Service::alive).sum()
    }

    pub(super) fn next_container(&mut self) -> u64 {
        self.containers += 1;
        self.containers
    }

    /// A name as Kubernetes would give it; depends on the service and its count of pods only.
    pub(super) fn pod_name(&mut self, service: usize) -> (String, u64) {
        let number = self.pods.entry(service).or_default();
        *number += 1;
        let owner = &self.services[service];
        let stream = self.streams.child("pods").child(&owner.name);
        let letters = |lane: u64, tick: u64, count: u32| -> String {
            let draw = stream.uniform(lane, tick) * 1e15;
            (0..count).map(|i| letter((draw / 27f64.powi(i as i32)) as u64)).collect()
        };
        let set = letters(0, u64::from(owner.template.generation), 5);
        (format!("{}-{set}-{}", owner.name, letters(1, *number, 5)), *number)
    }

    /// How fast a container starts and leaks; depends on the service and the pod only.
    pub(super) fn pace(&self, service: usize, serial: u64, restarts: u32) -> f64 {
        let noise = self.streams.child("pace").child(&self.services[service].name);
        (UNLIKE * noise.normal(serial, u64::from(restarts))).exp()
    }

    /// Takes over the ids of the service map.
    fn number(&mut self) {
        let map = self.topology();
        for service in &mut self.services {
            service.id = map.find(&service.name).expect("every service is in the map");
            service.slot_ids = service.slot_names.iter().filter_map(|n| map.lookup(n)).collect();
        }
        for node in &mut self.nodes {
            node.id = map.find(&node.name).expect("every node is in the map");
        }
        for zone in &mut self.zones {
            zone.id = map.find(&zone.name).expect("every zone is in the map");
        }
    }

    fn fill(&mut self, service: usize, start: SimTime) {
        for slot in 0..self.services[service].desired as usize {
            let (pod, serial) = self.pod_name(service);
            let container = self.next_container();
            let pace = self.pace(service, serial, 0);
            let owner = &self.services[service];
            let mut replica = Replica::new(pod, owner.template.clone(), container, owner);
            (replica.serial, replica.pace) = (serial, pace);
            replica.ready_since = start - SimDuration::from_secs(86_400);
            // The check for room is no exact packing: what finds none waits, as it would.
            let place = self.place(service);
            replica.phase = if place.is_ok() { Phase::Ready } else { Phase::Pending };
            replica.node = place.unwrap_or_default();
            self.reserve(service, &replica, 1.0);
            self.services[service].slots[slot] = Some(replica);
        }
    }
}

fn letter(draw: u64) -> char {
    const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
    char::from(LETTERS[(draw % 27) as usize])
}

fn service(
    name: &str,
    spec: &ServiceSpec,
    names: &[&String],
    (start, streams): (SimTime, Streams),
) -> Service {
    let routes = Routes::of(spec);
    let spec = &spec.clone().folded();
    let position = |to: &String| spec.calls.iter().position(|call| call.to == *to);
    let edge = |call: &CallSpec| Edge {
        callee: names.binary_search(&&call.to).expect("the spec was checked for dangling calls"),
        cache: call.cache.as_ref().and_then(position),
        via: call.via.as_ref().and_then(position),
        pass: 1.0,
        made: 1.0,
        ..Edge::default()
    };
    let secret = |secret: &SecretSpec| Secret {
        edge: position(&secret.to).expect("the spec was checked for secrets to nobody"),
        ends: start + secret.expires_in,
        lease: secret.expires_in,
        renewed: secret.renewed,
    };
    // One slot above the maximum, so that a rollout at full size has room for a surge.
    let slots = spec.max_replicas().max(spec.replicas) as usize + 1;
    Service {
        name: Name::from(name),
        id: EntityId::default(),
        slot_ids: Vec::new(),
        slot_names: (0..slots).map(|i| Name::from(format!("{name}-{i}"))).collect(),
        slots: vec![None; slots],
        desired: spec.replicas,
        template: Template { version: spec.version.clone(), limits: 1.0, generation: 1 },
        generations: 1,
        history: spec.previous_version.iter().cloned().collect(),
        effects: BTreeMap::new(),
        call_effects: BTreeMap::new(),
        certificate_ends: spec.certificate_expires_in.map(|left| start + left),
        secret: spec.secret.as_ref().map(secret),
        flags: spec.flags.clone(),
        shed_share: 0.0,
        hit: spec.cache.map_or(0.0, |cache| cache.hit_ratio.get()),
        wishes: Default::default(),
        edges: spec.calls.iter().map(edge).collect(),
        routes,
        in_step: None,
        flow: Flow::default(),
        dying: super::service::Dying::default(),
        tally: Tally::default(),
        counted: (0, 0),
        log_noise: streams.child("logs").child(name),
        span_noise: streams.child("spans").child(name),
        spec: spec.clone(),
    }
}
