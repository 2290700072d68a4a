//! Where a fault works: the fleet, and what is around it.
//!
//! Everything that a fault puts somewhere stands there under the fault's number, at the strength
//! that its onset has reached, and can be lifted by that number.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Action, Operation, Risk};
use crate::unit::{ActionId, IncidentId, SimDuration, SimTime};
use crate::world::fleet::{CallEffect, CallSpec, Effect, Fleet, NodeEffect, Outbox, Target};
use crate::world::watch::{Distortion, Watch};

const SECOND: SimDuration = SimDuration::from_secs(1);

/// What is around a fleet and can go wrong too.
#[derive(Debug)]
pub struct Around {
    /// Requests are multiplied by these, by the number of the fault.
    pub surges: BTreeMap<u32, f64>,
    /// The watching.
    pub watch: Watch,
    /// What carries orders out, out of order by these faults.
    pub executor: BTreeMap<u32, Executor>,
    /// Orders that a hanging executor has taken and not begun.
    pub stalled: Vec<Action>,
    /// Faults by which nobody is on call.
    pub away: BTreeSet<u32>,
}

/// How a broken executor of orders behaves.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Executor {
    /// Refuses every order at once.
    Refuses,
    /// Takes orders and begins them only when it is back.
    Hangs,
}

/// A pull on a service at full strength.
#[derive(Debug, Clone)]
struct Pull {
    service: usize,
    effect: Effect,
}

/// What a fault has put where, at full strength, and what was there before.
#[derive(Debug, Clone, Default)]
pub struct Grip {
    pulls: Vec<Pull>,
    calls: Vec<(usize, CallEffect)>,
    nodes: Vec<(usize, NodeEffect)>,
    surge: Option<f64>,
    /// Replicas that were wanted before.
    pub former_replicas: Option<u32>,
    /// A call as it was before: index of the service, of the call, and what it said.
    pub former_call: Option<(usize, usize, CallSpec)>,
    /// Whether a fault of several acts is in its last one.
    pub over: bool,
}

impl Grip {
    /// Whether nothing is put on any service.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pulls.is_empty()
    }
}

/// Orders of people and platforms have numbers from here on; no engine gives that many.
pub const NOT_THE_ENGINES: u32 = 1 << 31;

/// Where a fault works.
pub struct Site<'a> {
    /// The fleet.
    pub fleet: &'a mut Fleet,
    /// What leaves the fleet.
    pub out: &'a mut Outbox,
    /// What is around it.
    pub around: &'a mut Around,
    /// What this fault holds.
    pub grip: &'a mut Grip,
    /// The number of this fault.
    pub number: u32,
    /// Its strength now, 0..=1.
    pub level: f64,
    /// When it was injected.
    pub began: SimTime,
}

impl Around {
    /// Nothing is wrong around it.
    #[must_use]
    pub fn new(watch: Watch) -> Self {
        Self {
            surges: BTreeMap::new(),
            watch,
            executor: BTreeMap::new(),
            stalled: Vec::new(),
            away: BTreeSet::new(),
        }
    }
}

