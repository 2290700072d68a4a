//! One fault, or the quiet end of a day, as a case: cuts its stretch of time out of the day.

use std::collections::BTreeMap;

use super::super::{Gathered, ImportError};
use super::day::{Day, calls_before, service_of};
use super::faults::Fault;
use super::metrics::{Column, Owner};
use super::minutes::Minute;
use super::{Config, MINUTE};
use crate::model::{
    Alarm, EntityKind, Instrument, LogRecord, Role, SeriesMeta, Span, SpanStatus, Topology,
    TrueIncident, Truth,
};
use crate::unit::{EntityId, Name, SimDuration, SimTime, Window};

/// How long a fault lasts.
const LASTS: SimDuration = SimDuration::from_secs(180);
/// How much too late a label may be.
const BEFORE: SimDuration = SimDuration::from_secs(120);
/// How long after a fault's end its effect still counts.
const AFTER: SimDuration = SimDuration::from_secs(60);

/// One case to be made.
pub(super) struct Case<'a> {
    pub(super) name: String,
    day: &'a Day,
    fault: Option<&'a Fault>,
    window: Window,
}

/// After the day's last fault, until things are as usual again.
const RECOVERY: SimDuration = SimDuration::from_secs(37 * 60);
/// Shortest quiet end of a day that makes a case.
const LEAST_QUIET: SimDuration = SimDuration::from_secs(3600);

/// One case per fault, by system and time.
pub(super) fn plan<'a>(days: &'a [Day], config: &Config) -> Vec<Case<'a>> {
    let mut cases = Vec::new();
    for day in days {
        for (index, fault) in day.faults.iter().enumerate() {
            let minute = floor(fault.time);
            let next = day.faults.get(index + 1).map_or(SimTime::from_nanos(i64::MAX), |f| f.time);
            let end = (minute + MINUTE + config.after).min(next);
            let clock: String =
                minute.to_string().chars().skip(11).take(5).filter(|c| *c != ':').collect();
            cases.push(Case {
                name: format!("{}-{}-{clock}-{}", day.system, day.date, fault.service),
                day,
                fault: Some(fault),
                window: Window { start: fault.time - config.history, end },
            });
        }
        cases.extend(quiet(day).filter(|_| config.normal_cases));
    }
    cases
}

/// What is left of a day after its last fault; pauses in the metrics are cut off its beginning.
fn quiet(day: &Day) -> Option<Case<'_>> {
    let begin = day.faults.last()?.time + RECOVERY;
    let mut times: Vec<SimTime> =
        day.columns.iter().flat_map(|c| c.values.iter().map(|(time, _)| *time)).collect();
    times.retain(|time| *time >= begin);
    times.sort_unstable();
    let (first, last) = (*times.first()?, *times.last()?);
    let window = Window { start: first, end: last + MINUTE };
    let name = format!("{}-{}-normal", day.system, day.date);
    (last.since(first) >= LEAST_QUIET).then_some(Case { name, day, fault: None, window })
}

fn floor(time: SimTime) -> SimTime {
    SimTime::from_nanos(time.nanos().div_euclid(MINUTE.nanos()) * MINUTE.nanos())
}

