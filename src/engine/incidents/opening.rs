//! What it takes to open an incident: trouble that is a fact, is felt, is backed or lasts.
//!
//! In: the step's scores (also those below the alarm threshold) and a signal that alarmed. Out:
//! whether it may open an incident now. Among hundreds of series some leave any band by chance
//! every hour, so the word of one series of one inner service opens nothing by itself:
//! - *facts* do (events, restarts, expiry, drift, exhausted resources, new errors in logs);
//! - what *users* feel does: waiting and failing of a service that nobody calls;
//! - inner trouble does if users feel something at the same time, be it little (a score of
//!   `FLOOR`): two independent chances seldom meet;
//! - it does if a second signal, of another entity or role near it, is abnormal with it and both
//!   were so more than once;
//! - it does if it lasts and is of something ours.
//!
//! Waiting as callers' clients see it, tails alone of what is not ours, and traffic are context.
//! Source: symptom-based alerting (Beyer et al., "Site Reliability Engineering", 2016, ch. 6).
//! Limit: without a service map every service counts as one that users feel.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::open::Member;
use super::{Judge, NEAR};
use crate::engine::detect::Scores;
use crate::model::{Anomaly, EntityKind, Role, SeriesMeta, SignalClass, StepInput, Topology};
use crate::unit::{EntityId, SimDuration, SimTime};

/// Sightings from which a signal is no blip.
const TWICE: u32 = 2;
/// Sightings, and time, from which a signal lasts, whoever feels it.
const LASTING: u32 = 8;
const LASTING_TIME: SimDuration = SimDuration::from_secs(360);
/// Sightings from which a processor or queue that is far off speaks for itself, and how far.
const STRAINED: u32 = 3;
const STRAINED_SCORE: f64 = 2.0;
/// Share of a resource from which it is exhausted rather than busier than usual.
const EXHAUSTED: f64 = 0.85;
/// Frames, and time, within which two signals are abnormal together.
const FRAMES: i64 = 2;
const TOGETHER: SimDuration = SimDuration::from_secs(60);
/// An abnormal signal lasts down to this score.
const STILL: f64 = 0.7;

/// How often and how lately something was abnormal.
#[derive(Debug, Clone, Copy)]
struct Sighting {
    first: SimTime,
    last: SimTime,
    count: u32,
}

/// What was felt and seen lately.
#[derive(Debug, Default)]
pub(super) struct Opening {
    felt: BTreeMap<EntityId, SimTime>,
    /// What calls from where it is felt lead to; absent until somebody asks.
    reached: OnceCell<BTreeSet<EntityId>>,
    seen: BTreeMap<(EntityId, Role), Sighting>,
    frame: Option<SimTime>,
    interval: SimDuration,
}

impl Opening {
    /// Takes in the scores of one step.
    pub(super) fn hear(&mut self, input: &StepInput<'_>, scores: &Scores) {
        if input.batch.has_frame {
            if let Some(last) = self.frame.filter(|last| *last < input.now) {
                self.interval = input.now.since(last);
            }
            self.frame = Some(input.now);
        }
        let (now, map) = (input.now, input.topology);
        self.reached = OnceCell::new();
        for scored in &scores.series {
            let meta = input.series.get(scored.series);
            let entity = map.service_of(meta.entity);
            if is_own_symptom(meta) && is_entry(map, entity) {
                self.felt.insert(entity, now);
            }
            self.see(entity, meta.role, scored.score, now);
        }
        for finding in &scores.findings {
            if finding.class == SignalClass::Trace && is_entry(map, finding.entity) {
                self.felt.insert(finding.entity, now);
            }
            self.see(finding.entity, finding.role, finding.score, now);
        }
        let (felt, seen) = (self.together(), self.together() * FRAMES);
        self.felt.retain(|_, at| now.since(*at) <= felt);
        self.seen.retain(|_, sighting| now.since(sighting.last) <= seen);
    }

    fn see(&mut self, entity: EntityId, role: Role, score: f64, now: SimTime) {
        if score < STILL {
            return;
        }
        let new = Sighting { first: now, last: now, count: 0 };
        let sighting = self.seen.entry((entity, role)).or_insert(new);
        if sighting.count == 0 || sighting.last < now {
            (sighting.last, sighting.count) = (now, sighting.count + 1);
        }
    }

    /// How far apart two signals may be that are abnormal together.
    fn together(&self) -> SimDuration {
        TOGETHER.max(self.interval * FRAMES)
    }

    fn sighting(&self, found: &Member) -> Option<Sighting> {
        self.seen.get(&(found.clue.entity?, found.anomaly.role)).copied()
    }

    fn times(&self, found: &Member) -> u32 {
        self.sighting(found).map_or(0, |sighting| sighting.count)
    }

