//! Certificates and credentials: issued in one place, read in another, later.
//!
//! In: rotations. Out: replicas that still show the old certificate or use revoked credentials
//! until they read the new ones. Each replica reads them at its own moment within the reload time
//! (kubelet sync period 60 s plus cache; certificate mounts are not reloaded by many servers at
//! all). Known limit: one certificate and one secret per service.

use crate::unit::{SimDuration, SimTime};

use super::Fleet;
use super::outbox::{Life, Outbox, Timer};

/// How long a new certificate is valid: Let's Encrypt's 90 days.
const CERTIFICATE_LIFE: SimDuration = SimDuration::from_secs(90 * 86_400);

impl Fleet {
    /// Leases that are renewed by themselves are, when a third of them is left.
    pub(super) fn renew(&mut self, service: usize, now: SimTime) {
        let Some(secret) = &mut self.services[service].secret else { return };
        if secret.renewed && secret.ends.since(now) < secret.lease.scaled(1.0 / 3.0) {
            secret.ends = now + secret.lease;
        }
    }

    /// A new certificate is there; `share` of the replicas will read it.
    pub(super) fn rotate_certificate(&mut self, service: usize, share: f64, out: &mut Outbox) {
        let owner = &mut self.services[service];
        let old = owner.certificate_ends.replace(out.now + CERTIFICATE_LIFE);
        for replica in owner.slots.iter_mut().flatten() {
            replica.old_certificate = replica.old_certificate.or(old);
        }
        if !owner.spec.certificate_needs_restart {
            let reload = owner.spec.certificate_reload;
            self.reload(service, reload, share, out);
        }
    }

    /// New credentials are there; `share` of the replicas will read them.
    pub(super) fn rotate_secret(&mut self, service: usize, share: f64, out: &mut Outbox) {
        let owner = &mut self.services[service];
        let spec = owner.spec.secret.as_ref().expect("only a secret is rotated");
        let (reload, overlap) = (spec.reload, spec.overlap);
        let secret = owner.secret.as_mut().expect("the spec has one");
        let dead = out.now >= secret.ends;
        secret.ends = out.now + secret.lease;
        for replica in owner.slots.iter_mut().flatten() {
            replica.old_secret |= dead || !overlap;
        }
        self.reload(service, reload, share, out);
    }

    fn reload(&mut self, service: usize, within: SimDuration, share: f64, out: &mut Outbox) {
        let noise = self.streams.child("reload").child(&self.services[service].name);
        let owner = &self.services[service];
        let reading = (f64::from(owner.alive()) * share).ceil() as usize;
        let slots = owner.slots.iter().enumerate();
        let there = slots.filter_map(|(slot, r)| r.as_ref().map(|r| (slot, r))).take(reading);
        for (slot, replica) in there {
            let life = Life { service, slot, container: replica.container };
            let wait = within.scaled(noise.uniform(replica.serial, u64::from(replica.restarts)));
            out.after(wait, Timer::Reload(life));
        }
    }

    /// A replica reads what is there now.
    pub(super) fn on_reload(&mut self, life: Life) {
        if let Some(replica) = self.living(life) {
            replica.old_certificate = None;
            replica.old_secret = false;
        }
    }
}
