//! What a diagnosis is given: one incident, and everything the engine remembers around it.
//!
//! Owns `Case` (plain borrowed data plus the signs of sickness read from it once) and the reading
//! of changes: which ones came before the first symptom, which ones the engine made itself.
//! In: incident, history, events. Out: `Sign`s and suspect changes. Times are simulated.
//! Limit: reads what the history ring still holds; an older baseline is gone.

mod alibi;
mod crowd;
mod excess;
mod gaps;
mod habits;
mod held_up;
mod lost;
mod machine;
mod signs;
mod standing;
mod waits;
mod words;

use crowd::Crowd;
pub(super) use excess::{Excess, Measure};
pub(super) use habits::Habit;
use machine::SlowMachine;
pub use signs::Sign;
pub(super) use signs::strength;
pub(crate) use standing::{Expiry, Full, LEAD, SCARCE};
pub(super) use waits::Owned;
pub use words::{percent, span_of_time};

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    Anomaly, Cause, Event, EventKind, Incident, SeriesCatalog, SignalClass, Topology,
};
use crate::unit::{EntityId, Name, SimDuration, SimTime};

use super::History;
use super::placement::Placement;
use super::visits::Visits;

/// A stretch in which the engine itself was changing a target: changes seen there are its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnChange {
    /// The entity that was changed.
    pub target: Name,
    /// When the action was given.
    pub since: SimTime,
    /// When it ended; absent while it is under way.
    pub until: Option<SimTime>,
}

/// What the engine sees around one incident.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// The instant of the diagnosis.
    pub now: SimTime,
    /// The service map.
    pub topology: &'a Topology,
    /// The columns.
    pub series: &'a SeriesCatalog,
    /// The metrics remembered.
    pub history: &'a History,
    /// What visits of services did, minute by minute.
    pub visits: &'a Visits,
    /// Where replicas run.
    pub placement: &'a Placement,
    /// Events remembered, oldest first.
    pub events: &'a [Event],
    /// What the engine changed itself.
    pub own: &'a [OwnChange],
    /// Hypotheses whose remedy was applied and did not heal.
    pub refuted: &'a [(Name, Cause)],
}

/// One incident, its surroundings and the signs of sickness read from them.
#[derive(Debug)]
pub struct Case<'a> {
    /// The surroundings.
    pub around: Surroundings<'a>,
    /// The incident.
    pub incident: &'a Incident,
    /// Every series and anomaly that left its baseline, strongest first within an entity.
    pub signs: Vec<Sign>,
    onset: SimTime,
    habits: Vec<Habit>,
    owners: BTreeMap<EntityId, Owned>,
    excesses: Vec<Excess>,
    expiries: Vec<Expiry>,
    full: Vec<Full>,
    /// Positions of the signs that are a caller's view of an entity, ascending.
    views: BTreeMap<EntityId, Vec<usize>>,
    changes: Vec<&'a Event>,
    happened: BTreeMap<EntityId, Vec<&'a Event>>,
    measured: OnceCell<BTreeSet<EntityId>>,
    slow_machine: OnceCell<Option<SlowMachine>>,
}

/// Shortest pause between onsets after which the trouble counts as new: what began before it is
/// the state in which the new trouble arose.
const EPISODE_GAP: SimDuration = SimDuration::from_secs(180);
/// The same in frames, where telemetry is coarser.
const EPISODE_FRAMES: i64 = 3;

/// How long before the onset a change can be the cause.
pub(super) const HORIZON: SimDuration = SimDuration::from_secs(3600);
/// What is changed on purpose and may be wrong from then on.
pub(super) const CHANGES: [EventKind; 3] = [EventKind::Deploy, EventKind::Config, EventKind::Flag];
/// Share of its limit from which a resource is used up.
pub(super) const USED_UP: f64 = 0.9;

/// Windows over which log lines and spans are counted.
const COUNTING_WINDOW: SimDuration = SimDuration::from_secs(60);

/// z-score from which a sign counts as sickness.
pub const SICK_Z: f64 = 3.0;