impl Site<'_> {
    /// The instant.
    #[must_use]
    pub fn now(&self) -> SimTime {
        self.out.now
    }

    /// The index of a service that was checked to exist.
    #[must_use]
    pub fn index(&self, service: &str) -> usize {
        self.fleet.index(service).expect("the services of faults were checked")
    }

    /// Puts an effect on a service in this fault's name.
    pub fn put(&mut self, service: &str, effect: Effect) {
        let service = self.index(service);
        let scaled = effect.scaled(self.level);
        self.fleet.services[service].effects.insert(self.number, scaled);
        self.grip.pulls.push(Pull { service, effect });
    }

    /// How long it has been there.
    #[must_use]
    pub fn since(&self) -> SimDuration {
        self.now().since(self.began)
    }

    /// Whether a round of this length begins in this second, the first one apart.
    #[must_use]
    pub fn turns(&self, every: SimDuration) -> bool {
        let since = self.since().nanos();
        since >= every.nanos() && since % every.nanos() < SECOND.nanos()
    }

    /// The index of a service and of its call to another one.
    #[must_use]
    pub fn edge(&self, caller: &str, callee: &str) -> Option<(usize, usize)> {
        let service = self.index(caller);
        let calls = &self.fleet.services[service].spec.calls;
        calls.iter().position(|call| call.to == callee).map(|edge| (service, edge))
    }

    /// Puts an effect on calls of a service in this fault's name; no callee: on all of them.
    pub fn put_on_calls(&mut self, caller: &str, callee: Option<&str>, effect: CallEffect) {
        let service = self.index(caller);
        let callee = callee.map(|callee| self.index(callee));
        let effect = CallEffect { callee, ..effect };
        let pulls = &mut self.fleet.services[service].call_effects;
        pulls.insert(self.number, effect.scaled(self.level));
        self.grip.calls.push((service, effect));
    }

    /// Puts an effect on a machine in this fault's name.
    pub fn put_on_node(&mut self, node: &str, effect: NodeEffect) {
        let node = self.fleet.node(node).expect("the nodes of faults were checked");
        self.pull_node(node, effect);
    }

    /// Puts an effect on all machines of a zone in this fault's name.
    pub fn put_on_zone(&mut self, zone: &str, effect: NodeEffect) {
        let zone = self.fleet.zone(zone).expect("the zones of faults were checked");
        for node in 0..self.fleet.nodes.len() {
            if self.fleet.nodes[node].zone == zone {
                self.pull_node(node, effect);
            }
        }
    }

    fn pull_node(&mut self, node: usize, effect: NodeEffect) {
        self.fleet.nodes[node].effects.insert(self.number, effect.scaled(self.level));
        self.grip.nodes.push((node, effect));
    }

    /// Drains a machine, as a platform does by itself: no order of the engine.
    pub fn drain(&mut self, node: usize) {
        let id = ActionId(NOT_THE_ENGINES + (1 << 20) + self.number * 4096 + node as u32);
        let action = Action {
            id,
            incident: IncidentId(0),
            target: self.fleet.nodes[node].name.clone(),
            operation: Operation::Drain,
            risk: Risk::Reversible,
            dry_run: false,
            reason: "cluster autoscaler".to_owned(),
        };
        let deeds = self.out.record.deeds.len();
        self.fleet.begin(Target::Node(node), &action, self.out);
        for deed in &mut self.out.record.deeds[deeds..] {
            deed.action = None;
        }
    }

    /// Multiplies requests in this fault's name.
    pub fn surge(&mut self, factor: f64) {
        self.grip.surge = Some(factor);
        self.around.surges.insert(self.number, 1.0 + (factor - 1.0) * self.level);
    }

    /// Distorts the telemetry in this fault's name.
    pub fn distort(&mut self, distortion: Distortion) {
        let level = self.level;
        self.around.watch.distort(self.number, Distortion { level, ..distortion });
    }

    /// Pulls as strongly as `level` says from now on, where the pull has not been lifted.
    pub fn vary(&mut self, level: f64) {
        self.level = level;
        for Pull { service, effect } in &self.grip.pulls {
            if let Some(pull) = self.fleet.services[*service].effects.get_mut(&self.number) {
                *pull = effect.scaled(level);
            }
        }
        for (service, effect) in &self.grip.calls {
            if let Some(pull) = self.fleet.services[*service].call_effects.get_mut(&self.number) {
                *pull = effect.scaled(level);
            }
        }
        for (node, effect) in &self.grip.nodes {
            if let Some(pull) = self.fleet.nodes[*node].effects.get_mut(&self.number) {
                *pull = effect.scaled(level);
            }
        }
        if let (Some(factor), Some(surge)) =
            (self.grip.surge, self.around.surges.get_mut(&self.number))
        {
            *surge = 1.0 + (factor - 1.0) * level;
        }
        if let Some(distortion) = self.around.watch.distortion(self.number) {
            distortion.level = level;
        }
    }

    /// Takes away everything that this fault put anywhere.
    pub fn lift(&mut self) {
        self.fleet.lift(self.number);
        self.around.surges.remove(&self.number);
        self.around.watch.clear(self.number);
        self.around.executor.remove(&self.number);
        self.around.away.remove(&self.number);
        *self.grip = Grip::default();
    }

    /// Whether a pull of this fault is on calls of the service.
    #[must_use]
    pub fn holds_calls(&self, caller: &str) -> bool {
        self.fleet.services[self.index(caller)].call_effects.contains_key(&self.number)
    }

    /// Whether a pull of this fault is on any machine.
    #[must_use]
    pub fn holds_nodes(&self) -> bool {
        self.fleet.nodes.iter().any(|node| node.effects.contains_key(&self.number))
    }

    /// Whether an effect of this fault still reaches the service.
    #[must_use]
    pub fn holds(&self, service: &str) -> bool {
        let owner = &self.fleet.services[self.index(service)];
        owner.effects.get(&self.number).is_some_and(|effect| owner.feels(effect))
    }
}
