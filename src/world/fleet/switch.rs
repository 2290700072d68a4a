//! What can be set on a running service: flags, live configuration, disk contents.
//!
//! In: orders and faults. Out: flags switched, drifted keys put back, disks cleaned. A key whose
//! change would make the thing anew is left to people unless the platform was told otherwise; then
//! all replicas go at once and start cold. Known limit: a flag has no percentage.

use crate::model::{Event, EventKind};

use super::Fleet;
use super::actuator::Target;
use super::effect::Scope;
use super::outbox::Outbox;

impl Fleet {
    /// Switches a feature flag, and says so as flag services do.
    pub fn set_flag(&mut self, service: usize, flag: &str, on: bool, out: &mut Outbox) {
        let owner = &mut self.services[service];
        let before = owner.flags.insert(flag.to_owned(), on).unwrap_or(false);
        if before != on {
            let word = |on: bool| if on { "on" } else { "off" };
            let name = owner.name.clone();
            let event = Event::new(out.now, EventKind::Flag, Some(name), "flag switched")
                .with("flag", flag)
                .with("value", word(on))
                .with("old", word(before));
            out.events.push(event);
        }
    }

    /// Puts the live configuration back; says whether all of it could be.
    pub(super) fn reconcile_config(&mut self, service: usize, out: &mut Outbox) -> (bool, String) {
        let forced = self.actuation.reconcile_destructive;
        let owner = &mut self.services[service];
        let config = &owner.spec.config;
        let destructive = |key: &str| config.get(key).is_some_and(|k| k.destructive);
        let (mut kept, mut remade) = (0, 0);
        owner.effects.retain(|_, effect| {
            let Scope::Config { key, .. } = &effect.scope else { return true };
            let keep = destructive(key) && !forced;
            kept += u32::from(keep);
            remade += u32::from(destructive(key) && forced);
            keep
        });
        if remade > 0 {
            for slot in 0..owner.slots.len() {
                if self.services[service].slots[slot].is_some() {
                    self.terminate(service, slot, out);
                }
            }
            self.reconcile(service, out);
        }
        if kept > 0 {
            (false, format!("{kept} keys left alone: applying them would destroy data"))
        } else if remade > 0 {
            (true, format!("{remade} keys applied by making the service anew"))
        } else {
            (true, "done".to_owned())
        }
    }

    /// Removes `share` of what may be removed from disks; returns MiB.
    pub(super) fn clean(&mut self, target: Target, share: f64) -> f64 {
        let mut freed = 0.0;
        match target {
            Target::Service(service) => {
                let owner = &mut self.services[service];
                let Some(disk) = owner.spec.disk else { return 0.0 };
                for replica in owner.slots.iter_mut().flatten() {
                    let above = (replica.disk_mib - disk.used_mib).max(0.0);
                    let gone = above * disk.reclaimable.get() * share;
                    replica.disk_mib -= gone;
                    freed += gone;
                }
            }
            Target::Node(node) => {
                let node = &mut self.nodes[node];
                let gone = (node.disk_mib - node.spec.disk_used_mib).max(0.0) * share;
                node.disk_mib -= gone;
                freed += gone;
            }
            Target::Zone(_) => {}
        }
        freed
    }

    /// Takes all pulls of one fault off services, calls and nodes.
    pub fn lift(&mut self, number: u32) {
        for service in &mut self.services {
            service.effects.remove(&number);
            service.call_effects.remove(&number);
        }
        for node in &mut self.nodes {
            node.effects.remove(&number);
        }
    }
}