impl<'a> Case<'a> {
    /// Reads the signs; the costly half of a diagnosis, done once for all methods.
    #[must_use]
    pub fn new(around: Surroundings<'a>, incident: &'a Incident) -> Self {
        let onset = episode(&around, incident);
        let crowd = Crowd::of(&around);
        let signs = signs::read(&around, incident, onset, &crowd);
        let mut views: BTreeMap<EntityId, Vec<usize>> = BTreeMap::new();
        for (at, sign) in signs.iter().enumerate() {
            if let Some(callee) = sign.callee {
                views.entry(callee).or_default().push(at);
            }
        }
        Self {
            signs,
            views,
            habits: habits::read(around.visits, onset),
            owners: waits::read(around.visits, onset),
            excesses: excess::read(&around, onset, &crowd),
            expiries: standing::expiries(&around),
            full: standing::full(&around, onset),
            around,
            incident,
            onset,
            changes: changes(&around, incident),
            happened: happened(&around),
            measured: OnceCell::new(),
            slow_machine: OnceCell::new(),
        }
    }

    /// When the first symptom of the incident's latest episode was felt. An incident may stay open
    /// for hours over a lasting fault; what is diagnosed is what began last.
    #[must_use]
    pub const fn onset(&self) -> SimTime {
        self.onset
    }

    /// Habits of visits that broke.
    #[must_use]
    pub fn habits(&self) -> &[Habit] {
        &self.habits
    }

    /// Who owns excess time of traces.
    #[must_use]
    pub const fn owners(&self) -> &BTreeMap<EntityId, Owned> {
        &self.owners
    }

    /// Who owns excess waiting and failing, from metrics.
    #[must_use]
    pub fn excesses(&self) -> &[Excess] {
        &self.excesses
    }

    /// Certificates and leases whose end is near or past.
    #[must_use]
    pub fn expiries(&self) -> &[Expiry] {
        &self.expiries
    }

    /// The certificate or lease of one entity whose end is near or past.
    #[must_use]
    pub fn expiry(&self, entity: EntityId) -> Option<&Expiry> {
        self.expiries.iter().find(|expiry| expiry.entity == entity)
    }

    /// Resources of one entity that got scarce since the onset, the fullest first.
    pub fn full(&self, entity: EntityId) -> impl Iterator<Item = &Full> {
        self.full.iter().filter(move |full| full.entity == entity)
    }

    /// How much three kinds of evidence that are no signs speak against an entity, each 0..=1:
    /// broken habits of its visits, excess time of traces and excess of metrics that it owns.
    #[must_use]
    pub fn telling(&self, entity: EntityId) -> [f64; 3] {
        let mine = self.habits.iter().filter(|habit| habit.entity() == entity);
        let habits = mine.map(Habit::strength).fold(0.0, f64::max);
        let all: f64 = self.owners.values().map(Owned::total_ms).sum();
        let time = self
            .owners
            .get(&entity)
            .map_or(0.0, |owned| owned.total_ms() / all.max(1e-9) * strength(owned.z));
        let excesses = self.excesses.iter().filter(|excess| excess.entity == entity);
        let excess = excesses.map(Excess::strength).fold(0.0, f64::max);
        [habits, time, excess]
    }

    /// Severity of a message that a habit speaks of.
    #[must_use]
    pub fn severity_of(&self, message: u32) -> u8 {
        self.around.visits.severity(message)
    }

    /// Signs of one entity that are strong enough to count.
    pub fn sick_signs(&self, entity: EntityId) -> impl Iterator<Item = &Sign> {
        self.signs_of(entity).iter().filter(|sign| sign.z >= SICK_Z)
    }

    /// Signs of one entity, its views of its callees included, strongest first.
    #[must_use]
    pub fn signs_of(&self, entity: EntityId) -> &[Sign] {
        let first = self.signs.partition_point(|sign| sign.entity < entity);
        let own = &self.signs[first..];
        &own[..own.partition_point(|sign| sign.entity == entity)]
    }

    /// Callers' views of their calls to an entity, in the order of `signs`.
    pub fn views_of(&self, entity: EntityId) -> impl Iterator<Item = &Sign> {
        self.views.get(&entity).into_iter().flatten().map(|at| &self.signs[*at])
    }

    /// Signs of one entity and callers' views of it, in the order of `signs`.
    #[must_use]
    pub fn signs_around(&self, entity: EntityId) -> Vec<&Sign> {
        let first = self.signs.partition_point(|sign| sign.entity < entity);
        let views = self.views.get(&entity).map_or(&[][..], Vec::as_slice);
        let mut all: Vec<usize> = (first..first + self.signs_of(entity).len()).collect();
        all.extend(views);
        all.sort_unstable();
        all.dedup();
        all.into_iter().map(|at| &self.signs[at]).collect()
    }

