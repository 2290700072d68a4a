//! Replicas added and removed by themselves, like Kubernetes' horizontal pod autoscaler.
//!
//! In: processor use of ready replicas. Out: a new number of replicas wanted: ready x use / target,
//! left alone within the tolerance, between `min` and `max_replicas`; before replicas are removed
//! the highest wish of the stabilisation window counts. Source: Kubernetes, "Horizontal Pod
//! Autoscaling", algorithm details. Known limit: processors only; no custom metrics.

use std::collections::VecDeque;

use crate::unit::SimTime;

use super::Fleet;
use super::outbox::Outbox;
use super::replica::Phase;

/// What an autoscaler remembers: its wishes of the stabilisation window.
#[derive(Debug, Default)]
pub(super) struct Wishes(VecDeque<(SimTime, u32)>);

impl Fleet {
    /// Decides whether the service needs more or fewer replicas.
    pub(super) fn autoscale(&mut self, service: usize, dt: f64, out: &mut Outbox) {
        let owner = &mut self.services[service];
        let Some(spec) = owner.spec.autoscale else { return };
        let interval = (spec.interval.nanos() / 1_000_000_000).max(1);
        let second = out.now.nanos() / 1_000_000_000;
        if second.div_euclid(interval) == (second - dt as i64).div_euclid(interval) {
            return;
        }
        let (ready, used) = owner
            .numbers()
            .filter(|r| r.phase == Phase::Ready)
            .fold((0.0, 0.0), |(n, cpu), r| (n + 1.0, cpu + r.cpu));
        if ready == 0.0 {
            return;
        }
        let ratio = used / ready / spec.cpu.get().max(1e-3);
        let still = (ratio - 1.0).abs() <= spec.tolerance.get();
        let wish = if still { owner.desired } else { (ready * ratio).ceil() as u32 };
        let most = owner.spec.max_replicas();
        let wish = wish.clamp(spec.min.max(1).min(most), most);
        let wishes = &mut owner.wishes.0;
        while wishes.front().is_some_and(|(at, _)| out.now.since(*at) > spec.stabilise) {
            wishes.pop_front();
        }
        wishes.push_back((out.now, wish));
        let highest = wishes.iter().map(|(_, wish)| *wish).max().unwrap_or(wish);
        let wanted = if wish < owner.desired { highest.min(owner.desired) } else { wish };
        if wanted == owner.desired {
            return;
        }
        let (from, to) = (owner.desired.to_string(), wanted.to_string());
        owner.desired = wanted;
        let name = owner.name.clone();
        out.kubernetes(&name, "SuccessfulRescale", &[("old", from), ("new", to)]);
        self.reconcile(service, out);
    }
}
