//! The alarm gate: scores in, `Decision::Anomaly` and `Decision::Resolved` out.
//!
//! The one place where detection thresholds are applied. A signal is abnormal from
//! `policy.threshold`; it alarms when it has been abnormal for `policy.pending` or through
//! `MOST_SCRAPES` scrapes, whichever comes first; at once from `policy.immediate` (a noisy metric
//! only if its neighbours are abnormal with it) or when a finding is complete in itself. Down to
//! `HYSTERESIS` x threshold an abnormal signal lasts, so that noise does not begin the waiting
//! anew; the alarm itself needs the full threshold. It is over when it stayed under that for
//! `policy.resolve_after`; a silent series (no sample) is given `PATIENCE` times as long. One
//! active anomaly per signal, whichever detectors scored it. With `policy.false_alerts_per_day` an
//! alarm must also be rarer than noise is: the more series are watched, the more of them leave any
//! band by chance (`alarm/tails.rs` learns how far and how long noise goes). Facts (events,
//! restarts, expiry, drift) are no matter of chance. Known limit: scores below the detectors' floor
//! (0.5) count as 0.

mod tails;

use std::collections::BTreeMap;

use self::tails::{Kind, Tails};
use crate::engine::detect::{Finding, Scored, Scores};
use crate::engine::effect;
use crate::model::{AlarmPolicy, Anomaly, Decision, Role, SeriesMeta, SignalClass, StepInput};
use crate::unit::{EntityId, Name, SeriesId, SimTime};

/// Consecutive abnormal scrapes that are enough, however long `pending` is.
pub const MOST_SCRAPES: u32 = 3;
/// An abnormal signal lasts down to this share of the threshold.
pub const HYSTERESIS: f64 = 0.7;
/// A signal without samples is given this many times `resolve_after`.
pub const PATIENCE: i64 = 4;

/// Neighbours (oneself included) and their series that must be abnormal in the same step so that
/// a single sample of a noisy metric alarms: few requests make any percentile jump once in a while,
/// but hardly those of caller and callee together.
const WITNESSES: usize = 3;
/// The same in series.
const WITNESS_SERIES: usize = 6;

/// Active and pending alarms.
#[derive(Debug, Clone)]
pub struct Gate {
    policy: AlarmPolicy,
    signals: BTreeMap<Key, Signal>,
    raised: u32,
    tails: Tails,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Series(SeriesId),
    Finding(SignalClass, EntityId, Option<EntityId>, String),
}

/// One signal that is or lately was abnormal.
#[derive(Debug, Clone)]
struct Signal {
    since: SimTime,
    first_abnormal: SimTime,
    last_abnormal: SimTime,
    normal_since: Option<SimTime>,
    sightings: u32,
    anomaly: Option<Anomaly>,
    run: Run,
}

/// A stretch in which a signal is abnormal, as noise may make it.
#[derive(Debug, Clone, Copy)]
struct Run {
    entity: EntityId,
    /// What its loudest voice is a case of; `None` for facts.
    kind: Option<Kind>,
    highest: f64,
    /// Whether no other signal near it was in alarm all the while.
    alone: bool,
}

