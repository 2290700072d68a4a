//! One replica's life: scheduled, starting, ready, killed, backing off, starting again.
//!
//! In: timers and the physics' verdict (memory at its limit). Out: Kubernetes events, log lines,
//! restarts. Back-off after Kubernetes' kubelet: 10 s, doubled to at most 300 s, forgotten after
//! 10 minutes of running. Known limit: pods stay where they are; there are no nodes yet.

use crate::unit::{SimDuration, SimTime};

use super::Fleet;
use super::outbox::{Life, Outbox, Timer};
use super::service::Template;

const FIRST_BACK_OFF: SimDuration = SimDuration::from_secs(10);
const LONGEST_BACK_OFF: SimDuration = SimDuration::from_secs(300);
const BACK_OFF_MEMORY: SimDuration = SimDuration::from_secs(600);

/// Where a replica stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Its container is coming up.
    Starting,
    /// It serves.
    Ready,
    /// Its container ended; the next one waits.
    BackOff,
}

/// One replica (pod) in one slot.
#[derive(Debug, Clone)]
pub struct Replica {
    /// Name of the pod, e.g. `cart-5d9c-x2k8p`.
    pub pod: String,
    /// What it runs.
    pub template: Template,
    /// Where it stands.
    pub phase: Phase,
    /// Number of its container.
    pub container: u64,
    /// Number of the pod within its service.
    pub serial: u64,
    /// How fast it starts and leaks, as no two replicas are alike; around 1.
    pub pace: f64,
    /// When its container became ready last.
    pub ready_since: SimTime,
    /// Restarts of its container.
    pub restarts: u32,
    /// The next back-off.
    pub back_off: SimDuration,
    /// Memory that is never given back, MiB.
    pub leaked_mib: f64,
    /// Memory in use, MiB.
    pub memory_mib: f64,
    /// Requests that wait in line.
    pub backlog: f64,
    /// Requests taken up in the last tick.
    pub served: f64,
    /// Share of the processor in use, 0..1.
    pub cpu: f64,
    /// Share of time in garbage collection, 0..1.
    pub collecting: f64,
    /// Requests waiting or being worked on.
    pub in_flight: f64,
}

/// Why a container ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Death {
    /// Memory reached its limit: exit code 137.
    OutOfMemory,
    /// The process ended by itself: exit code 1.
    Crash,
}

impl Fleet {
    /// Puts a new replica of the current template into a free slot; `false` if there is none.
    pub(super) fn create(&mut self, service: usize, out: &mut Outbox) -> bool {
        let Some(slot) = self.services[service].slots.iter().position(Option::is_none) else {
            return false;
        };
        let (pod, serial) = self.pod_name(service);
        let container = self.next_container();
        let pace = self.pace(service, serial, 0);
        let owner = &mut self.services[service];
        let new = Replica::new(pod, owner.template.clone(), container, owner);
        let replica = Replica { serial, pace, ..new };
        let attributes = [("pod", replica.pod.clone())];
        for reason in ["Scheduled", "Pulled", "Started"] {
            out.kubernetes(&owner.slot_names[slot], reason, &attributes);
        }
        owner.slots[slot] = Some(replica);
        let startup = owner.spec.startup.scaled(pace);
        out.after(startup, Timer::Ready(Life { service, slot, container }));
        true
    }

    /// Takes a replica away; what waits in its line is lost.
    pub(super) fn terminate(&mut self, service: usize, slot: usize, out: &mut Outbox) {
        let owner = &mut self.services[service];
        let replica = owner.slots[slot].take().expect("only a living replica is terminated");
        owner.dying.queued += replica.backlog;
        out.kubernetes(&owner.slot_names[slot], "Killing", &[("pod", replica.pod)]);
    }

    /// A container came up.
    pub(super) fn on_ready(&mut self, life: Life, out: &mut Outbox) {
        let Some(replica) = self.living(life) else { return };
        replica.phase = Phase::Ready;
        replica.ready_since = out.now;
        let version = replica.template.version.clone();
        if let Some(delay) = self.services[life.service].effect(&version).crash_after {
            out.after(delay, Timer::Crash(life));
        }
        self.reconcile(life.service, out);
    }

    /// A container's back-off is over.
    pub(super) fn on_restart(&mut self, life: Life, out: &mut Outbox) {
        let Some(replica) = self.living(life) else { return };
        replica.phase = Phase::Starting;
        let (pod, serial, restarts) = (replica.pod.clone(), replica.serial, replica.restarts);
        let pace = self.pace(life.service, serial, restarts);
        self.living(life).expect("it was just found").pace = pace;
        let owner = &self.services[life.service];
        out.kubernetes(&owner.slot_names[life.slot], "Started", &[("pod", pod)]);
        out.after(owner.spec.startup.scaled(pace), Timer::Ready(life));
    }

    /// A container ended; the kubelet will start another one.
    pub(super) fn die(&mut self, life: Life, death: Death, out: &mut Outbox) {
        let next = self.next_container();
        self.log_death(life, death, out);
        let Some(replica) = self.living(life) else { return };
        if out.now.since(replica.ready_since) > BACK_OFF_MEMORY {
            replica.back_off = FIRST_BACK_OFF;
        }
        let wait = replica.back_off;
        replica.back_off = (wait * 2).min(LONGEST_BACK_OFF);
        replica.phase = Phase::BackOff;
        replica.container = next;
        replica.restarts += 1;
        let (queued, working) = (replica.backlog, replica.in_flight_working());
        let pod = replica.pod.clone();
        let restarts = replica.restarts.to_string();
        replica.empty();
        let owner = &mut self.services[life.service];
        owner.dying.queued += queued;
        owner.dying.working += working;
        let name = &owner.slot_names[life.slot];
        let (reason, code) = death.words();
        let exit = ("exit_code", code.to_owned());
        out.kubernetes(name, reason, &[("pod", pod.clone()), exit, ("restarts", restarts)]);
        out.kubernetes(name, "BackOff", &[("pod", pod), ("back_off", wait.to_string())]);
        out.after(wait, Timer::Restart(Life { container: next, ..life }));
        self.reconcile(life.service, out);
    }

    fn living(&mut self, life: Life) -> Option<&mut Replica> {
        let slot = self.services[life.service].slots[life.slot].as_mut();
        slot.filter(|replica| replica.container == life.container)
    }
}

impl Replica {
    /// A replica whose container is coming up.
    pub(super) fn new(
        pod: String,
        template: Template,
        container: u64,
        owner: &super::Service,
    ) -> Self {
        Self {
            pod,
            template,
            phase: Phase::Starting,
            container,
            serial: 0,
            pace: 1.0,
            ready_since: SimTime::default(),
            restarts: 0,
            back_off: FIRST_BACK_OFF,
            leaked_mib: 0.0,
            memory_mib: owner.spec.memory_base_mib,
            backlog: 0.0,
            served: 0.0,
            cpu: 0.0,
            collecting: 0.0,
            in_flight: 0.0,
        }
    }

    /// Requests that workers hold right now.
    fn in_flight_working(&self) -> f64 {
        (self.in_flight - self.backlog).max(0.0)
    }

    /// A fresh container: nothing in it.
    fn empty(&mut self) {
        self.leaked_mib = 0.0;
        self.memory_mib = 0.0;
        self.backlog = 0.0;
        self.served = 0.0;
        self.cpu = 0.0;
        self.collecting = 0.0;
        self.in_flight = 0.0;
    }
}

impl Death {
    /// The event's reason and the exit code.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::OutOfMemory => ("OOMKilling", "137"),
            Self::Crash => ("Error", "1"),
        }
    }
}
