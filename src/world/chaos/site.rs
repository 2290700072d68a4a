//! Where a fault works: the fleet, and what is around it.
//!
//! Everything that a fault puts somewhere stands there under the fault's number, at the strength
//! that its onset has reached, and can be lifted by that number.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Action;
use crate::unit::SimTime;
use crate::world::fleet::{Effect, Fleet, Outbox};
use crate::world::watch::{Distortion, Watch};

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

/// What a fault has put where, at full strength.
#[derive(Debug, Clone, Default)]
pub struct Grip {
    pulls: Vec<Pull>,
    surge: Option<f64>,
}

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

    /// Whether an effect of this fault still reaches the service.
    #[must_use]
    pub fn holds(&self, service: &str) -> bool {
        let owner = &self.fleet.services[self.index(service)];
        owner.effects.get(&self.number).is_some_and(|effect| owner.feels(effect))
    }
}
