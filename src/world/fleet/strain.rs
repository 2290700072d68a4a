//! What running wears out: memory, disks, workers, connections, files; who is killed for it.
//!
//! In: pulls of faults, requests served. Out: what each replica holds; containers that reached
//! their memory limit die. What is leaked is gone with the container; what is on disk stays.

use super::Fleet;
use super::outbox::{Life, Outbox};
use super::replica::Death;

impl Fleet {
    /// One tick of wear.
    pub(super) fn age(&mut self, index: usize, dt: f64, out: &mut Outbox) {
        let service = &mut self.services[index];
        if service.spec.external {
            return;
        }
        let mut dead = Vec::new();
        let base = service.spec.memory_base_mib;
        let per_request = service.spec.memory_per_request_mib;
        for slot in 0..service.slots.len() {
            let Some(replica) = service.slots[slot].as_ref().filter(|r| r.runs()) else { continue };
            let effect = service.effect(replica, slot);
            let disk = service.spec.disk;
            let replica = service.slots[slot].as_mut().expect("it runs");
            let minutes = dt / 60.0;
            let leak = effect.leak_mib_per_minute * minutes
                + effect.leak_mib_per_1000_requests * replica.served / 1000.0;
            replica.leaked_mib += leak * replica.pace;
            let pace = minutes * replica.pace;
            replica.leaked.workers += effect.worker_leak_per_minute * pace;
            replica.leaked.connections += effect.connection_leak_per_minute * pace;
            replica.leaked.files += effect.file_leak_per_minute * pace;
            let written = effect.disk_mib_per_minute * pace;
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
            let container = replica.container;
            if used >= service.memory_limit(limits) {
                dead.push(Life { service: index, slot, container });
            }
        }
        for life in dead {
            self.die(life, Death::OutOfMemory, out);
        }
    }
}
