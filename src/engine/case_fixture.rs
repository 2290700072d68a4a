//! A small shop for tests: web -> cart -> db, cart -> pay (external), web -> ads; six metrics a
//! service, a quiet baseline of 60 frames of 15 s, then whatever a test makes of it.

use std::collections::BTreeMap;

use super::History;
use super::case::{Case, OwnChange, Surroundings};
use super::diagnose::Method;
use crate::model::{
    Anomaly, Cause, Event, EventKind, Frame, Incident, IncidentChange, SeriesCatalog, SeriesMeta,
    Topology, names,
};
use crate::unit::{EntityId, IncidentId, Name, SimDuration, SimTime};

/// Frames before the onset.
const BEFORE: i64 = 60;
/// When the first symptom shows.
pub(super) const ONSET: SimTime = SimTime::from_secs(BEFORE * 15);

/// The shop and what happens to it.
pub(super) struct Shop {
    topology: Topology,
    series: SeriesCatalog,
    levels: BTreeMap<(EntityId, String), (f64, f64, i64)>,
    frames_after: i64,
    anomalies: Vec<Anomaly>,
    changes: Vec<Event>,
    events: Vec<Event>,
    own: Vec<OwnChange>,
    refuted: Vec<(Name, Cause)>,
}

impl Shop {
    pub(super) fn new() -> Self {
        let mut topology = Topology::default();
        let ids: Vec<EntityId> =
            ["web", "cart", "db", "ads"].map(|name| topology.service(name)).to_vec();
        let pay = topology.add("pay", crate::model::EntityKind::External, None).unwrap();
        for (caller, callee) in [(0, 1), (1, 2), (0, 3)] {
            topology.call(ids[caller], ids[callee]);
        }
        topology.call(ids[1], pay);
        let mut series = SeriesCatalog::default();
        for id in ids {
            for (metric, unit) in [
                (names::REQUEST_RATE, "{request}/s"),
                (names::ERROR_RATIO, "1"),
                (names::DURATION, "s"),
                (names::MEMORY_UTILIZATION, "1"),
                (names::CPU_UTILIZATION, "1"),
                (names::DESIRED_PODS, "{pod}"),
            ] {
                series.add(SeriesMeta::gauge(id, metric, unit)).unwrap();
            }
        }
        Self {
            topology,
            series,
            levels: BTreeMap::new(),
            frames_after: 8,
            anomalies: Vec::new(),
            changes: Vec::new(),
            events: Vec::new(),
            own: Vec::new(),
            refuted: Vec::new(),
        }
    }

    /// A zone with nodes.
    pub(super) fn machines(mut self, zone: &str, nodes: &[&str]) -> Self {
        use crate::model::EntityKind::{Node, Zone};
        let zone = self.topology.add(zone, Zone, None).unwrap();
        for node in nodes {
            self.topology.add(*node, Node, Some(zone)).unwrap();
        }
        self
    }

    /// A metric steps from `before` to `after` at the onset.
    pub(super) fn step(self, service: &str, metric: &str, before: f64, after: f64) -> Self {
        self.late_step(service, metric, before, after, 0)
    }

    /// The same, `late` frames after the onset.
    pub(super) fn late_step(
        mut self,
        service: &str,
        metric: &str,
        before: f64,
        after: f64,
        late: i64,
    ) -> Self {
        let id = self.topology.find(service).unwrap();
        self.levels.insert((id, metric.to_owned()), (before, after, late));
        self
    }

    /// A metric that the shop does not have by itself, at one value all the time.
    pub(super) fn level(mut self, service: &str, metric: &str, unit: &str, value: f64) -> Self {
        let id = self.topology.find(service).unwrap();
        self.series.add(SeriesMeta::gauge(id, metric, unit)).unwrap();
        self.step(service, metric, value, value)
    }

    /// A caller's view of a call steps at the onset.
    pub(super) fn edge_step(mut self, caller: &str, callee: &str, before: f64, after: f64) -> Self {
        let id = self.topology.find(caller).unwrap();
        let meta = SeriesMeta::gauge(id, names::CLIENT_DURATION, "s").label("callee", callee);
        self.series.add(meta).unwrap();
        self.step(caller, names::CLIENT_DURATION, before, after)
    }

