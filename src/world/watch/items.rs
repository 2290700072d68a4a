//! What distortions do to logs, spans and events.
//!
//! In: items as they were written. Out: items as they arrive, in order of arrival.

use super::Watch;
use super::distortion::{Distortion, Signal, What};
use crate::kernel::Streams;
use crate::model::{Event, EventKind, LogRecord, Span, Topology};
use crate::unit::{EntityId, Name, SimDuration, SimTime};

/// Something that a service or replica wrote.
trait Item: Clone {
    const SIGNAL: Signal;
    fn entity(&self, map: &Topology) -> Option<EntityId>;
    fn set_entity(&mut self, entity: EntityId, map: &Topology);
    fn set_back(&mut self, by: SimDuration);
}

impl Item for LogRecord {
    const SIGNAL: Signal = Signal::Logs;
    fn entity(&self, _: &Topology) -> Option<EntityId> {
        Some(self.entity)
    }
    fn set_entity(&mut self, entity: EntityId, _: &Topology) {
        self.entity = entity;
    }
    fn set_back(&mut self, by: SimDuration) {
        self.time = self.time - by;
    }
}

impl Item for Span {
    const SIGNAL: Signal = Signal::Spans;
    fn entity(&self, _: &Topology) -> Option<EntityId> {
        Some(self.entity)
    }
    fn set_entity(&mut self, entity: EntityId, _: &Topology) {
        self.entity = entity;
    }
    fn set_back(&mut self, by: SimDuration) {
        self.start = self.start - by;
    }
}

impl Item for Event {
    const SIGNAL: Signal = Signal::Events;
    fn entity(&self, map: &Topology) -> Option<EntityId> {
        self.entity.as_ref().and_then(|name| map.lookup(name))
    }
    fn set_entity(&mut self, entity: EntityId, map: &Topology) {
        self.entity = Some(map.name(entity).clone());
    }
    fn set_back(&mut self, by: SimDuration) {
        self.time = self.time - by;
    }
}

impl Watch {
    /// Whether anything may happen to logs, spans and events.
    fn clear_view(&self) -> bool {
        self.distortions.is_empty()
    }

    /// Shows logs as they arrive; those from `from` on are new.
    pub fn logs(&mut self, logs: &mut Vec<LogRecord>, from: usize, now: SimTime, map: &Topology) {
        let mut late = std::mem::take(&mut self.late_logs);
        self.pass(logs, from, &mut late, now, map);
        self.late_logs = late;
    }

    /// Shows spans as they arrive; those from `from` on are new.
    pub fn spans(&mut self, spans: &mut Vec<Span>, from: usize, now: SimTime, map: &Topology) {
        let mut late = std::mem::take(&mut self.late_spans);
        self.pass(spans, from, &mut late, now, map);
        self.late_spans = late;
    }

    /// Shows events as they arrive; those from `from` on are new.
    pub fn events(&mut self, events: &mut Vec<Event>, from: usize, now: SimTime, map: &Topology) {
        let mut late = std::mem::take(&mut self.late_events);
        self.pass(events, from, &mut late, now, map);
        self.late_events = late;
        for distortion in self.distortions.values_mut() {
            events.extend(distortion.ring(now));
        }
    }

    fn pass<T: Item>(
        &mut self,
        items: &mut Vec<T>,
        from: usize,
        late: &mut Vec<(SimTime, T)>,
        now: SimTime,
        map: &Topology,
    ) {
        if self.clear_view() && late.is_empty() {
            return;
        }
        let fresh = items.split_off(from);
        let due = late.iter().position(|(time, _)| *time > now).unwrap_or(late.len());
        items.extend(late.drain(..due).map(|(_, item)| item));
        for item in fresh {
            self.items += 1;
            let draw = self.items;
            self.one(item, draw, items, late, now, map);
        }
        late.sort_by_key(|(time, _)| *time);
    }

    fn one<T: Item>(
        &self,
        mut item: T,
        draw: u64,
        items: &mut Vec<T>,
        late: &mut Vec<(SimTime, T)>,
        now: SimTime,
        map: &Topology,
    ) {
        let (mut copies, mut wait) = (1, SimDuration::ZERO);
        for (number, distortion) in &self.distortions {
            let mine = item.entity(map).is_some_and(|entity| distortion.owns(map, entity));
            if !distortion.hits(T::SIGNAL)
                || !(mine || matches!(distortion.what, What::Swap { .. }))
            {
                continue;
            }
            match &distortion.what {
                What::Lose { share }
                    if lost(self.chance, *number, draw, share * distortion.level) =>
                {
                    return;
                }
                What::Delay { by } => wait = wait + *by,
                What::Duplicate => copies = 2,
                What::Behind { by } => item.set_back(*by),
                What::Swap { with } => swap(&mut item, distortion.service_name(), with, map),
                _ => {}
            }
        }
        for _ in 0..copies {
            if wait > SimDuration::ZERO {
                late.push((now + wait, item.clone()));
            } else {
                items.push(item.clone());
            }
        }
    }
}

impl Distortion {
    /// The alarm that a flapping monitor raises now, once a period.
    fn ring(&mut self, now: SimTime) -> Option<Event> {
        let on = self.level > 0.0;
        let What::FlappingAlert { period, rang } = &mut self.what else { return None };
        let turn = now.nanos().div_euclid(period.nanos().max(1));
        if !on || rang.replace(turn) == Some(turn) {
            return None;
        }
        let entity = self.service.as_deref().map(Name::from);
        Some(Event::new(now, EventKind::Alert, entity, "alert").with("monitor", "flapping"))
    }
}

fn lost(chance: Streams, number: u32, draw: u64, share: f64) -> bool {
    chance.child("lost items").uniform(u64::from(number), draw) < share
}

/// Puts an item under the other name; a replica becomes the service, for slots may differ.
fn swap<T: Item>(item: &mut T, one: &str, other: &str, map: &Topology) {
    let Some(entity) = item.entity(map) else { return };
    let owner = map.name(map.service_of(entity)).as_str();
    let name = match owner {
        name if name == one => other,
        name if name == other => one,
        _ => return,
    };
    if let Ok(entity) = map.find(name) {
        item.set_entity(entity, map);
    }
}
