//! What running wears out: memory, disks, workers, connections, files; who is killed for it.
//!
//! In: pulls of faults, requests served. Out: what each replica holds; containers that reached
//! their memory limit die. What is leaked is gone with the container; what is on disk stays.

use super::Fleet;
use super::effect::Effect;
use super::outbox::{Life, Outbox};
use super::replica::{Death, Replica};

impl Fleet {
    /// One tick of wear.
    pub(super) fn age(&mut self, index: usize, dt: f64, out: &mut Outbox) {
        if self.services[index].spec.external {
            return;
        }
        let (slots, _) = self.services[index].worked_out();
        let mut dead: Vec<Life> =
            slots.filter_map(|slot| self.wear_out(index, slot, dt / 60.0)).collect();
        if dead.is_empty() {
            return;
        }
        let service = &mut self.services[index];
        if service.count_in_step().is_some() {
            service.fall_out();
            let slots = service.slots.iter().enumerate();
            let life = |(slot, r): (usize, &Option<Replica>)| {
                r.as_ref().map(|r| Life { service: index, slot, container: r.container })
            };
            dead = slots.filter_map(life).collect();
        }
        for life in dead {
            self.die(life, Death::OutOfMemory, out);
        }
    }

    /// Some minutes of one replica; its life if its memory has reached the limit.
    pub(super) fn wear_out(&mut self, index: usize, slot: usize, minutes: f64) -> Option<Life> {
        let service = &mut self.services[index];
        let replica = service.slots[slot].as_ref().filter(|r| r.runs())?;
        let effect = (!service.effects.is_empty()).then(|| service.effect(replica, slot));
        let disk = service.spec.disk;
        let base = service.spec.memory_base_mib;
        let per_request = service.spec.memory_per_request_mib;
        let replica = service.slots[slot].as_mut().expect("it runs");
        let written = effect.map_or(0.0, |effect| replica.leak(&effect, minutes));
        match disk {
            Some(disk) => {
                let kept = disk.mib_per_1000_requests * replica.served / 1000.0;
                replica.disk_mib = (replica.disk_mib + written + kept).min(disk.size_mib);
            }
            None => {
                if let Some(node) = replica.node {
                    let node = &mut self.nodes[node];
                    node.disk_mib = (node.disk_mib + written).min(node.spec.disk_mib);
                }
            }
        }
        replica.memory_mib = base + per_request * replica.in_flight + replica.leaked_mib;
        let (used, limits) = (replica.memory_mib, replica.template.limits);
        let life = Life { service: index, slot, container: replica.container };
        (used >= service.memory_limit(limits)).then_some(life)
    }
}

impl Replica {
    /// What it loses for good in some minutes; returns what it writes to a disk, MiB.
    fn leak(&mut self, effect: &Effect, minutes: f64) -> f64 {
        let leak = effect.leak_mib_per_minute * minutes
            + effect.leak_mib_per_1000_requests * self.served / 1000.0;
        self.leaked_mib += leak * self.pace;
        let pace = minutes * self.pace;
        self.leaked.workers += effect.worker_leak_per_minute * pace;
        self.leaked.connections += effect.connection_leak_per_minute * pace;
        self.leaked.files += effect.file_leak_per_minute * pace;
        effect.disk_mib_per_minute * pace
    }
}