    /// The failed share of a caller's calls steps at the onset.
    pub(super) fn failing_calls(mut self, caller: &str, callee: &str, from: f64, to: f64) -> Self {
        let id = self.topology.find(caller).unwrap();
        let meta = SeriesMeta::gauge(id, names::CLIENT_ERROR_RATIO, "1").label("callee", callee);
        self.series.add(meta).unwrap();
        self.step(caller, names::CLIENT_ERROR_RATIO, from, to)
    }

    pub(super) fn change(mut self, time: SimTime, kind: EventKind, entity: &str) -> Self {
        let event = Event::new(time, kind, Some(entity.into()), "changed").with("version", "v2");
        self.changes.push(event);
        self
    }

    pub(super) fn event(mut self, time: SimTime, entity: &str, reason: &str) -> Self {
        self.events.push(Event::new(time, EventKind::Kubernetes, Some(entity.into()), reason));
        self
    }

    pub(super) fn anomaly(mut self, anomaly: Anomaly) -> Self {
        self.anomalies.push(anomaly);
        self
    }

    pub(super) fn own(mut self, target: &str, since: SimTime) -> Self {
        self.own.push(OwnChange { target: target.into(), since, until: None });
        self
    }

    pub(super) fn refuted(mut self, target: &str, cause: Cause) -> Self {
        self.refuted.push((target.into(), cause));
        self
    }

    pub(super) fn frames_after(mut self, frames: i64) -> Self {
        self.frames_after = frames;
        self
    }

    pub(super) fn name(&self, id: EntityId) -> &str {
        self.topology.name(id).as_str()
    }

    /// Changes and events that became visible after `from`, up to `to`.
    pub(super) fn seen(&self, from: SimTime, to: SimTime) -> Vec<Event> {
        let all = self.changes.iter().chain(&self.events);
        all.filter(|event| from < event.time && event.time <= to).cloned().collect()
    }

    pub(super) fn topology(&self) -> &Topology {
        &self.topology
    }

    pub(super) fn series(&self) -> &SeriesCatalog {
        &self.series
    }

    /// The values of frame `at`, counted from the start.
    pub(super) fn frame(&self, at: i64) -> Frame {
        let value = |meta: &SeriesMeta| {
            if meta.metric == names::DESIRED_PODS {
                return if self.name(meta.entity) == "cart" { 3.0 } else { 6.0 };
            }
            let usual = match meta.metric.as_str() {
                names::ERROR_RATIO => 0.001,
                names::REQUEST_RATE => 100.0,
                names::DURATION => 0.1,
                _ => 0.3,
            };
            let key = (meta.entity, meta.metric.clone());
            let (before, after, late) = self.levels.get(&key).copied().unwrap_or((usual, usual, 0));
            let level = if at >= BEFORE + late { after } else { before };
            level * (1.0 + 0.01 * ((at * 7 + i64::from(meta.entity.0)) % 5 - 2) as f64)
        };
        let values = self.series.iter().map(|(_, meta)| value(meta)).collect();
        Frame { time: SimTime::from_secs(at * 15), values }
    }

    pub(super) fn with_case<T>(&self, then: impl FnOnce(&Case<'_>) -> T) -> T {
        let mut history = History::new(200);
        for at in 0..BEFORE + self.frames_after {
            history.push(&self.frame(at), &self.series);
        }
        let incident = Incident {
            id: IncidentId(1),
            change: IncidentChange::Opened,
            other: None,
            opened: ONSET + SimDuration::from_secs(30),
            since: ONSET,
            anomalies: self.anomalies.clone(),
            changes: self.changes.clone(),
            reason: "test".to_owned(),
        };
        let placement = super::placement::Placement::of(&self.topology);
        let around = Surroundings {
            now: ONSET + SimDuration::from_secs(15) * self.frames_after,
            topology: &self.topology,
            series: &self.series,
            history: &history,
            visits: &super::visits::Visits::default(),
            placement: &placement,
            events: &self.events,
            own: &self.own,
            refuted: &self.refuted,
        };
        then(&Case::new(around, &incident))
    }
}

/// Names of all that a method suspects, best first; ties in name order.
pub(super) fn ranking(shop: &Shop, mut method: Box<dyn Method + Send>) -> Vec<String> {
    let mut out = Vec::new();
    shop.with_case(|case| method.rank(case, &mut out));
    out.sort_by(|a, b| {
        b.score.total_cmp(&a.score).then_with(|| shop.name(a.entity).cmp(shop.name(b.entity)))
    });
    out.iter().map(|s| shop.name(s.entity).to_owned()).collect()
}
