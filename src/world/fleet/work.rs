//! What a request costs on one replica, and how long it takes there.
//!
//! In: the replica's state, pulls of faults, what its node grants. Out: its capacity and the law
//! of its response time. Workers queue as M/G/c (Erlang C, scaled for variability), computing is
//! shared (time / (1 - load), Kleinrock 1967; variance after Coffman, Muntz and Trotter, "Waiting
//! time distributions for processor-sharing systems", JACM 17, 1970), a lock queues as M/M/1,
//! collection takes time as memory fills (`memory.rs`). Known limit: steady state in one tick.

use crate::stats::queueing::{erlang_c, wait_if_waiting};
use crate::unit::SimTime;

use super::latency::Latency;
use super::memory::{Collection, collection};
use super::node::NodeEffect;
use super::replica::{Leaks, Replica};
use super::service::Service;

/// Highest load at which the steady-state formulas are believed.
const STEADY: f64 = 0.98;
/// Clock difference beyond which tokens are refused, seconds (usual leeway of JWT libraries).
const SKEW_LEEWAY_S: f64 = 60.0;
/// Files and sockets of an idle process, and of one request (its own socket and one to a callee).
const FILES_IDLE: f64 = 64.0;
const FILES_PER_REQUEST: f64 = 2.0;

/// What one replica needs for a request in this tick.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Work {
    /// Own work, seconds.
    pub(super) own: f64,
    /// Computing in it, seconds of all its processors.
    pub(super) computing: f64,
    /// Variance of own work that comes from sharing the processor, seconds squared.
    pub(super) sharing: f64,
    /// Time under the exclusive lock, seconds.
    pub(super) lock: f64,
    /// Collector pauses.
    pub(super) gc: Collection,
    /// Share of requests that fail by themselves.
    pub(super) errors: f64,
    /// Workers that are not hung.
    pub(super) workers: f64,
    /// Share of new connections that it can accept.
    pub(super) accepts: f64,
}

/// What a replica did in this tick; replicas that did the same answered alike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Done {
    pub(super) served: f64,
    pub(super) backlog: f64,
    pub(super) work: Work,
}

/// How busy that keeps it.
pub(super) struct Busy {
    /// What a probe would wait, seconds.
    pub(super) probe_wait: f64,
    /// Requests waiting or being worked on.
    pub(super) in_flight: f64,
    /// Share of the processor in use.
    pub(super) cpu: f64,
}

impl Done {
    /// How busy it is if work begins after `wait` seconds and callees hold workers for `hold`.
    pub(super) fn busy(&self, wait: f64, hold: Latency, dt: f64) -> Busy {
        let Self { served, backlog, work } = self;
        Busy {
            probe_wait: wait + work.own,
            in_flight: backlog + served / dt * (work.own + hold.mean),
            cpu: (served * work.computing / dt + work.gc.share).min(1.0),
        }
    }
}

impl Service {
    /// The same as `work`; `last` remembers a replica and its work for those that are alike.
    pub(super) fn work_like(
        &self,
        slot: usize,
        (now, dt): (SimTime, f64),
        last: &mut Option<(Likeness, Work)>,
    ) -> Option<Work> {
        let replica = self.slots[slot].as_ref().filter(|replica| replica.runs())?;
        if self.effects.values().any(|effect| effect.scope.tells_replicas_apart()) {
            return self.work(slot, now, dt);
        }
        let likeness = Likeness::of(replica);
        if let Some((_, work)) = last.filter(|(known, _)| *known == likeness) {
            return Some(work);
        }
        let work = self.work(slot, now, dt)?;
        *last = Some((likeness, work));
        Some(work)
    }

