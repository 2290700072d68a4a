//! Machines: room for replicas, pressure, loss.
//!
//! In: node pools, what replicas use, pulls of faults. Out: where a replica may stand, how much of
//! its processors it really gets, which replicas are evicted. Kubernetes' defaults: a silent node
//! is NotReady after 40 s (`node-monitor-grace-period`) and its pods are evicted 300 s later
//! (`tolerationSeconds`); a kubelet evicts when less than 100 MiB of memory or 10 % of the disk is
//! left. Processor time is shared by requests (cgroup weights), work-conserving. Known limit: one
//! resource class; no pod priorities, affinities or taints.

use std::collections::BTreeMap;

use crate::unit::{EntityId, Name, SimDuration, SimTime};

use super::Fleet;
use super::outbox::{Outbox, Timer};
use super::replica::{Phase, Replica};
use super::spec::NodePoolSpec;

/// How long a node may be silent before it is NotReady.
const SILENT_FOR: SimDuration = SimDuration::from_secs(40);
/// How long pods of a NotReady node are waited for.
const TOLERATED: SimDuration = SimDuration::from_secs(300);
/// Memory that a kubelet keeps free, MiB.
const MEMORY_FREE_MIB: f64 = 100.0;
/// Share of a node's disk that a kubelet keeps free.
const DISK_FREE: f64 = 0.1;

/// One fault's pull on one machine.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct NodeEffect {
    /// It is silent: nothing on it answers.
    pub down: bool,
    /// Processors that somebody else takes.
    pub cpu_taken: f64,
    /// Memory that somebody else takes, MiB.
    pub memory_taken_mib: f64,
    /// Written to its disk, MiB per minute.
    pub disk_mib_per_minute: f64,
    /// Share of requests to its replicas that fail.
    pub errors: f64,
    /// Own work of its replicas takes this many times as long, plus one (0: unchanged).
    pub slower: f64,
    /// How far its clock is off, seconds.
    pub clock_skew_s: f64,
}

impl NodeEffect {
    /// The same at a part of its strength; 0 does nothing.
    #[must_use]
    pub fn scaled(&self, level: f64) -> Self {
        Self {
            down: self.down && level > 0.0,
            cpu_taken: self.cpu_taken * level,
            memory_taken_mib: self.memory_taken_mib * level,
            disk_mib_per_minute: self.disk_mib_per_minute * level,
            errors: self.errors * level,
            slower: self.slower * level,
            clock_skew_s: self.clock_skew_s * level,
        }
    }
}

/// One machine.
#[derive(Debug)]
pub struct Node {
    /// Its name.
    pub name: Name,
    /// Its id in the service map.
    pub id: EntityId,
    /// Index of its zone.
    pub zone: usize,
    /// What its pool says.
    pub spec: NodePoolSpec,
    /// Whether new replicas stay off it.
    pub cordoned: bool,
    /// Whether the platform knows that it is silent.
    pub not_ready: bool,
    /// Since when it is silent.
    pub silent_since: Option<SimTime>,
    /// Effects of faults by the fault's number.
    pub effects: BTreeMap<u32, NodeEffect>,
    /// Disk in use, MiB.
    pub disk_mib: f64,
    /// Processors in use.
    pub cpu_used: f64,
    /// Memory in use, MiB.
    pub memory_used_mib: f64,
    /// Whether the kubelet evicts for want of memory or disk.
    pub pressed: bool,
    cpu_requested: f64,
    memory_requested: f64,
    /// All pulls together.
    pub(super) pull: NodeEffect,
}

/// A failure domain of machines.
#[derive(Debug)]
pub struct Zone {
    /// Its name.
    pub name: Name,
    /// Its id in the service map.
    pub id: EntityId,
    /// Share of its usual traffic that it gets, 0..=1.
    pub weight: f64,
}

/// The machines and zones of the pools, in name order.
pub(super) fn build(pools: &BTreeMap<String, NodePoolSpec>) -> (Vec<Node>, Vec<Zone>) {
    let mut names: Vec<&String> = pools.values().flat_map(|pool| &pool.zones).collect();
    names.sort();
    names.dedup();
    let zone = |name: &&String| Zone {
        name: Name::from(name.as_str()),
        id: EntityId::default(),
        weight: 1.0,
    };
    let zones: Vec<Zone> = names.iter().map(zone).collect();
    let mut nodes = Vec::new();
    for (pool, spec) in pools {
        for (number, name) in spec.names(pool).enumerate() {
            let zone = &spec.zones[number % spec.zones.len()];
            nodes.push(Node {
                name: Name::from(name),
                id: EntityId::default(),
                zone: names.binary_search(&zone).expect("every zone is in the list"),
                spec: spec.clone(),
                cordoned: false,
                not_ready: false,
                silent_since: None,
                effects: BTreeMap::new(),
                disk_mib: spec.disk_used_mib,
                cpu_used: 0.0,
                memory_used_mib: 0.0,
                pressed: false,
                cpu_requested: 0.0,
                memory_requested: 0.0,
                pull: NodeEffect::default(),
            });
        }
    }
    (nodes, zones)
}

