//! Probes: whether a replica is started anew or left out, as a kubelet decides it.
//!
//! In: what a probe would wait on each replica (`flow.rs`), pulls of faults. Out: replicas without
//! requests, containers killed. A probe stands in the replica's own line, so an overloaded replica
//! fails it: readiness then sends its load to the others, liveness throws its work away. Known
//! limit: a probe asks the replica only, never its callees.

use super::Fleet;
use super::outbox::{Life, Outbox};
use super::replica::{Death, Phase};
use super::spec::ProbeSpec;

/// Index of the liveness probe in `failed_probes`.
const LIVENESS: usize = 0;
/// Index of the readiness probe.
const READINESS: usize = 1;

impl Fleet {
    /// Probes whose time has come.
    pub(super) fn probe(&mut self, service: usize, dt: f64, out: &mut Outbox) {
        let owner = &self.services[service];
        let spec = &owner.spec;
        if owner.effects.is_empty() && spec.liveness.is_none() && spec.readiness.is_none() {
            return;
        }
        if let Some((lead, _)) = owner.lead() {
            let mut probes = spec.liveness.iter().chain(&spec.readiness);
            if probes.all(|probe| lead.probe_wait <= probe.timeout.secs_f64()) {
                return;
            }
            self.services[service].fall_out();
        }
        for slot in 0..self.services[service].slots.len() {
            self.probe_one(service, slot, dt as i64, out);
        }
    }

    fn probe_one(&mut self, service: usize, slot: usize, dt: i64, out: &mut Outbox) {
        let owner = &self.services[service];
        let Some(replica) = owner.slots[slot].as_ref().filter(|r| r.runs()) else { return };
        let life = Life { service, slot, container: replica.container };
        let effect = owner.effect(replica, slot);
        let second = out.now.nanos() / 1_000_000_000 + replica.serial as i64;
        let due = |probe: &ProbeSpec| {
            let period = (probe.period.nanos() / 1_000_000_000).max(1);
            second.div_euclid(period) != (second - dt).div_euclid(period)
        };
        let probes = [
            (owner.spec.liveness, effect.fails_liveness),
            (owner.spec.readiness, effect.never_ready),
        ];
        let wait = replica.probe_wait;
        let phase = replica.phase;
        for (index, (probe, fails)) in probes.into_iter().enumerate() {
            // A fault in the probe needs a probe; without one in the spec it has the defaults.
            let Some(probe) = probe.or(fails.then(ProbeSpec::default)) else { continue };
            if !due(&probe) {
                continue;
            }
            let failed = fails || wait > probe.timeout.secs_f64();
            let replica = self.services[service].slots[slot].as_mut().expect("it runs");
            let count = &mut replica.failed_probes[index];
            *count = if failed { *count + 1 } else { 0 };
            let failed = *count >= probe.failures.max(1);
            match (index, failed, phase) {
                (LIVENESS, true, _) => {
                    self.say_unhealthy(life, "Liveness", out);
                    self.die(life, Death::Unhealthy, out);
                    return;
                }
                (READINESS, true, Phase::Ready) => self.unready(life, out),
                (READINESS, false, Phase::Unready) => self.ready_again(life, out),
                _ => {}
            }
        }
        let probed = self.services[service].spec.readiness.is_some();
        if phase == Phase::Unready && !probed && !effect.never_ready {
            self.ready_again(life, out);
        }
    }

    /// The readiness probe of a replica fails.
    pub(super) fn unready(&mut self, life: Life, out: &mut Outbox) {
        if let Some(replica) = self.living(life) {
            replica.phase = Phase::Unready;
            self.say_unhealthy(life, "Readiness", out);
        }
    }

    fn ready_again(&mut self, life: Life, out: &mut Outbox) {
        if let Some(replica) = self.living(life) {
            replica.phase = Phase::Ready;
            self.reconcile(life.service, out);
        }
    }

    fn say_unhealthy(&self, life: Life, probe: &str, out: &mut Outbox) {
        let owner = &self.services[life.service];
        let Some(replica) = &owner.slots[life.slot] else { return };
        let message = format!("{probe} probe failed: no answer within the time-out");
        let attributes = [("pod", replica.pod.clone()), ("message", message)];
        out.kubernetes(&owner.slot_names[life.slot], "Unhealthy", &attributes);
    }
}