    /// What a request costs on this replica now; `None` if it does not run.
    pub(super) fn work(&self, slot: usize, now: SimTime, dt: f64) -> Option<Work> {
        let replica = self.slots[slot].as_ref().filter(|replica| replica.runs())?;
        let spec = &self.spec;
        let effect = self.effect(replica, slot);
        let limit = self.memory_limit(replica.template.limits);
        let gc = collection(spec.runtime, replica.memory_mib, limit);
        let age = now.since(replica.ready_since).secs_f64();
        let cold = (1.0 - age / spec.warm_up.secs_f64().max(1e-9)).clamp(0.0, 1.0);
        let slow = effect.slow + replica.pull.slower;
        let skew = effect.clock_skew_s + replica.pull.clock_skew_s;
        let skewed = if skew.abs() > SKEW_LEEWAY_S { 1.0 } else { 0.0 };
        let parts = [effect.errors, replica.pull.errors, skewed, self.cannot_write(replica)];
        let fine = parts.iter().fold(1.0 - spec.error_ratio.get(), |fine, p| fine * (1.0 - p));
        let cores = self.cores(replica, effect.stolen_cpu);
        let workers = (f64::from(spec.concurrency) - replica.leaked.workers).max(0.0);
        let terms = Terms {
            plain: spec.service_time.secs_f64() * slow * (1.0 + cold),
            cpu_share: spec.cpu_share.get(),
            cores,
            workers,
            // At most all workers share the processor.
            crowd: (workers / cores).max(1.0),
            lock: spec.lock_time.secs_f64() + effect.lock_s,
            held: effect.lock_s,
            errors: 1.0 - fine,
        };
        let files = f64::from(spec.file_limit) - FILES_IDLE - replica.leaked.files;
        Some(terms.work(replica.served, gc, accepts(files, replica.in_flight), dt))
    }

    /// The terms of a replica on which nothing pulls and which is warm.
    pub(super) fn plain_terms(&self, replica: &Replica) -> Terms {
        let spec = &self.spec;
        let (cores, workers) = (self.cores(replica, 0.0), f64::from(spec.concurrency));
        let lock = spec.lock_time.secs_f64();
        Terms {
            plain: spec.service_time.secs_f64(),
            cpu_share: spec.cpu_share.get(),
            cores,
            workers,
            crowd: (workers / cores).max(1.0),
            lock,
            held: 0.0,
            errors: 1.0 - (1.0 - spec.error_ratio.get()),
        }
    }

    fn cores(&self, replica: &Replica, stolen: f64) -> f64 {
        let limit = self.spec.cpu_cores * replica.template.limits * replica.cpu_grant;
        (limit * (1.0 - stolen)).max(1e-3)
    }

    /// Share of requests that fail because the disk is full.
    fn cannot_write(&self, replica: &Replica) -> f64 {
        let full = self.spec.disk.filter(|disk| replica.disk_mib >= disk.size_mib);
        full.map_or(0.0, |disk| disk.needed.get())
    }

    /// Files and sockets that a replica has open.
    pub(super) fn files(&self, replica: &Replica) -> f64 {
        files(replica.leaked.files, replica.in_flight, f64::from(self.spec.file_limit))
    }
}

/// Files and sockets that are open, some of them for ever, while so many requests are there.
pub(super) fn files(leaked: f64, in_flight: f64, limit: f64) -> f64 {
    (FILES_IDLE + leaked + FILES_PER_REQUEST * in_flight).min(limit)
}

/// Files left over for requests by an idle process that leaked none.
pub(super) fn spare_files(limit: u32) -> f64 {
    f64::from(limit) - FILES_IDLE
}

/// Share of new connections for which there are files.
pub(super) fn accepts(room: f64, in_flight: f64) -> f64 {
    let need = (FILES_PER_REQUEST * in_flight).max(1.0);
    (room / need).clamp(0.0, 1.0)
}

/// What a request costs on a replica, but for what depends on its load and memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    /// Own work alone on the machine, seconds.
    plain: f64,
    /// Share of it that is computing.
    cpu_share: f64,
    /// Processors.
    cores: f64,
    /// Workers that are not hung.
    workers: f64,
    /// Most requests that share a processor.
    crowd: f64,
    /// Time under the exclusive lock, and the part of it that a fault adds, seconds.
    lock: f64,
    held: f64,
    /// Share of requests that fail by themselves.
    errors: f64,
}