impl Node {
    fn takes_more(&self, cpu: f64, memory: f64) -> bool {
        let spec = &self.spec;
        !self.cordoned
            && !self.not_ready
            && !self.pressed
            && self.cpu_requested + cpu <= spec.cpu_cores + 1e-9
            && self.memory_requested + memory <= spec.memory_mib + 1e-9
    }

    fn combine(&mut self) {
        let mut sum = NodeEffect::default();
        for effect in self.effects.values() {
            sum.down |= effect.down;
            sum.cpu_taken += effect.cpu_taken;
            sum.memory_taken_mib += effect.memory_taken_mib;
            sum.disk_mib_per_minute += effect.disk_mib_per_minute;
            sum.errors = 1.0 - (1.0 - sum.errors) * (1.0 - effect.errors);
            sum.slower += effect.slower;
            sum.clock_skew_s += effect.clock_skew_s;
        }
        self.pull = sum;
    }
}

impl Fleet {
    /// The index of a machine.
    #[must_use]
    pub fn node(&self, name: &str) -> Option<usize> {
        self.nodes.iter().position(|node| node.name.as_str() == name)
    }

    /// The index of a zone.
    #[must_use]
    pub fn zone(&self, name: &str) -> Option<usize> {
        self.zones.iter().position(|zone| zone.name.as_str() == name)
    }

    /// The machine with the most room for one more replica of `service`: first the zone with the
    /// fewest of its replicas, then the node with the fewest, then the emptiest. `Err`: none has
    /// room.
    pub(super) fn place(&self, service: usize) -> Result<Option<usize>, ()> {
        let owner = &self.services[service];
        if self.nodes.is_empty() || owner.spec.external {
            return Ok(None);
        }
        let limits = owner.template.limits;
        let cpu = owner.spec.cpu_request() * limits;
        let memory = owner.spec.memory_request_mib() * limits;
        let mut on_node = vec![0_u32; self.nodes.len()];
        let mut in_zone = vec![0_u32; self.zones.len()];
        for node in owner.replicas().filter_map(|r| r.node) {
            on_node[node] += 1;
            in_zone[self.nodes[node].zone] += 1;
        }
        let fits = (0..self.nodes.len()).filter(|i| self.nodes[*i].takes_more(cpu, memory));
        let rank = |i: &usize| {
            let node = &self.nodes[*i];
            let full = (1e6 * node.cpu_requested / node.spec.cpu_cores) as u64;
            (in_zone[node.zone], on_node[*i], full, *i)
        };
        fits.min_by_key(rank).map(Some).ok_or(())
    }

    /// Moves a replica's reservation onto its node (`sign` 1) or off it (-1).
    pub(super) fn reserve(&mut self, service: usize, replica: &Replica, sign: f64) {
        let Some(node) = replica.node else { return };
        let spec = &self.services[service].spec;
        let limits = replica.template.limits;
        self.nodes[node].cpu_requested += sign * spec.cpu_request() * limits;
        self.nodes[node].memory_requested += sign * spec.memory_request_mib() * limits;
        assert!(self.nodes[node].cpu_requested > -1e-6, "no node owes processors");
    }

    /// Before the traffic of a tick: who is silent, who gets how much of its processors.
    pub(super) fn grant(&mut self, out: &mut Outbox) {
        if self.nodes.is_empty() {
            return;
        }
        for index in 0..self.nodes.len() {
            let node = &mut self.nodes[index];
            node.combine();
            match (node.pull.down, node.silent_since) {
                (true, None) => {
                    node.silent_since = Some(out.now);
                    out.after(SILENT_FOR, Timer::NodeSilent(index));
                }
                (false, Some(_)) => self.node_back(index, out),
                _ => {}
            }
        }
        for service in &mut self.services {
            for slot in &mut service.slots {
                let Some(replica) = slot else { continue };
                let Some(index) = replica.node else { continue };
                let node = &self.nodes[index];
                replica.pull = node.pull;
                replica.dark = node.pull.down;
                replica.weight = self.zones[node.zone].weight;
                let limits = replica.template.limits;
                let limit = service.spec.cpu_cores * limits;
                let available = (node.spec.cpu_cores - node.pull.cpu_taken).max(0.01);
                let share = (available / node.cpu_requested.max(1e-9)).min(1.0);
                let spare = (available - node.cpu_used).max(0.0);
                let used = replica.cpu * limit * replica.cpu_grant;
                let own = (service.spec.cpu_request() * limits * share).max(used.min(available));
                replica.cpu_grant = ((own + spare) / limit).clamp(0.01, 1.0);
            }
        }
    }

