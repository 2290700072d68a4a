//! A world driven by a list of orders, without an engine.
//!
//! In: a scenario, a seed, and what to give the world when. Out: what really happened. Orders reach
//! the world at their exact instants and in the order of the list, so that replaying a trial's own
//! orders gives the trial's own record. Limit: what an engine would have answered is not asked.

use super::super::CaseFailure;
use crate::model::{Action, Batch, Body, Decision, Journal, Topology, Truth, WorldRecord};
use crate::scenario::Checked;
use crate::unit::{SimTime, Window};

/// Something given to the world or its people.
#[derive(Debug, Clone)]
pub(super) struct Order {
    /// When.
    pub(super) time: SimTime,
    /// Whether it is a request for approval and not an act.
    pub(super) ask: bool,
    /// What.
    pub(super) action: Action,
}

/// A run without an engine.
#[derive(Debug, Clone)]
pub(super) struct Replayed {
    /// What really happened.
    pub(super) record: WorldRecord,
    /// What was really wrong.
    pub(super) truth: Option<Truth>,
    /// The stretch of time.
    pub(super) window: Window,
    /// The service map at the end.
    pub(super) topology: Topology,
}

impl Order {
    /// An act.
    pub(super) fn act(time: SimTime, action: Action) -> Self {
        Self { time, ask: false, action }
    }
}

/// What a trial gave its world, in order.
pub(super) fn orders(journal: &Journal) -> Vec<Order> {
    let order = |line: &crate::model::Line| match &line.body {
        Body::Decision(Decision::Act(action)) => Some(Order::act(line.time, action.clone())),
        Body::Decision(Decision::Ask(action)) => {
            Some(Order { time: line.time, ask: true, action: action.clone() })
        }
        _ => None,
    };
    journal.lines().iter().filter_map(order).collect()
}

/// Runs the scenario's world with these orders, which are in time order.
pub(super) fn replay(
    checked: &Checked,
    seed: u64,
    orders: &[Order],
) -> Result<Replayed, CaseFailure> {
    let name = checked.file.name.as_str();
    let mut world = super::super::scenario::world(checked, seed)?;
    let mut batch = Batch::default();
    let mut due = orders.iter().peekable();
    loop {
        let visible = world.next();
        let ordered = due.peek().map(|order| order.time);
        let Some(now) = visible.into_iter().chain(ordered).min() else { break };
        batch.clear();
        world.advance(now, &mut batch).map_err(|e| CaseFailure::unusable(name, seed, &[e]))?;
        while let Some(order) = due.next_if(|order| order.time <= now) {
            if order.ask {
                world.ask(now, &order.action);
            } else {
                world.apply(now, &order.action);
            }
        }
    }
    Ok(Replayed {
        record: world.record().clone(),
        truth: world.truth(),
        window: world.window(),
        topology: world.topology().clone(),
    })
}
