//! One replica's life: scheduled, starting, ready, killed, backing off, starting again.
//!
//! In: timers and the physics' verdict (memory at its limit). Out: Kubernetes events, log lines,
//! restarts. Back-off after Kubernetes' kubelet: 10 s, doubled to at most 300 s, forgotten after
//! 10 minutes of running. Where a pod may stand is `node.rs`'s, what probes say `probe.rs`'s.

use crate::unit::{SimDuration, SimTime};

use super::Fleet;
use super::node::NodeEffect;
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
    /// No node has room for it.
    Pending,
    /// It runs, but its readiness probe fails: it gets no requests.
    Unready,
    /// Its node is silent: nobody knows.
    Lost,
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
    /// Index of its node, if the fleet has nodes.
    pub node: Option<usize>,
    /// What pulls at its node.
    pub pull: NodeEffect,
    /// Whether its node is silent although nobody has noticed yet.
    pub dark: bool,
    /// Share of its fair share of requests that is sent to it.
    pub weight: f64,
    /// Share of its processors that its node really gives it, 0..=1.
    pub cpu_grant: f64,
    /// What it holds and never gives back.
    pub leaked: Leaks,
    /// Disk in use, MiB.
    pub disk_mib: f64,
    /// End of the certificate that it shows, if it is not the service's current one.
    pub old_certificate: Option<SimTime>,
    /// Whether it uses credentials that were replaced.
    pub old_secret: bool,
    /// What a probe would wait before it is answered, seconds.
    pub probe_wait: f64,
    /// Failed liveness and readiness probes in a row.
    pub failed_probes: [u32; 2],
}

/// Workers, connections and files that are never given back.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Leaks {
    /// Workers that hang.
    pub workers: f64,
    /// Connections to each callee.
    pub connections: f64,
    /// Files and sockets.
    pub files: f64,
}