    /// Whether a signal may open an incident now; `others` wait as it does.
    pub(super) fn is_ripe<'a>(
        &self,
        found: &Member,
        mut others: impl Iterator<Item = &'a Member>,
        judge: &Judge,
        map: &Topology,
    ) -> bool {
        let ours = |entity| map.get(entity).kind != EntityKind::External;
        let lasts = || found.clue.entity.is_none_or(ours) && self.lasts(found);
        if speaks(&found.anomaly, map) || lasts() {
            return true;
        }
        let Some(entity) = found.clue.entity else { return true };
        let twice = self.times(found) >= TWICE;
        let felt = || self.reached(map).contains(&entity);
        let backs = |other: &Member| {
            (&other.anomaly.entity, other.anomaly.role)
                != (&found.anomaly.entity, found.anomaly.role)
                && self.times(other) >= TWICE
                && !super::is_context(&other.anomaly, map)
                && judge.affinity(&other.clue, &found.clue, map).value >= NEAR
        };
        felt() || twice && others.any(backs)
    }

    /// Everything that calls from where trouble is felt lead to, found out once a step.
    fn reached(&self, map: &Topology) -> &BTreeSet<EntityId> {
        let all = || self.felt.keys().flat_map(|entry| map.reach(*entry)).collect();
        self.reached.get_or_init(all)
    }

    fn lasts(&self, found: &Member) -> bool {
        let Some(sighting) = self.sighting(found) else { return false };
        let long = sighting.last.since(sighting.first) >= LASTING_TIME;
        match found.anomaly.role {
            // A process that takes more memory and stays there has found a new level.
            Role::Memory => false,
            Role::Cpu | Role::Saturation => {
                let strained = found.anomaly.score >= STRAINED_SCORE;
                strained && sighting.count >= STRAINED || long && sighting.count >= LASTING
            }
            _ => long && sighting.count >= LASTING,
        }
    }
}

/// Waiting or failing as the service itself tells it; not its slowest requests alone, which few
/// decide.
fn is_own_symptom(meta: &SeriesMeta) -> bool {
    let extreme = matches!(meta.stat(), Some("p99" | "p999" | "max" | "Maximum"));
    let few_decide = meta.role == Role::Latency && extreme;
    meta.role.is_symptom()
        && !few_decide
        && !meta.labels.contains_key("callee")
        && !is_client(&meta.metric)
}

/// Whether users come in here: a service of ours that nobody else calls.
fn is_entry(map: &Topology, entity: EntityId) -> bool {
    map.get(entity).kind == EntityKind::Service
        && map.callers(entity).all(|caller| caller == entity)
}

/// Whether it tells what its entity waits for rather than what it does.
pub(super) fn is_client(signal: &str) -> bool {
    signal.starts_with("http.client") || signal.starts_with("rpc.client")
}

/// Whether one signal is enough.
fn speaks(found: &Anomaly, map: &Topology) -> bool {
    let entry = || map.find(&found.entity).is_ok_and(|entity| is_entry(map, entity));
    let all_of_it = match found.unit.as_str() {
        "1" => 1.0,
        "%" => 100.0,
        _ => f64::INFINITY,
    };
    match (found.class, found.role) {
        (SignalClass::Event, _) | (_, Role::Restarts | Role::Expiry | Role::Drift) => true,
        (SignalClass::Log, Role::Errors | Role::Memory) => true,
        (_, Role::Errors | Role::Availability | Role::Latency) => {
            entry() && !is_client(&found.signal)
        }
        (_, Role::Memory | Role::Saturation | Role::Cpu) => {
            found.observed.is_some_and(|share| share >= EXHAUSTED * all_of_it)
        }
        _ => false,
    }
}