impl Case<'_> {
    /// Cuts the case out of its day.
    pub(super) fn gather(&self) -> Result<Gathered, ImportError> {
        let mut out = Gathered { topology: self.map(), ..Gathered::default() };
        let ids: BTreeMap<Name, EntityId> =
            out.topology.iter().map(|(id, entity)| (entity.name.clone(), id)).collect();
        for column in &self.day.columns {
            self.pour_column(column, &ids, &mut out);
        }
        for minute in self.minutes() {
            self.pour_minute(minute, SimDuration::ZERO, self.window, &ids, &mut out);
        }
        if let Some((minute, shift)) = self.normal() {
            if shift != SimDuration::ZERO {
                out.notes.push(format!(
                    "the fault-free minute {} of traces and logs is moved by {shift}",
                    minute.start
                ));
            }
            let window = Window { start: SimTime::from_nanos(i64::MIN), ..self.window };
            self.pour_minute(minute, shift, window, &ids, &mut out);
        }
        out.spans.sort_by_key(|s| (s.end(), s.trace_id, s.span_id));
        out.spans.dedup_by_key(|s| (s.end(), s.trace_id, s.span_id));
        out.logs.sort_by(|a, b| key(a).cmp(&key(b)));
        out.logs.dedup();
        out.truth = Some(self.truth());
        Ok(out)
    }

    /// Minute files that may hold something of the case: they reach two minutes back.
    fn minutes(&self) -> impl Iterator<Item = &Minute> {
        let Window { start, end } = self.window;
        let near = Window { start: start - MINUTE, end: end + MINUTE * 2 };
        self.day.minutes.iter().filter(move |minute| near.contains(minute.start))
    }

    /// The fault-free minute and by how much it is moved: not at all if it lies in the history,
    /// else to just before it, where nothing else is.
    fn normal(&self) -> Option<(&Minute, SimDuration)> {
        let minute = self.day.normal.as_ref()?;
        let history = Window { start: self.window.start + MINUTE * 2, end: self.known() };
        let shift = if history.contains(minute.start) {
            SimDuration::ZERO
        } else {
            (floor(self.window.start) - MINUTE * 3).since(minute.start)
        };
        Some((minute, shift))
    }

    /// Until when everything was as usual: two minutes before the fault.
    fn known(&self) -> SimTime {
        self.fault.map_or(self.window.end, |fault| fault.time) - BEFORE
    }

    /// All pods of the day under their services, and the calls that were known before the fault.
    fn map(&self) -> Topology {
        let mut map = Topology::default();
        let pods = self.day.pods();
        let mut services: Vec<&str> = pods.iter().map(|pod| service_of(pod)).collect();
        services.sort_unstable();
        for service in services {
            map.service(service);
        }
        for pod in pods {
            let service = map.service(service_of(pod));
            if service_of(pod) != pod {
                map.add(pod, EntityKind::Replica, Some(service)).expect("pods are distinct");
            }
        }
        let known = self.known();
        let own = self.day.minutes.iter();
        let mut edges = calls_before(own.filter(|m| m.start < known), known);
        edges.extend(calls_before(self.day.normal.iter(), SimTime::from_nanos(i64::MAX)));
        let listed = self.day.dependencies.iter().map(|(from, to)| (from.as_str(), to.as_str()));
        edges.extend(listed);
        if edges.is_empty() {
            edges = calls_before(self.minutes(), self.window.end);
        }
        for (caller, callee) in edges {
            if let (Ok(caller), Ok(callee)) = (map.find(caller), map.find(callee)) {
                map.call(caller, callee);
            }
        }
        map
    }

    fn pour_column(&self, column: &Column, ids: &BTreeMap<Name, EntityId>, out: &mut Gathered) {
        let (entity, label) = match &column.owner {
            Owner::Pod(pod) => (ids.get(pod.as_str()), None),
            Owner::Front => (front(&out.topology).and_then(|name| ids.get(&name)), None),
            Owner::CallerSide(from, to) => (ids.get(from.as_str()), Some(("callee", to))),
            Owner::CalleeSide(from, to) => (ids.get(to.as_str()), Some(("caller", from))),
        };
        let Some(entity) = entity else { return };
        let mut meta = SeriesMeta {
            entity: *entity,
            metric: column.metric.clone(),
            unit: column.unit.to_owned(),
            instrument: Instrument::Gauge,
            role: Role::infer(&column.metric, column.unit),
            labels: BTreeMap::new(),
        };
        meta.labels.extend(column.stat.map(|stat| ("stat".to_owned(), stat.to_owned())));
        meta.labels.extend(label.map(|(key, value)| (key.to_owned(), value.clone())));
        let Ok(id) = out.series.add(meta) else { return };
        for (time, value) in &column.values {
            if self.window.contains(*time) {
                out.sample(*time, id, *value);
            }
        }
    }

    fn pour_minute(
        &self,
        minute: &Minute,
        shift: SimDuration,
        window: Window,
        ids: &BTreeMap<Name, EntityId>,
        out: &mut Gathered,
    ) {
        for raw in &minute.spans {
            let span = Span {
                start: raw.start + shift,
                duration: raw.duration,
                trace_id: raw.trace_id,
                span_id: raw.span_id,
                parent_span_id: raw.parent,
                entity: ids[&*raw.pod],
                operation: raw.operation.clone(),
                kind: raw.kind,
                status: SpanStatus::Unset,
            };
            if window.contains(span.end()) {
                out.spans.push(span);
            }
        }
        for raw in minute.logs.iter().filter(|log| window.contains(log.time + shift)) {
            out.logs.push(LogRecord {
                time: raw.time + shift,
                entity: ids[&*raw.pod],
                severity: raw.severity,
                body: raw.body.clone(),
                trace_id: raw.trace_id,
                span_id: raw.span_id,
            });
        }
    }

    fn truth(&self) -> Truth {
        let Some(fault) = self.fault else { return Truth::default() };
        let window = Window { start: fault.time, end: fault.time + LASTS };
        let incident = TrueIncident {
            id: "fault".to_owned(),
            window,
            onset: None,
            root_causes: vec![Name::from(fault.service.as_str())],
            cause: fault.cause,
            acceptable: Vec::new(),
            forbidden: Vec::new(),
            tolerance_before: BEFORE,
            tolerance_after: AFTER,
            alarm: Some(Alarm { time: fault.time, entity: None, metric: None }),
        };
        let claim = incident.claim();
        let earlier = self.day.faults.iter().filter(|other| other.time < fault.time);
        let ignore = earlier
            .map(|other| Window {
                start: other.time - BEFORE,
                end: (other.time + LASTS + AFTER).min(claim.start),
            })
            .filter(|window| window.overlaps(&self.window) && window.start < window.end)
            .collect();
        Truth { incidents: vec![incident], ignore }
    }
}

/// The service at which users enter, by the usual names; the source calls it "Frontend".
fn front(map: &Topology) -> Option<Name> {
    let names = map.suspects().map(|id| map.name(id));
    let entry = |name: &&Name| ["frontend", "gateway", "ui"].iter().any(|part| name.contains(part));
    names.filter(entry).min_by_key(|name| !name.starts_with("frontend")).cloned()
}

fn key(log: &LogRecord) -> (SimTime, EntityId, u128, u64, &str) {
    (log.time, log.entity, log.trace_id, log.span_id, &log.body)
}
