//! The contract of a fault: begin, end, say whether it is still there, say what it was.
//!
//! In: the fleet at the instant of injection. Out: effects on it, and a label for the truth.

use crate::catalog::{KindError, Spec};
use crate::model::{Cause, Verb};
use crate::unit::{Name, SimDuration, SimTime};
use crate::world::fleet::{Effect, Fleet, Outbox};

/// How the folder builds a fault.
pub type Build = fn(&Spec) -> Result<Box<dyn Fault>, KindError>;

/// Something that goes wrong, or only looks like it.
pub trait Fault: Send {
    /// The services that its parameters name, each with the parameter's name.
    fn services(&self) -> Vec<(&'static str, &str)>;

    /// Parameters that are out of bounds: name of the parameter, what was expected.
    fn problems(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// How long it lasts by itself; `None`: until somebody removes it.
    fn lasts(&self) -> Option<SimDuration> {
        None
    }

    /// Pulls on the fleet from now on.
    fn begin(&self, site: &mut Site<'_>);

    /// Stops by itself after `lasts`.
    fn end(&self, site: &mut Site<'_>) {
        site.lift();
    }

    /// Whether the fleet still suffers from it; asked after `begin`.
    fn present(&self, site: &Site<'_>) -> bool;

    /// What a referee should expect; `None`: nothing is wrong.
    fn label(&self) -> Option<Label>;
}

/// Where a fault works.
pub struct Site<'a> {
    /// The fleet.
    pub fleet: &'a mut Fleet,
    /// What leaves the fleet.
    pub out: &'a mut Outbox,
    /// Requests are multiplied by these, by the number of the fault.
    pub surges: &'a mut std::collections::BTreeMap<u32, f64>,
    /// The number of this fault.
    pub number: u32,
}

/// What a fault is, for the truth.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// The root cause's entity.
    pub root: Name,
    /// What is wrong with it.
    pub cause: Cause,
    /// Remedies that help.
    pub acceptable: Vec<Verb>,
    /// Remedies that hurt.
    pub forbidden: Vec<Verb>,
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
        let index = self.index(service);
        self.fleet.services[index].effects.insert(self.number, effect);
    }

    /// Takes this fault's effects off all services, and its surge off the load.
    pub fn lift(&mut self) {
        self.fleet.lift(self.number);
        self.surges.remove(&self.number);
    }

    /// Whether an effect of this fault still reaches the service.
    #[must_use]
    pub fn holds(&self, service: &str) -> bool {
        let owner = &self.fleet.services[self.index(service)];
        owner.effects.get(&self.number).is_some_and(|effect| owner.feels(effect))
    }
}

/// A share or factor that is out of bounds, for `Fault::problems`.
#[must_use]
pub(super) fn bound(name: &'static str, value: f64, least: f64) -> Option<(&'static str, String)> {
    let fine = value.is_finite() && value >= least;
    (!fine).then(|| (name, format!("expected at least {least}, found {value}")))
}