/// What one step says of one signal: the strongest voice.
enum Voice<'a> {
    Series(&'a Scored),
    Finding(&'a Finding),
}

impl Gate {
    /// A gate with nothing active.
    #[must_use]
    pub fn new(policy: &AlarmPolicy) -> Self {
        let (signals, tails) = (BTreeMap::new(), Tails::default());
        Self { policy: policy.clone(), signals, raised: 0, tails }
    }

    /// Takes in the scores of one step; call it at every step, also without scores.
    pub fn step(&mut self, input: &StepInput<'_>, scores: &Scores, out: &mut Vec<Decision>) {
        self.tails.watch(input);
        let witnesses = self.witnesses(input, scores);
        for (key, voice) in strongest(scores) {
            let around = Around { at: input, witnesses: &witnesses };
            self.hear(key, &voice, around, out);
        }
        self.look_around(input);
        self.settle(input, out);
    }

    /// Anomalies that were raised and are not over, by signal.
    pub fn active(&self) -> impl Iterator<Item = &Anomaly> {
        self.signals.values().filter_map(|signal| signal.anomaly.as_ref())
    }

    /// How many abnormal series each service (node ...) has in this step.
    fn witnesses(&self, at: &StepInput<'_>, scores: &Scores) -> BTreeMap<EntityId, Vec<SeriesId>> {
        let mut witnesses: BTreeMap<EntityId, Vec<SeriesId>> = BTreeMap::new();
        for scored in scores.series.iter().filter(|s| s.score >= self.policy.threshold) {
            let entity = at.topology.service_of(at.series.get(scored.series).entity);
            let known = witnesses.entry(entity).or_default();
            if !known.contains(&scored.series) {
                known.push(scored.series);
            }
        }
        witnesses
    }

    fn hear(
        &mut self,
        key: Key,
        voice: &Voice<'_>,
        around: Around<'_, '_>,
        out: &mut Vec<Decision>,
    ) {
        let (score, since) = voice.score_and_since();
        let abnormal = score >= self.policy.threshold;
        let lasting =
            score >= self.policy.threshold * HYSTERESIS && self.signals.contains_key(&key);
        if !abnormal && !lasting {
            return;
        }
        let now = around.at.now;
        let run = voice.run(&self.tails, around.at);
        let new = || Signal::new(since, now, run);
        let signal = self.signals.entry(key.clone()).or_insert_with(new);
        signal.run.grow(run);
        signal.since = signal.since.min(since);
        signal.last_abnormal = now;
        signal.normal_since = None;
        signal.sightings += 1;
        let waited = now.since(signal.first_abnormal) >= self.policy.pending
            || signal.sightings >= MOST_SCRAPES;
        if let Some(anomaly) = &mut signal.anomaly {
            anomaly.score = anomaly.score.max(score);
            return;
        }
        let since = signal.since;
        let ripe = (abnormal && waited)
            || voice.at_once()
            || (score >= self.policy.immediate && voice.is_backed(around));
        if ripe && self.is_rare(&key) {
            self.raised += 1;
            let anomaly = voice.anomaly(self.raised, since, around.at);
            if let Some(signal) = self.signals.get_mut(&key) {
                signal.anomaly = Some(anomaly.clone());
            }
            out.push(Decision::Anomaly(anomaly));
        }
    }

    /// Whether noise alone hardly makes what is seen of a signal.
    fn is_rare(&self, key: &Key) -> bool {
        let Some(per_day) = self.policy.false_alerts_per_day else { return true };
        let Some(signal) = self.signals.get(key) else { return false };
        let chance = |kind| self.tails.chance(kind, signal.run.highest, signal.sightings);
        signal.run.kind.is_none_or(|kind| chance(kind) <= self.tails.bar(per_day))
    }

    /// Notes which abnormal signals have others in alarm near them.
    fn look_around(&mut self, at: &StepInput<'_>) {
        let mut alarmed: BTreeMap<EntityId, u32> = BTreeMap::new();
        for signal in self.signals.values().filter(|signal| signal.anomaly.is_some()) {
            *alarmed.entry(signal.run.entity).or_default() += 1;
        }
        for signal in self.signals.values_mut().filter(|s| s.run.alone && !alarmed.is_empty()) {
            let own = signal.run.entity;
            let itself = u32::from(signal.anomaly.is_some());
            let others = alarmed.get(&own).is_some_and(|count| *count > itself);
            let near = || at.topology.callers(own).chain(at.topology.callees(own));
            let troubled = |entity| entity != own && alarmed.contains_key(&entity);
            signal.run.alone = !others && !near().any(troubled);
        }
    }

    /// Ends what is over and forgets what did not last; what ended alone was noise.
    fn settle(&mut self, at: &StepInput<'_>, out: &mut Vec<Decision>) {
        let (now, resolve_after) = (at.now, self.policy.resolve_after);
        let (mut over, tails) = (Vec::new(), &mut self.tails);
        self.signals.retain(|key, signal| {
            if signal.last_abnormal == now {
                return true;
            }
            let seen = key.is_seen(at);
            if seen == Some(true) && signal.anomaly.is_none() {
                signal.teach(tails);
                return false;
            }
            if seen == Some(true) || (seen.is_none() && signal.normal_since.is_none()) {
                signal.normal_since.get_or_insert(now);
            }
            let normal = signal.normal_since.is_some_and(|t| now.since(t) >= resolve_after);
            let silent = now.since(signal.last_abnormal) >= resolve_after * PATIENCE;
            if let (true, Some(anomaly)) = (normal || silent, &signal.anomaly) {
                over.push(anomaly.id);
            }
            if normal || silent {
                signal.teach(tails);
            }
            !(normal || silent)
        });
        over.sort_unstable();
        out.extend(over.into_iter().map(|anomaly| Decision::Resolved { anomaly, at: now }));
    }
}

impl Key {
    /// Whether this step says that the signal is normal: `Some(true)` if its series has a sample;
    /// `None` for findings, whose absence is all that can be seen.
    fn is_seen(&self, at: &StepInput<'_>) -> Option<bool> {
        match self {
            Self::Series(id) => Some(at.batch.has_frame && at.batch.frame.get(*id).is_some()),
            Self::Finding(..) => None,
        }
    }
}

impl Signal {
    fn new(since: SimTime, now: SimTime, run: Run) -> Self {
        Self {
            since,
            first_abnormal: now,
            last_abnormal: now,
            normal_since: None,
            sightings: 0,
            anomaly: None,
            run,
        }
    }

    /// A run that ended with nothing near it in alarm is what noise does.
    fn teach(&self, tails: &mut Tails) {
        if let Some(kind) = self.run.kind.filter(|_| self.run.alone) {
            tails.learn(kind, self.run.highest, self.sightings);
        }
    }
}

impl Run {
    /// Takes in one more sighting; the loudest voice says what it is.
    fn grow(&mut self, seen: Self) {
        if seen.highest > self.highest {
            (self.kind, self.highest) = (seen.kind, seen.highest);
        }
    }
}

/// The strongest voice on each signal, in key order; among equals the first.
fn strongest(scores: &Scores) -> BTreeMap<Key, Voice<'_>> {
    let series = scores.series.iter().map(|s| (Key::Series(s.series), Voice::Series(s)));
    let findings = scores.findings.iter().map(|f| {
        (Key::Finding(f.class, f.entity, f.instance, f.signal.clone()), Voice::Finding(f))
    });
    let mut strongest: BTreeMap<Key, Voice<'_>> = BTreeMap::new();
    for (key, voice) in series.chain(findings) {
        let louder = |old: &Voice<'_>| voice.score_and_since().0 > old.score_and_since().0;
        if strongest.get(&key).is_none_or(louder) {
            strongest.insert(key, voice);
        }
    }
    strongest
}

