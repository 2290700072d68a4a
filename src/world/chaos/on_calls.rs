//! Faults that pull on the calls of one service, and do nothing else.
//!
//! In: what a kind read from its parameters. Out: the whole contract of a fault: the pull is put on
//! the calls to one callee, or to all, and is there until it is lifted. Limit: one caller.

use super::fault::{Fault, Label, no_such_call};
use super::site::Site;
use crate::model::{Cause, Verb};
use crate::unit::SimDuration;
use crate::world::fleet::{CallEffect, FleetSpec};

/// One effect on calls of one service.
pub(super) struct OnCalls {
    /// The caller.
    pub(super) service: String,
    /// Whom it calls; `None`: all its callees.
    pub(super) callee: Option<String>,
    /// How long it lasts by itself; `None`: until somebody removes it.
    pub(super) lasts: Option<SimDuration>,
    /// The pull at full strength.
    pub(super) effect: CallEffect,
    /// Parameters that are out of bounds.
    pub(super) problems: Vec<(&'static str, String)>,
    /// What a referee should expect.
    pub(super) label: Label,
}

impl OnCalls {
    /// A fault of the network between the caller and its callee: the label blames the callee, if
    /// one is named, and a breaker on the calls helps.
    pub(super) fn network(
        service: String,
        callee: Option<String>,
        lasts: Option<SimDuration>,
        effect: CallEffect,
        problems: Vec<(&'static str, String)>,
    ) -> Self {
        let label = Label::new(
            callee.as_ref().unwrap_or(&service),
            Cause::NetworkFault,
            &[Verb::OpenCircuit],
            &[Verb::Rollback, Verb::Restart],
        );
        Self { service, callee, lasts, effect, problems, label }
    }
}

impl Fault for OnCalls {
    fn services(&self) -> Vec<(&'static str, &str)> {
        let callee = self.callee.iter().map(|callee| ("callee", callee.as_str()));
        [("service", self.service.as_str())].into_iter().chain(callee).collect()
    }

    fn problems(&self) -> Vec<(&'static str, String)> {
        self.problems.clone()
    }

    fn misfits(&self, fleet: &FleetSpec) -> Vec<(&'static str, String)> {
        no_such_call(fleet, &self.service, self.callee.as_deref())
    }

    fn lasts(&self) -> Option<SimDuration> {
        self.lasts
    }

    fn begin(&self, site: &mut Site<'_>) {
        site.put_on_calls(&self.service, self.callee.as_deref(), self.effect);
    }

    fn present(&self, site: &Site<'_>) -> bool {
        site.holds_calls(&self.service)
    }

    fn label(&self) -> Option<Label> {
        Some(self.label.clone())
    }
}