/// Whether it tells of the machine below a service rather than of the service.
pub(super) fn is_of_machine(found: &Anomaly, map: &Topology) -> bool {
    let kind = map.find(&found.entity).ok().map(|id| map.get(id).kind);
    found.signal.starts_with("node.") && kind == Some(EntityKind::Service)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Spec;
    use crate::engine::correlate::{self, Incidents};
    use crate::engine::detect::{Finding, Scored};
    use crate::model::{AlarmPolicy, Batch, Decision, Direction, SeriesCatalog};

    /// `web` calls `cart`, `cart` calls `db`; every row: seconds, entity, role, score.
    struct Watch {
        map: Topology,
        incidents: Incidents,
        raised: Vec<(String, Role)>,
        opened: Vec<i64>,
    }

    impl Watch {
        fn new() -> Self {
            let mut map = Topology::default();
            let [web, cart, db] = ["web", "cart", "db"].map(|name| map.service(name));
            map.call(web, cart);
            map.call(cart, db);
            let kinds = ["temporal", "topological", "semantic"].map(Spec::plain);
            let incidents =
                Incidents::new(correlate::build(&kinds).unwrap(), &AlarmPolicy::default());
            Self { map, incidents, raised: Vec::new(), opened: Vec::new() }
        }

        fn step(&mut self, secs: i64, rows: &[(&str, Role, f64)]) {
            let (now, series) = (SimTime::from_secs(secs), SeriesCatalog::default());
            let batch = Batch { has_frame: true, ..Batch::default() };
            let input = StepInput { now, topology: &self.map, series: &series, batch: &batch };
            let (mut scores, mut gate) = (Scores::default(), Vec::new());
            for (name, role, score) in rows {
                scores.finding(Finding {
                    detector: "x",
                    class: SignalClass::Trace,
                    entity: self.map.find(name).unwrap(),
                    instance: None,
                    signal: format!("{role:?}"),
                    role: *role,
                    since: now,
                    score: *score,
                    direction: Direction::Up,
                    observed: None,
                    expected: None,
                    unit: "1",
                    at_once: false,
                });
                let key = ((*name).to_owned(), *role);
                if *score >= 1.0 && !self.raised.contains(&key) {
                    self.raised.push(key);
                    gate.push(anomaly(self.raised.len() as u32, now, name, *role, *score));
                }
            }
            self.incidents.hear(&input, &scores);
            let mut out = Vec::new();
            self.incidents.step(&input, &gate, &mut out);
            self.opened.extend(out.iter().map(|_| secs));
        }
    }

    fn anomaly(id: u32, at: SimTime, entity: &str, role: Role, score: f64) -> Decision {
        Decision::Anomaly(Anomaly {
            id,
            detector: "x".to_owned(),
            class: SignalClass::Trace,
            entity: entity.into(),
            instance: None,
            signal: format!("{role:?}"),
            role,
            since: at,
            raised: at,
            score,
            direction: Direction::Up,
            observed: None,
            expected: None,
            unit: "1".to_owned(),
        })
    }

    /// The first instant at which an incident is told.
    #[track_caller]
    fn check(steps: &[&[(&str, Role, f64)]], expected: Option<i64>) {
        let mut watch = Watch::new();
        for (i, rows) in steps.iter().enumerate() {
            watch.step(i as i64 * 60, rows);
        }
        assert_eq!(watch.opened.first().copied(), expected);
    }

    #[test]
    fn users_are_believed_at_once_and_inner_services_are_not() {
        check(&[&[("web", Role::Latency, 1.2)]], Some(0));
        check(&[&[("db", Role::Latency, 5.0)], &[], &[]], None);
        check(&[&[("db", Role::Restarts, 1.0)]], Some(0));
    }

    #[test]
    fn inner_trouble_counts_when_users_feel_a_little() {
        check(&[&[("db", Role::Latency, 5.0)], &[("web", Role::Latency, 0.5)]], Some(60));
        check(&[&[("db", Role::Latency, 5.0), ("web", Role::Errors, 0.6)]], Some(0));
    }

    #[test]
    fn a_second_signal_backs_the_first_if_both_were_seen_twice() {
        let both: &[(&str, Role, f64)] =
            &[("cart", Role::Latency, 2.0), ("db", Role::Latency, 2.0)];
        check(&[both, both], Some(60));
        check(&[both, &[], &[]], None);
        let roles: &[(&str, Role, f64)] = &[("db", Role::Latency, 2.0), ("db", Role::Cpu, 1.5)];
        check(&[roles, roles], Some(60));
    }

    #[test]
    fn what_lasts_is_told_whoever_feels_it_but_not_a_new_level_of_memory() {
        let slow: &[(&str, Role, f64)] = &[("db", Role::Latency, 1.1)];
        check(&[slow; 9], Some(7 * 60));
        let large: &[(&str, Role, f64)] = &[("db", Role::Memory, 1.1)];
        check(&[large; 12], None);
        let busy: &[(&str, Role, f64)] = &[("db", Role::Cpu, 4.0)];
        check(&[busy; 4], Some(2 * 60));
    }

    #[test]
    fn scores_of_series_below_the_threshold_are_felt_too() {
        let mut series = SeriesCatalog::default();
        let mut map = Topology::default();
        let web = map.service("web");
        let latency = SeriesMeta::gauge(web, crate::model::names::DURATION, "s");
        let id = series.add(latency).unwrap();
        let batch = Batch { has_frame: true, ..Batch::default() };
        let input = StepInput {
            now: SimTime::from_secs(0),
            topology: &map,
            series: &series,
            batch: &batch,
        };
        let mut scores = Scores::default();
        scores.series(Scored {
            detector: "x",
            series: id,
            score: 0.6,
            since: input.now,
            direction: Direction::Up,
            observed: 1.0,
            expected: 0.5,
        });
        let mut opening = Opening::default();
        opening.hear(&input, &scores);
        assert_eq!(opening.felt.keys().copied().collect::<Vec<_>>(), [web]);
    }
}