    /// Whether its resources are measured at all: else nothing is ruled out by their silence.
    #[must_use]
    pub fn is_measured(&self, entity: EntityId) -> bool {
        let read = || {
            let known = self.around.series.iter().take(self.around.history.width());
            let resources = known.filter(|(_, meta)| meta.role.is_resource());
            resources.map(|(_, meta)| self.around.topology.service_of(meta.entity)).collect()
        };
        self.measured.get_or_init(read).contains(&entity)
    }

    /// Events remembered about the entity, oldest first.
    #[must_use]
    pub fn events_of(&self, entity: EntityId) -> &[&'a Event] {
        self.happened.get(&entity).map_or(&[], Vec::as_slice)
    }

    /// How much users of the entity suffer, 0..=1: its strongest symptom seen at its own end.
    #[must_use]
    pub fn pain(&self, entity: EntityId) -> f64 {
        self.strongest(entity, |sign| sign.role.is_symptom() && sign.callee.is_none())
    }

    /// How sick it looks in any signal of its own, 0..=1.
    #[must_use]
    pub fn sickness(&self, entity: EntityId) -> f64 {
        self.strongest(entity, |sign| sign.callee.is_none())
    }

    /// The strongest matching sign as a number in 0..=1.
    #[must_use]
    pub fn strongest(&self, entity: EntityId, matches: impl Fn(&Sign) -> bool) -> f64 {
        self.sick_signs(entity).filter(|sign| matches(sign)).map(Sign::strength).fold(0.0, f64::max)
    }

    /// When the entity first fell sick, if it did.
    #[must_use]
    pub fn onset_of(&self, entity: EntityId) -> Option<SimTime> {
        self.sick_signs(entity).map(|sign| sign.since).min()
    }

    /// Whether the engine made this change itself.
    #[must_use]
    pub fn is_own(&self, event: &Event) -> bool {
        is_own(&self.around, event)
    }

    /// Changes made by others, oldest first, each once: the incident's and the remembered ones.
    #[must_use]
    pub fn changes(&self) -> &[&'a Event] {
        &self.changes
    }

    /// The latest change of one of `kinds` on `entity` within `horizon` before the onset, with the
    /// time between. A change after the first symptom is innocent of it.
    #[must_use]
    pub fn change_before(
        &self,
        entity: EntityId,
        kinds: &[EventKind],
        horizon: SimDuration,
    ) -> Option<(&Event, SimDuration)> {
        let near = |event: &&Event| {
            kinds.contains(&event.kind)
                && self.entity_of(event) == Some(entity)
                && self.gap(event).is_some_and(|gap| gap <= horizon)
        };
        let found = self.changes().iter().copied().rev().find(near)?;
        Some((found, self.gap(found)?))
    }

    /// Time from an event to the onset; absent for one that came after it and is innocent. What is
    /// counted over windows is only known to have begun somewhere in its first one.
    #[must_use]
    pub fn gap(&self, event: &Event) -> Option<SimDuration> {
        let gap = self.onset.since(event.time);
        let slack = if self.onset_is_windowed() { COUNTING_WINDOW } else { SimDuration::ZERO };
        (gap + slack >= SimDuration::ZERO).then(|| gap.max(SimDuration::ZERO))
    }

    /// Whether nothing but counts over windows says that it began at the onset.
    fn onset_is_windowed(&self) -> bool {
        let exact = |a: &Anomaly| a.since == self.onset && !is_counted(a);
        let all = &self.incident.anomalies;
        all.iter().any(is_counted) && !all.iter().any(exact)
    }

    /// The service (or node ...) that an event is about.
    #[must_use]
    pub fn entity_of(&self, event: &Event) -> Option<EntityId> {
        entity_of(self.around.topology, event)
    }

    /// Calls from the nearest sick entity down to `entity`; absent if no path leads there.
    #[must_use]
    pub fn hops_from_sick(&self, entity: EntityId) -> Option<usize> {
        let topology = self.around.topology;
        let mut seen = vec![entity];
        let mut ring = vec![entity];
        for hops in 0..=topology.len() {
            if ring.iter().any(|e| self.sickness(*e) > 0.0) {
                return Some(hops);
            }
            let callers = ring.iter().flat_map(|e| topology.callers(*e));
            ring = callers.filter(|caller| !seen.contains(caller)).collect();
            ring.sort_unstable();
            ring.dedup();
            seen.extend(&ring);
            if ring.is_empty() {
                break;
            }
        }
        None
    }