impl Terms {
    /// The work on a request while `served` requests come in `dt` seconds.
    pub(super) fn work(&self, served: f64, gc: Collection, accepts: f64, dt: f64) -> Work {
        let Self { plain, cpu_share, cores, workers, crowd, lock, held, errors } = *self;
        let computing = plain * cpu_share / (1.0 - gc.share);
        let load = (served * computing / (cores * dt)).min(STEADY);
        let stretched = computing * (1.0 / (1.0 - load)).min(crowd);
        // In M/M/1 the variance is (2 + load) / (2 - load) squared means: 1 is the requests' own.
        let sharing = stretched * stretched * 2.0 * load / (2.0 - load);
        let waiting = plain * (1.0 - cpu_share) / (1.0 - gc.share);
        let queue = || {
            let busy = (served * lock / dt).min(STEADY);
            (lock * busy / (1.0 - busy)).min(lock * workers) + held
        };
        let own = waiting + stretched + if lock > 0.0 { queue() } else { 0.0 };
        Work { own, computing: computing / cores, sharing, lock, gc, errors, workers, accepts }
    }
}

/// All of a replica that `Service::work` looks at, if no fault tells replicas of a version apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Likeness {
    served: f64,
    memory_mib: f64,
    in_flight: f64,
    ready_since: SimTime,
    cpu_grant: f64,
    disk_mib: f64,
    leaked: Leaks,
    limits: f64,
    generation: u32,
    pull: NodeEffect,
}

impl Likeness {
    fn of(replica: &Replica) -> Self {
        Self {
            served: replica.served,
            memory_mib: replica.memory_mib,
            in_flight: replica.in_flight,
            ready_since: replica.ready_since,
            cpu_grant: replica.cpu_grant,
            disk_mib: replica.disk_mib,
            leaked: replica.leaked,
            limits: replica.template.limits,
            generation: replica.template.generation,
            pull: replica.pull,
        }
    }
}

/// Requests that a replica can take up in this tick.
pub(super) fn capacity(work: &Work, hold: f64, dt: f64) -> f64 {
    let workers = work.workers * dt / (work.own + hold).max(1e-6);
    let processor = dt / work.computing.max(1e-9);
    let lock = if work.lock > 0.0 { dt / work.lock } else { f64::INFINITY };
    workers.min(processor).min(lock)
}

/// The law of the response time on one replica (line, backlog, own work, pauses, callees), and
/// the mean wait until work on a request begins, seconds.
pub(super) fn response(cv: f64, done: &Done, hold: Latency, dt: f64) -> (Latency, f64) {
    let work = &done.work;
    let own = Latency { mean: work.own, variance: (work.own * cv).powi(2) + work.sharing };
    let pause = Latency { mean: 0.0, variance: work.gc.share * work.gc.pause.powi(2) / 3.0 };
    let held = own.plus(pause).plus(hold);
    let workers = work.workers.round().max(1.0) as u32;
    let offered = (done.served / dt * held.mean).min(STEADY * f64::from(workers));
    let must_wait = erlang_c(workers, offered);
    let mut line = Latency::default();
    if must_wait > 0.0 {
        let cv2 = held.variance / (held.mean * held.mean).max(1e-12);
        let wait = wait_if_waiting(workers, offered, held.mean, 1.0, cv2);
        line.mean = must_wait * wait;
        line.variance = 2.0 * must_wait * wait * wait - line.mean * line.mean;
    }
    let mut backlog = Latency::default();
    if done.backlog > 0.0 {
        let rate = (capacity(work, hold.mean, dt) / dt).max(1e-6);
        backlog.mean = done.backlog / rate;
    }
    (held.plus(line).plus(backlog), line.mean + backlog.mean)
}