/// Who is abnormal in the same step; who of them is near is found out for those who ask.
#[derive(Clone, Copy)]
struct Around<'a, 'i> {
    at: &'a StepInput<'i>,
    witnesses: &'a BTreeMap<EntityId, Vec<SeriesId>>,
}

impl Around<'_, '_> {
    /// The entity's service, its callers and callees, as far as they are abnormal, and how many
    /// abnormal series they have.
    fn near(&self, entity: EntityId) -> (Vec<EntityId>, usize) {
        let (map, own) = (self.at.topology, self.at.topology.service_of(entity));
        let mut near: Vec<EntityId> = map.callers(own).chain(map.callees(own)).collect();
        near.push(own);
        near.sort_unstable();
        near.dedup();
        near.retain(|entity| self.witnesses.contains_key(entity));
        let series = near.iter().map(|entity| self.witnesses[entity].len()).sum();
        (near, series)
    }
}

impl Voice<'_> {
    /// The sighting as the beginning of a run.
    fn run(&self, tails: &Tails, at: &StepInput<'_>) -> Run {
        let (entity, kind, highest) = match self {
            Self::Series(s) => {
                let meta = at.series.get(s.series);
                let kind = effect::has_baseline(meta.role);
                let kind = kind.then(|| tails.series(s.series, s.detector));
                (meta.entity, kind, s.score)
            }
            Self::Finding(f) => {
                let kind = (!f.at_once && f.class != SignalClass::Event)
                    .then(|| Tails::finding(f.class, f.role, f.detector));
                (f.entity, kind, f.score)
            }
        };
        Run { entity: at.topology.service_of(entity), kind, highest, alone: true }
    }

    fn score_and_since(&self) -> (f64, SimTime) {
        match self {
            Self::Series(s) => (s.score, s.since),
            Self::Finding(f) => (f.score, f.since),
        }
    }

    /// Whether one sample suffices: failed requests speak for themselves, and so does what was
    /// counted over a window; a lone latency needs others to be abnormal with it, near it.
    fn is_backed(&self, around: Around<'_, '_>) -> bool {
        let Self::Series(scored) = self else { return true };
        let meta = around.at.series.get(scored.series);
        if matches!(meta.role, Role::Errors | Role::Availability) {
            return true;
        }
        let (near, series) = around.near(meta.entity);
        near.len() >= WITNESSES && series >= WITNESS_SERIES
    }

    fn at_once(&self) -> bool {
        matches!(self, Self::Finding(f) if f.at_once)
    }

    fn anomaly(&self, id: u32, since: SimTime, at: &StepInput<'_>) -> Anomaly {
        match self {
            Self::Series(scored) => of_series(id, since, scored, at),
            Self::Finding(finding) => of_finding(id, since, finding, at),
        }
    }
}

