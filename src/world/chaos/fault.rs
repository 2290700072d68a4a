//! The contract of a fault: begin, end, say whether it is still there, say what it was.
//!
//! In: the fleet at the instant of injection. Out: effects on it or on what is around it, and a
//! label for the truth.

use super::site::Site;
use crate::catalog::{KindError, Spec, did_you_mean, nearest};
use crate::model::{Cause, Operation, Strategy, Verb};
use crate::unit::{Name, SimDuration};
use crate::world::fleet::FleetSpec;

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
    fn misfits(&self, _: &FleetSpec) -> Vec<(&'static str, String)> {
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

    /// Whether `go_on` and `present` have nothing to find out until something else happens, so
    /// that they need not be asked each second.
    fn is_still(&self) -> bool {
        true
    }

    /// Whether it waits to be set off and does nothing yet: no incident until then.
    fn dormant(&self, _: &Site<'_>) -> bool {
        false
    }

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

/// A caller that makes no such call, for `Fault::misfits`.
pub(super) fn no_such_call(
    fleet: &FleetSpec,
    caller: &str,
    callee: Option<&str>,
) -> Vec<(&'static str, String)> {
    let Some(owner) = fleet.services.get(caller) else { return Vec::new() };
    let called = || owner.calls.iter().map(|call| call.to.as_str());
    match callee {
        None if owner.calls.is_empty() => {
            vec![("service", format!("expected a service that calls others, {caller} calls none"))]
        }
        Some(callee) if !called().any(|to| to == callee) => {
            let near = did_you_mean(nearest(callee, called()));
            vec![("callee", format!("{caller} does not call {callee:?}{near}"))]
        }
        _ => Vec::new(),
    }
}

/// A node that is not there, for `Fault::misfits`.
pub(super) fn no_such_node(fleet: &FleetSpec, node: &str) -> Vec<(&'static str, String)> {
    let names: Vec<String> = fleet.nodes.iter().flat_map(|(pool, spec)| spec.names(pool)).collect();
    missing("node", node, &names)
}

/// A zone that is not there, for `Fault::misfits`.
pub(super) fn no_such_zone(fleet: &FleetSpec, zone: &str) -> Vec<(&'static str, String)> {
    let names: Vec<String> =
        fleet.nodes.values().flat_map(|pool| pool.zones.iter().cloned()).collect();
    missing("zone", zone, &names)
}

fn missing(what: &'static str, name: &str, names: &[String]) -> Vec<(&'static str, String)> {
    if names.iter().any(|known| known == name) {
        return Vec::new();
    }
    let near = did_you_mean(nearest(name, names.iter().map(String::as_str)));
    let none = if names.is_empty() { ": the fleet has no nodes" } else { "" };
    vec![(what, format!("there is no {what} {name:?}{near}{none}"))]
}

/// Two deploys of a service that are closer than this are one too many.
pub(super) const ROLLING: SimDuration = SimDuration::from_secs(60);

/// A share or factor that is out of bounds, for `Fault::problems`.
#[must_use]
pub(super) fn bound(name: &'static str, value: f64, least: f64) -> Option<(&'static str, String)> {
    let fine = value.is_finite() && value >= least;
    (!fine).then(|| (name, format!("expected at least {least}, found {value}")))
}
