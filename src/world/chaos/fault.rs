//! The contract of a fault: begin, end, say whether it is still there, say what it was.
//!
//! In: the fleet at the instant of injection. Out: effects on it or on what is around it, and a
//! label for the truth.

use super::site::Site;
use crate::catalog::{KindError, Spec};
use crate::model::{Cause, Operation, Strategy, Verb};
use crate::unit::{Name, SimDuration};

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

    /// What in the fleet is missing for it: name of the parameter, what was expected.
    fn misfits(&self, _: &crate::world::fleet::FleetSpec) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// What it alone can change at a time, e.g. "the version of cart", and for how long at least
    /// (`None`: to the end). Two faults that claim the same contradict each other.
    fn claims(&self) -> Option<(String, Option<SimDuration>)> {
        None
    }

    /// Whether its strength can grow or come and go (`onset`).
    fn has_strength(&self) -> bool {
        true
    }

    /// Whether it distorts the telemetry and may ask for earlier samples.
    fn distorts(&self) -> bool {
        false
    }

    /// How long it lasts by itself; `None`: until somebody removes it.
    fn lasts(&self) -> Option<SimDuration> {
        None
    }

    /// Pulls on the fleet from now on.
    fn begin(&self, site: &mut Site<'_>);

    /// Does something more each second while it is there; most faults need not.
    fn go_on(&self, _: &mut Site<'_>) {}

    /// Stops by itself after `lasts`, or because somebody removed the cause by hand.
    fn end(&self, site: &mut Site<'_>) {
        site.lift();
    }

    /// Whether the fleet still suffers from it; asked after `begin`.
    fn present(&self, site: &Site<'_>) -> bool;

    /// What a referee should expect; `None`: nothing is wrong.
    fn label(&self) -> Option<Label>;

    /// What a person does by hand who has found out; by default what the cause asks for.
    fn repair(&self) -> Repair {
        let Some(label) = self.label() else { return Repair::Remove };
        let operation = match label.cause {
            Cause::BadDeploy if label.acceptable.contains(&Verb::Rollback) => {
                Operation::Rollback { version: None, strategy: Strategy::Rolling }
            }
            Cause::ConfigDrift if label.acceptable.contains(&Verb::ReconcileConfig) => {
                Operation::ReconcileConfig
            }
            Cause::CertificateExpiry => Operation::RotateCertificate,
            _ => return Repair::Remove,
        };
        Repair::Order { target: label.root, operation }
    }
}

/// What a person does by hand about a fault.
#[derive(Debug, Clone, PartialEq)]
pub enum Repair {
    /// Gives the platform an order.
    Order {
        /// To which service.
        target: Name,
        /// What.
        operation: Operation,
    },
    /// Removes the cause itself: patches, calls the provider, frees what was taken.
    Remove,
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

impl Label {
    /// A label; paging a person is always acceptable.
    #[must_use]
    pub fn new(root: &str, cause: Cause, helps: &[Verb], hurts: &[Verb]) -> Self {
        let acceptable = helps.iter().copied().chain([Verb::PageOnCall]).collect();
        Self { root: Name::from(root), cause, acceptable, forbidden: hurts.to_vec() }
    }
}

/// Two deploys of a service that are closer than this are one too many.
pub(super) const ROLLING: SimDuration = SimDuration::from_secs(60);

/// A share or factor that is out of bounds, for `Fault::problems`.
#[must_use]
pub(super) fn bound(name: &'static str, value: f64, least: f64) -> Option<(&'static str, String)> {
    let fine = value.is_finite() && value >= least;
    (!fine).then(|| (name, format!("expected at least {least}, found {value}")))
}