/// Why a container ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Death {
    /// Memory reached its limit: exit code 137.
    OutOfMemory,
    /// The process ended by itself: exit code 1.
    Crash,
    /// The liveness probe failed: terminated, exit code 143.
    Unhealthy,
    /// The startup probe failed: it took too long to come up, exit code 143.
    TooSlow,
    /// There is no image to start.
    NoImage,
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
        owner.slots[slot] = Some(Replica { serial, pace, phase: Phase::Pending, ..new });
        if !self.schedule(service, slot, out) {
            let owner = &self.services[service];
            let pod = owner.slots[slot].as_ref().map(|r| r.pod.clone()).unwrap_or_default();
            let why = format!("0/{} nodes are available: insufficient room", self.nodes.len());
            let attributes = [("pod", pod), ("message", why)];
            out.kubernetes(&owner.slot_names[slot], "FailedScheduling", &attributes);
        }
        true
    }

    /// Finds a node for a pending replica and starts it there; `false` if none has room.
    pub(super) fn schedule(&mut self, service: usize, slot: usize, out: &mut Outbox) -> bool {
        let Ok(node) = self.place(service) else { return false };
        let owner = &mut self.services[service];
        let replica = owner.slots[slot].as_mut().expect("a pending replica is scheduled");
        replica.node = node;
        let copy = replica.clone();
        let mut attributes = vec![("pod", copy.pod.clone())];
        attributes.extend(node.map(|node| ("node", self.nodes[node].name.to_string())));
        out.kubernetes(&owner.slot_names[slot], "Scheduled", &attributes);
        self.reserve(service, &copy, 1.0);
        self.start_container(Life { service, slot, container: copy.container }, true, out);
        true
    }

    /// Pulls the image and starts the container.
    fn start_container(&mut self, life: Life, fresh: bool, out: &mut Outbox) {
        let owner = &mut self.services[life.service];
        let name = owner.slot_names[life.slot].clone();
        let replica = owner.slots[life.slot].as_ref().expect("a living replica starts");
        let effect = owner.effect(replica, life.slot);
        let pod = [("pod", replica.pod.clone())];
        if effect.no_image {
            self.die(life, Death::NoImage, out);
            return;
        }
        if fresh {
            out.kubernetes(&name, "Pulled", &pod);
        }
        out.kubernetes(&name, "Started", &pod);
        let startup = owner.spec.startup.scaled(replica.pace * effect.slow_start);
        let limit = owner.spec.startup_limit;
        let replica = owner.slots[life.slot].as_mut().expect("it was there");
        replica.phase = Phase::Starting;
        replica.old_certificate = None;
        replica.old_secret = false;
        match limit.filter(|limit| startup > *limit) {
            Some(limit) => out.after(limit, Timer::TooSlow(life)),
            None => out.after(startup, Timer::Ready(life)),
        }
    }

    /// Takes a replica away; what waits in its line is lost.
    pub(super) fn terminate(&mut self, service: usize, slot: usize, out: &mut Outbox) {
        let owner = &mut self.services[service];
        let replica = owner.slots[slot].take().expect("only a living replica is terminated");
        owner.dying.queued += replica.backlog;
        out.kubernetes(&owner.slot_names[slot], "Killing", &[("pod", replica.pod.clone())]);
        self.reserve(service, &replica, -1.0);
    }

    /// A container came up.
    pub(super) fn on_ready(&mut self, life: Life, out: &mut Outbox) {
        let Some(replica) = self.living(life).filter(|r| r.phase == Phase::Starting) else {
            return;
        };
        replica.phase = Phase::Ready;
        replica.ready_since = out.now;
        let copy = replica.clone();
        let effect = self.services[life.service].effect(&copy, life.slot);
        if effect.never_ready {
            self.unready(life, out);
        }
        if let Some(delay) = effect.crash_after {
            out.after(delay, Timer::Crash(life));
        }
        self.reconcile(life.service, out);
    }

    /// A container's back-off is over.
    pub(super) fn on_restart(&mut self, life: Life, out: &mut Outbox) {
        let Some(replica) = self.living(life) else { return };
        let (serial, restarts) = (replica.serial, replica.restarts);
        let pace = self.pace(life.service, serial, restarts);
        self.living(life).expect("it was just found").pace = pace;
        self.start_container(life, false, out);
    }

    /// Kills the container in a slot from outside, if there is one.
    pub fn kill(&mut self, service: usize, slot: usize, out: &mut Outbox) {
        let there = self.services[service].slots.get(slot).and_then(Option::as_ref);
        if let Some(replica) = there.filter(|replica| replica.runs()) {
            let life = Life { service, slot, container: replica.container };
            self.die(life, Death::Crash, out);
        }
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
        replica.restarts += u32::from(death != Death::NoImage);
        let (queued, working) = (replica.backlog, replica.in_flight_working());
        let pod = replica.pod.clone();
        let restarts = replica.restarts.to_string();
        replica.empty();
        let owner = &mut self.services[life.service];
        owner.dying.queued += queued;
        owner.dying.working += working;
        let name = &owner.slot_names[life.slot];
        let (reason, code) = death.words();
        let mut attributes = vec![("pod", pod.clone())];
        attributes.extend(code.map(|code| ("exit_code", code.to_owned())));
        attributes.push(("restarts", restarts));
        out.kubernetes(name, reason, &attributes);
        let waits = if death == Death::NoImage { "ImagePullBackOff" } else { "BackOff" };
        out.kubernetes(name, waits, &[("pod", pod), ("back_off", wait.to_string())]);
        out.after(wait, Timer::Restart(Life { container: next, ..life }));
        self.reconcile(life.service, out);
    }

    pub(super) fn living(&mut self, life: Life) -> Option<&mut Replica> {
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
            node: None,
            pull: NodeEffect::default(),
            dark: false,
            weight: 1.0,
            cpu_grant: 1.0,
            leaked: Leaks::default(),
            disk_mib: owner.spec.disk.map_or(0.0, |disk| disk.used_mib),
            old_certificate: None,
            old_secret: false,
            probe_wait: 0.0,
            failed_probes: [0; 2],
        }
    }

    /// Whether its container works on requests.
    #[must_use]
    pub fn runs(&self) -> bool {
        matches!(self.phase, Phase::Ready | Phase::Unready) && !self.dark
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
        self.leaked = Leaks::default();
        self.probe_wait = 0.0;
        self.failed_probes = [0; 2];
    }
}

impl Death {
    /// The event's reason and the exit code.
    const fn words(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::OutOfMemory => ("OOMKilling", Some("137")),
            Self::Crash => ("Error", Some("1")),
            Self::Unhealthy | Self::TooSlow => ("Killing", Some("143")),
            Self::NoImage => ("ErrImagePull", None),
        }
    }
}
