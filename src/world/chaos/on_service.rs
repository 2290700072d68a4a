//! Faults that pull on all replicas of one service, and do nothing else.
//!
//! In: what a kind read from its parameters. Out: the whole contract of a fault: the pull is put
//! when it begins and is there until it is lifted. Limit: one service, one effect, no turns.

use super::fault::{Fault, Label};
use super::site::Site;
use crate::unit::SimDuration;
use crate::world::fleet::Effect;

/// One effect on one service.
pub(super) struct OnService {
    /// The service.
    pub(super) service: String,
    /// How long it lasts by itself; `None`: until somebody removes it.
    pub(super) lasts: Option<SimDuration>,
    /// The pull at full strength.
    pub(super) effect: Effect,
    /// Parameters that are out of bounds.
    pub(super) problems: Vec<(&'static str, String)>,
    /// What a referee should expect.
    pub(super) label: Label,
}

impl Fault for OnService {
    fn services(&self) -> Vec<(&'static str, &str)> {
        vec![("service", &self.service)]
    }

    fn problems(&self) -> Vec<(&'static str, String)> {
        self.problems.clone()
    }

    fn lasts(&self) -> Option<SimDuration> {
        self.lasts
    }

    fn begin(&self, site: &mut Site<'_>) {
        site.put(&self.service, self.effect.clone());
    }

    fn present(&self, site: &Site<'_>) -> bool {
        site.holds(&self.service)
    }

    fn label(&self) -> Option<Label> {
        Some(self.label.clone())
    }
}
