//! What does not fit in the machines of a fleet: their numbers, their names, room for everybody.

use std::collections::BTreeSet;

use super::Findings;

impl Findings<'_> {
    pub(super) fn nodes(&mut self) {
        let pools = &self.spec.fleet.nodes;
        for (name, pool) in pools {
            let at = |field: &str| format!("fleet.nodes.{name}.{field}");
            if pool.count == 0 {
                self.note(at("count"), "expected at least 1, found 0");
            }
            if pool.zones.is_empty() {
                self.note(at("zones"), "expected at least one zone");
            }
            self.positive(at("cpu_cores"), pool.cpu_cores);
            self.positive(at("memory_mib"), pool.memory_mib);
            self.positive(at("disk_mib"), pool.disk_mib);
            self.not_negative(at("disk_used_mib"), pool.disk_used_mib);
            if pool.disk_used_mib >= 0.9 * pool.disk_mib {
                let message = format!(
                    "expected below 90 % of disk_mib ({}), or it evicts at once; found {}",
                    pool.disk_mib, pool.disk_used_mib
                );
                self.note(at("disk_used_mib"), message);
            }
        }
        self.room();
    }

    /// All replicas of the start must find a node, in the order in which the fleet is filled.
    fn room(&mut self) {
        let pools = &self.spec.fleet.nodes;
        if pools.is_empty() {
            return;
        }
        let mut free: Vec<(f64, f64)> = pools
            .values()
            .flat_map(|p| (0..p.count).map(|_| (p.cpu_cores, p.memory_mib)))
            .collect();
        for (name, service) in self.spec.fleet.services.iter().filter(|(_, s)| !s.external) {
            let (cpu, memory) = (service.cpu_request(), service.memory_request_mib());
            for number in 0..service.replicas {
                let fits = |room: &&mut (f64, f64)| room.0 >= cpu && room.1 >= memory;
                let emptiest = free.iter_mut().filter(fits).max_by(|a, b| a.0.total_cmp(&b.0));
                let Some(room) = emptiest else {
                    let message = format!(
                        "no node has room for replica {} of {} (asks for {cpu} processors and \
                         {memory} MiB)",
                        number + 1,
                        service.replicas
                    );
                    self.note(format!("fleet.services.{name}.replicas"), message);
                    return;
                };
                *room = (room.0 - cpu, room.1 - memory);
            }
        }
    }

    /// Services, replicas, nodes and zones have different names.
    pub(super) fn names(&mut self) {
        let services = &self.spec.fleet.services;
        let slots: BTreeSet<String> = services
            .iter()
            .filter(|(_, s)| !s.external)
            .flat_map(|(name, s)| {
                (0..=s.max_replicas().max(s.replicas)).map(move |i| format!("{name}-{i}"))
            })
            .collect();
        for name in services.keys().filter(|name| slots.contains(*name)) {
            self.note(format!("fleet.services.{name}"), "is also the name of a replica");
        }
        let mut zones = BTreeSet::new();
        let mut machines = BTreeSet::new();
        for (pool, spec) in &self.spec.fleet.nodes {
            for node in spec.names(pool) {
                if services.contains_key(&node) || slots.contains(&node) {
                    let message = format!("node {node} has the name of a service or replica");
                    self.note(format!("fleet.nodes.{pool}"), message);
                }
                machines.insert(node);
            }
            zones.extend(spec.zones.iter().cloned());
        }
        for zone in zones {
            if services.contains_key(&zone) || slots.contains(&zone) || machines.contains(&zone) {
                let message = format!("zone {zone} has the name of a service, replica or node");
                self.note("fleet.nodes", message);
            }
        }
    }
}