fn of_series(id: u32, since: SimTime, scored: &Scored, at: &StepInput<'_>) -> Anomaly {
    let meta = at.series.get(scored.series);
    let (entity, instance) = owner(meta.entity, at);
    Anomaly {
        id,
        detector: scored.detector.to_owned(),
        class: SignalClass::Metric,
        entity,
        instance,
        signal: signal_name(meta),
        role: meta.role,
        since,
        raised: at.now,
        score: scored.score,
        direction: scored.direction,
        observed: Some(scored.observed),
        expected: Some(scored.expected).filter(|v| !v.is_nan()),
        unit: meta.unit.clone(),
    }
}

fn of_finding(id: u32, since: SimTime, finding: &Finding, at: &StepInput<'_>) -> Anomaly {
    let (entity, own) = owner(finding.entity, at);
    let instance = finding.instance.map(|i| at.topology.name(i).clone()).or(own);
    Anomaly {
        id,
        detector: finding.detector.to_owned(),
        class: finding.class,
        entity,
        instance,
        signal: finding.signal.clone(),
        role: finding.role,
        since,
        raised: at.now,
        score: finding.score,
        direction: finding.direction,
        observed: finding.observed,
        expected: finding.expected,
        unit: finding.unit.to_owned(),
    }
}

/// The service (or node ...) and, for a replica, the replica.
fn owner(entity: EntityId, at: &StepInput<'_>) -> (Name, Option<Name>) {
    let service = at.topology.service_of(entity);
    let instance = (service != entity).then(|| at.topology.name(entity).clone());
    (at.topology.name(service).clone(), instance)
}