    /// After the traffic of a tick: what nodes hold, and whom they evict.
    pub(super) fn press(&mut self, dt: f64, out: &mut Outbox) {
        if self.nodes.is_empty() {
            return;
        }
        for node in &mut self.nodes {
            (node.cpu_used, node.memory_used_mib) = (0.0, node.pull.memory_taken_mib);
            node.disk_mib += node.pull.disk_mib_per_minute * dt / 60.0;
            node.disk_mib = node.disk_mib.min(node.spec.disk_mib);
        }
        for service in &self.services {
            for replica in service.replicas() {
                let Some(node) = replica.node else { continue };
                let cores = service.spec.cpu_cores * replica.template.limits;
                self.nodes[node].cpu_used += replica.cpu * cores * replica.cpu_grant;
                self.nodes[node].memory_used_mib += replica.memory_mib;
            }
        }
        for index in 0..self.nodes.len() {
            let node = &mut self.nodes[index];
            let memory = node.memory_used_mib > node.spec.memory_mib - MEMORY_FREE_MIB;
            let disk = node.disk_mib > node.spec.disk_mib * (1.0 - DISK_FREE);
            let pressed = (memory || disk) && !node.pull.down;
            if pressed != node.pressed {
                node.pressed = pressed;
                let of_memory = ["NodeHasSufficientMemory", "NodeHasInsufficientMemory"];
                let of_disk = ["NodeHasNoDiskPressure", "NodeHasDiskPressure"];
                let words = if disk { of_disk } else { of_memory };
                let name = node.name.clone();
                out.kubernetes(&name, words[usize::from(pressed)], &[]);
            }
            if pressed {
                self.evict_greediest(index, if disk { "ephemeral-storage" } else { "memory" }, out);
            }
        }
    }

    /// The replica furthest above its reservation goes first.
    fn evict_greediest(&mut self, node: usize, of: &str, out: &mut Outbox) {
        let mut worst: Option<(f64, usize, usize)> = None;
        for (index, service) in self.services.iter().enumerate() {
            for (slot, replica) in service.slots.iter().enumerate() {
                let Some(replica) = replica.as_ref().filter(|r| r.node == Some(node)) else {
                    continue;
                };
                let reserved = service.spec.memory_request_mib() * replica.template.limits;
                let above = replica.memory_mib - reserved;
                if worst.is_none_or(|(most, ..)| above > most) {
                    worst = Some((above, index, slot));
                }
            }
        }
        if let Some((_, service, slot)) = worst {
            self.evict(service, slot, &format!("the node was low on resource: {of}"), out);
            self.reconcile(service, out);
        }
    }

    /// The platform finds a node silent.
    pub(super) fn on_node_silent(&mut self, index: usize, out: &mut Outbox) {
        let node = &mut self.nodes[index];
        let since = node.silent_since;
        if node.not_ready || since.is_none_or(|since| out.now.since(since) < SILENT_FOR) {
            return;
        }
        node.not_ready = true;
        let name = node.name.clone();
        out.kubernetes(&name, "NodeNotReady", &[]);
        for service in 0..self.services.len() {
            for replica in self.services[service].slots.iter_mut().flatten() {
                if replica.node == Some(index) && replica.phase == Phase::Ready {
                    replica.phase = Phase::Lost;
                }
            }
            self.reconcile(service, out);
        }
        out.after(TOLERATED, Timer::NodeGone(index));
    }

    /// A node has been silent for so long that its pods are given up.
    pub(super) fn on_node_gone(&mut self, index: usize, out: &mut Outbox) {
        let node = &self.nodes[index];
        let patient = node.silent_since.is_none_or(|s| out.now.since(s) < SILENT_FOR + TOLERATED);
        if !node.not_ready || patient {
            return;
        }
        for service in 0..self.services.len() {
            for slot in 0..self.services[service].slots.len() {
                let on_it = self.services[service].slots[slot].as_ref();
                if on_it.is_some_and(|r| r.node == Some(index)) {
                    self.evict(service, slot, "taint node.kubernetes.io/unreachable", out);
                }
            }
            self.reconcile(service, out);
        }
    }

    fn node_back(&mut self, index: usize, out: &mut Outbox) {
        let node = &mut self.nodes[index];
        node.silent_since = None;
        if !std::mem::take(&mut node.not_ready) {
            return;
        }
        let name = node.name.clone();
        out.kubernetes(&name, "NodeReady", &[]);
        for replica in self.services.iter_mut().flat_map(|s| s.slots.iter_mut().flatten()) {
            if replica.node == Some(index) && replica.phase == Phase::Lost {
                replica.phase = Phase::Ready;
                replica.ready_since = out.now;
            }
        }
    }

    /// Takes a replica off its node; the deployment brings another one.
    pub(super) fn evict(&mut self, service: usize, slot: usize, why: &str, out: &mut Outbox) {
        let owner = &self.services[service];
        let pod = owner.slots[slot].as_ref().map(|r| r.pod.clone()).unwrap_or_default();
        let name = owner.slot_names[slot].clone();
        out.kubernetes(&name, "Evicted", &[("pod", pod), ("message", why.to_owned())]);
        self.terminate(service, slot, out);
    }
}