    /// Where the suffering was reported: the alert's entity, else the sickest entity that no sick
    /// one calls, else the first anomaly's.
    #[must_use]
    pub fn front(&self) -> Option<EntityId> {
        let topology = self.around.topology;
        let alert = self.around.events.iter().rev().find(|e| e.kind == EventKind::Alert);
        if let Some(entity) = alert.and_then(|e| self.entity_of(e)) {
            return Some(entity);
        }
        let sick = |e: &EntityId| self.pain(*e) > 0.0;
        topology
            .suspects()
            .filter(sick)
            .filter(|e| !topology.callers(*e).any(|caller| sick(&caller)))
            .max_by(|a, b| self.pain(*a).total_cmp(&self.pain(*b)).then(b.cmp(a)))
            .or_else(|| self.incident.anomalies.first().and_then(|a| topology.find(&a.entity).ok()))
    }
}

fn entity_of(topology: &Topology, event: &Event) -> Option<EntityId> {
    event.entity.as_ref().and_then(|n| topology.lookup(n)).map(|id| topology.service_of(id))
}

fn is_own(around: &Surroundings<'_>, event: &Event) -> bool {
    let slack = SimDuration::from_secs(60);
    event.entity.as_ref().is_some_and(|entity| {
        around.own.iter().any(|own| {
            own.target == *entity
                && own.since <= event.time
                && own.until.is_none_or(|until| event.time <= until + slack)
        })
    })
}

fn changes<'a>(around: &Surroundings<'a>, incident: &'a Incident) -> Vec<&'a Event> {
    let mut all: Vec<&Event> = Vec::new();
    for event in incident.changes.iter().chain(around.events) {
        if event.kind.is_change() && !is_own(around, event) && !all.contains(&event) {
            all.push(event);
        }
    }
    all.sort_by(|a, b| (a.time, a.kind, &a.entity).cmp(&(b.time, b.kind, &b.entity)));
    all
}

fn happened<'a>(around: &Surroundings<'a>) -> BTreeMap<EntityId, Vec<&'a Event>> {
    let mut happened: BTreeMap<EntityId, Vec<&Event>> = BTreeMap::new();
    for event in around.events {
        if let Some(entity) = entity_of(around.topology, event) {
            happened.entry(entity).or_default().push(event);
        }
    }
    happened
}

/// The first onset of the latest run of onsets without a longer pause.
fn episode(around: &Surroundings<'_>, incident: &Incident) -> SimTime {
    if let Some(alert) = told(around, incident) {
        return alert;
    }
    let times = around.history.times();
    let frame = match (times.len(), times.back()) {
        (2.., Some(last)) => last.since(times[times.len() - 2]),
        _ => SimDuration::ZERO,
    };
    let gap = EPISODE_GAP.max(frame * EPISODE_FRAMES);
    let mut onsets: Vec<SimTime> = incident.anomalies.iter().map(|a| a.since).collect();
    onsets.sort_unstable();
    let mut first = onsets.last().copied().unwrap_or(incident.since);
    for onset in onsets.into_iter().rev() {
        if first.since(onset) > gap {
            break;
        }
        first = onset;
    }
    // One stray line may come long before the lines that matter: what was measured says more.
    let measured = incident.anomalies.iter().filter(|a| a.since >= first && !is_counted(a));
    measured.map(|a| a.since).min().map_or(first, |other| first.max(other - COUNTING_WINDOW))
}

/// Whether an anomaly comes from counts over windows, so that its beginning is known roughly.
fn is_counted(anomaly: &Anomaly) -> bool {
    matches!(anomaly.class, SignalClass::Log | SignalClass::Trace)
}

/// When an alert from outside rang that is the newest thing of the incident: who tells of trouble
/// tells when it began as well.
fn told(around: &Surroundings<'_>, incident: &Incident) -> Option<SimTime> {
    let alerts = around.events.iter().filter(|e| e.kind == EventKind::Alert).map(|e| e.time);
    let last = alerts.max()?;
    let ours = |a: &Anomaly| a.class == SignalClass::Event && a.since == last;
    incident.anomalies.iter().any(ours).then_some(last)
}