/// `metric{label=value,...}`.
pub(super) fn signal_name(meta: &SeriesMeta) -> String {
    if meta.labels.is_empty() {
        return meta.metric.clone();
    }
    let labels: Vec<String> = meta.labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
    format!("{}{{{}}}", meta.metric, labels.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Batch, Direction, SeriesCatalog};
    use crate::unit::SimDuration;

    /// One score per frame (NaN: no sample) -> what was said, e.g. `"3 anomaly 1"`.
    fn run(step_secs: i64, scores: &[f64]) -> Vec<String> {
        run_of("availability", step_secs, scores)
    }

    fn run_of(metric: &str, step_secs: i64, scores: &[f64]) -> Vec<String> {
        run_with(&AlarmPolicy::default(), metric, step_secs, scores)
    }

    fn run_with(policy: &AlarmPolicy, metric: &str, step_secs: i64, scores: &[f64]) -> Vec<String> {
        let topology = crate::engine::testing::topology();
        let mut series = SeriesCatalog::default();
        let id = series.add(SeriesMeta::gauge(EntityId(1), metric, "1")).unwrap();
        let (mut gate, mut said) = (Gate::new(policy), Vec::new());
        for (i, score) in scores.iter().enumerate() {
            let now = SimTime::from_secs(i as i64 * step_secs);
            let mut batch = Batch { has_frame: true, ..Batch::default() };
            batch.frame.reset(now, 1);
            let mut step = Scores::default();
            if !score.is_nan() {
                batch.frame.values[0] = 1.0;
                let (detector, since, direction) = ("x", now, Direction::Up);
                let (observed, expected, score) = (1.0, f64::NAN, *score);
                let scored =
                    Scored { detector, series: id, score, since, direction, observed, expected };
                step.series(scored);
                step.series(Scored { detector: "y", score: score / 2.0, ..scored });
            }
            let mut out = Vec::new();
            let input = StepInput { now, topology: &topology, series: &series, batch: &batch };
            gate.step(&input, &step, &mut out);
            said.extend(out.iter().map(|decision| match decision {
                Decision::Anomaly(a) => format!("{i} anomaly {}", a.id),
                Decision::Resolved { anomaly, .. } => format!("{i} resolved {anomaly}"),
                other => format!("{other:?}"),
            }));
        }
        said
    }

    #[test]
    fn pending_is_time_or_scrapes_whichever_is_shorter() {
        assert_eq!(run(15, &[0.0, 1.2, 1.2]), [""; 0]);
        assert_eq!(run(15, &[0.0, 1.2, 1.2, 1.2, 1.2]), ["3 anomaly 1"]);
        assert_eq!(run(1, &[1.2; 6]), ["2 anomaly 1"]);
        assert_eq!(run(60, &[1.2, 1.2]), ["1 anomaly 1"]);
        assert_eq!(run(300, &[0.0, 1.2, 0.0, 1.2]), [""; 0]);
        assert_eq!(run(300, &[0.0, 1.2, 0.8, 0.9]), [""; 0]);
        assert_eq!(run(15, &[0.0, 1.2, 0.8, 1.1]), ["3 anomaly 1"]);
    }

    #[test]
    fn what_noise_does_every_hour_alarms_no_more_and_what_it_never_did_still_does() {
        let policy = AlarmPolicy { false_alerts_per_day: Some(0.01), ..AlarmPolicy::default() };
        let hourly = [vec![3.0; 1], vec![0.0; 59]].concat().repeat(24);
        let raised = |policy: &AlarmPolicy, then: &[f64]| {
            let said = run_with(policy, "availability", 60, &[&hourly, then].concat());
            said.iter().filter(|s| s.contains("anomaly")).count()
        };
        assert_eq!(raised(&AlarmPolicy { false_alerts_per_day: None, ..policy.clone() }, &[]), 24);
        let so_far = raised(&policy, &[]);
        assert!(so_far < 24, "{so_far}");
        assert_eq!(raised(&policy, &[3.0; 60]), so_far + 1, "it lasts as noise never did");
        assert_eq!(raised(&policy, &[60.0]), so_far + 1, "it is higher than noise ever was");
    }

    #[test]
    fn a_strong_score_does_not_wait() {
        assert_eq!(run(300, &[0.0, 3.0]), ["1 anomaly 1"]);
    }

    #[test]
    fn a_lone_sample_of_a_noisy_metric_waits_for_another() {
        assert_eq!(run_of("latency", 300, &[0.0, 9.0, 0.0]), [""; 0]);
        assert_eq!(run_of("latency", 300, &[0.0, 9.0, 1.0]), ["2 anomaly 1"]);
    }

    #[test]
    fn an_alarm_is_over_after_lasting_normality_and_not_within_hysteresis() {
        let mut scores = vec![3.0];
        scores.extend([0.0; 20]);
        assert_eq!(run(15, &scores), ["0 anomaly 1", "13 resolved 1"]);
        let mut swinging = vec![3.0];
        swinging.extend([0.0, 0.0, 0.8].repeat(20));
        assert_eq!(run(60, &swinging), ["0 anomaly 1"]);
    }

    #[test]
    fn a_gap_is_neither_normal_nor_for_ever() {
        let mut scores = vec![3.0];
        scores.extend([f64::NAN; 11]);
        assert_eq!(run(60, &scores), ["0 anomaly 1"]);
        scores.extend([f64::NAN; 3]);
        assert_eq!(run(60, &scores), ["0 anomaly 1", "12 resolved 1"]);
    }

    #[test]
    fn a_finding_that_is_complete_alarms_at_once_and_ends() {
        let topology = crate::engine::testing::topology();
        let (series, batch) = (SeriesCatalog::default(), Batch::default());
        let mut gate = Gate::new(&AlarmPolicy::default());
        let mut scores = Scores::default();
        scores.finding(Finding {
            detector: "event_match",
            class: SignalClass::Event,
            entity: EntityId(1),
            instance: None,
            signal: "OOMKilling".to_owned(),
            role: Role::Memory,
            since: SimTime::from_secs(5),
            score: 1.5,
            direction: Direction::Up,
            observed: None,
            expected: None,
            unit: "",
            at_once: true,
        });
        let mut out = Vec::new();
        for secs in 10..250 {
            let now = SimTime::from_secs(secs);
            let input = StepInput { now, topology: &topology, series: &series, batch: &batch };
            gate.step(&input, &scores, &mut out);
            scores.clear();
        }
        let [Decision::Anomaly(anomaly), Decision::Resolved { at, .. }] = out.as_slice() else {
            panic!("{out:?}")
        };
        assert_eq!((&*anomaly.entity, anomaly.since), ("cart", SimTime::from_secs(5)));
        assert_eq!(at.since(SimTime::from_secs(11)), SimDuration::from_secs(180));
        assert_eq!(gate.active().count(), 0);
    }
}
