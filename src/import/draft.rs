//! One case in the making: rows in any order -> a sorted, deduplicated timeline.
//!
//! Owns what every importer would otherwise repeat: names to dense ids, the last of two samples at
//! one instant wins (counted), samples out of order are sorted (counted), infinities are left out
//! (counted), NaN is absent; the step is the median distance of neighbours; calls follow from
//! parent spans. Known limit: a case is held in memory, 24 bytes a sample, until it is written.

use std::collections::BTreeMap;

use super::gathered::Gathered;
use super::table::Cell;
use super::tally::Tally;
use crate::model::{
    EntityKind, Event, LogRecord, SeriesCatalog, SeriesMeta, Span, Topology, Truth,
};
use crate::timeline::Sample;
use crate::unit::{EntityId, SeriesId, SimDuration, SimTime, Window};

/// One case in the making.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) topology: Topology,
    pub(super) series: SeriesCatalog,
    pub(super) logs: Vec<LogRecord>,
    pub(super) spans: Vec<Span>,
    pub(super) events: Vec<Event>,
    pub(super) truth: Option<Truth>,
    pub(super) tally: Tally,
    index: BTreeMap<SeriesKey, SeriesId>,
    samples: Vec<Sample>,
    newest: Vec<SimTime>,
}

type SeriesKey = (EntityId, String, BTreeMap<String, String>);

impl Draft {
    /// The service called `name`.
    pub(super) fn service(&mut self, name: &str) -> EntityId {
        self.topology.service(name)
    }

    /// The entity called `name`, added as `kind` if it is new.
    pub(super) fn entity(&mut self, name: &str, kind: EntityKind) -> EntityId {
        self.known_or_new(name, kind, None)
    }

    /// The replica `name` of a service; `service/name` where the plain name is taken.
    pub(super) fn replica(&mut self, service: EntityId, name: &str) -> EntityId {
        let mut name = name.to_owned();
        loop {
            let id = self.known_or_new(&name, EntityKind::Replica, Some(service));
            let entity = self.topology.get(id);
            if entity.kind == EntityKind::Replica && entity.parent == Some(service) {
                return id;
            }
            name = format!("{}/{name}", self.topology.name(service));
        }
    }

    /// Adds first and looks second: a failed look-up searches all names for the nearest.
    fn known_or_new(&mut self, name: &str, kind: EntityKind, of: Option<EntityId>) -> EntityId {
        let added = self.topology.add(name, kind, of);
        added.or_else(|_| self.topology.find(name)).expect("a name that is taken is found")
    }

    /// The column that `meta` describes, added if it is new.
    pub(super) fn column(&mut self, meta: SeriesMeta) -> SeriesId {
        let key = (meta.entity, meta.metric.clone(), meta.labels.clone());
        *self.index.entry(key).or_insert_with(|| {
            self.newest.push(SimTime::from_nanos(i64::MIN));
            self.series.add(meta).expect("the index holds every column there is")
        })
    }

    /// Adds a value; NaN adds nothing, an infinity is counted.
    pub(super) fn sample(&mut self, time: SimTime, series: SeriesId, value: f64) {
        if value.is_nan() {
            return;
        }
        if value.is_infinite() {
            return self.tally.count("infinite values left out");
        }
        let newest = &mut self.newest[series.index()];
        if time < *newest {
            self.tally.count("samples out of order, sorted");
        }
        *newest = time.max(*newest);
        self.samples.push(Sample { time, series, value });
    }

    /// Adds what stood in a cell.
    pub(super) fn cell(&mut self, time: SimTime, series: SeriesId, cell: Cell) {
        match cell {
            Cell::Number(value) => self.sample(time, series, value),
            Cell::Infinite => self.sample(time, series, f64::INFINITY),
            Cell::Absent => self.tally.count("absent values (empty or NaN)"),
        }
    }

    /// Whether nothing was recorded at all.
    pub(super) fn is_empty(&self) -> bool {
        let nothing_else = self.spans.is_empty() && self.events.is_empty();
        self.samples.is_empty() && self.logs.is_empty() && nothing_else
    }

    /// Sorts everything by time and keeps the last of samples at one instant. The order of equal
    /// times is the order of arrival.
    pub(super) fn settle(&mut self) {
        self.samples.sort_by_key(|s| (s.time, s.series));
        let before = self.samples.len();
        self.samples.dedup_by(|later, kept| {
            let twice = later.time == kept.time && later.series == kept.series;
            if twice {
                kept.value = later.value;
            }
            twice
        });
        let replaced = (before - self.samples.len()) as u64;
        self.tally.add("samples replaced by a later one at the same instant", replaced);
        self.logs.sort_by_key(|log| log.time);
        self.spans.sort_by_key(Span::end);
        self.events.sort_by_key(|event| event.time);
    }

    /// Itself as a case to be written, with its tally as notes.
    pub(super) fn gathered(self) -> Gathered {
        Gathered {
            notes: self.tally.notes(),
            topology: self.topology,
            series: self.series,
            truth: self.truth,
            samples: self.samples,
            logs: self.logs,
            spans: self.spans,
            events: self.events,
        }
    }

    /// The samples, in the order that `settle` gave them.
    pub(super) fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// The distance of neighbouring samples of one series: the median over all of them, rounded
    /// to whole seconds from one second up. `None` if no series has two. Call `settle` first.
    pub(super) fn step(&self) -> Option<SimDuration> {
        let mut newest: Vec<Option<SimTime>> = vec![None; self.series.len()];
        let mut steps: Vec<i64> = Vec::new();
        for sample in &self.samples {
            if let Some(before) = newest[sample.series.index()].replace(sample.time) {
                steps.push(sample.time.since(before).nanos());
            }
        }
        if steps.is_empty() {
            return None;
        }
        let middle = (steps.len() - 1) / 2;
        let step = *steps.select_nth_unstable(middle).1;
        const SECOND: i64 = 1_000_000_000;
        let rounded =
            if step < SECOND { step } else { step.saturating_add(SECOND / 2) / SECOND * SECOND };
        Some(SimDuration::from_nanos(rounded))
    }

    /// From the first thing recorded to the last, which is outside. Call `settle` first.
    pub(super) fn window(&self) -> Option<Window> {
        let samples = self.samples.first().zip(self.samples.last());
        let logs = self.logs.first().zip(self.logs.last());
        let spans = self.spans.first().zip(self.spans.last());
        let events = self.events.first().zip(self.events.last());
        let stretches = [
            samples.map(|(a, b)| (a.time, b.time)),
            logs.map(|(a, b)| (a.time, b.time)),
            spans.map(|(a, b)| (a.end(), b.end())),
            events.map(|(a, b)| (a.time, b.time)),
        ];
        let known = stretches.into_iter().flatten();
        known.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))).map(|(start, end)| Window { start, end })
    }

    /// Adds a call wherever a span's parent is a span of another service.
    pub(super) fn calls_from_spans(&mut self) {
        let service = |topology: &Topology, span: &Span| topology.service_of(span.entity);
        let owners: BTreeMap<(u128, u64), EntityId> = self
            .spans
            .iter()
            .map(|s| ((s.trace_id, s.span_id), service(&self.topology, s)))
            .collect();
        for span in &self.spans {
            let callee = service(&self.topology, span);
            match owners.get(&(span.trace_id, span.parent_span_id)) {
                Some(caller) if *caller != callee => self.topology.call(*caller, callee),
                _ => {}
            }
        }
    }
}

/// A case's name from its parts, in characters that every file system keeps apart from paths.
pub(super) fn case_name(parts: &[&str]) -> String {
    let keep = |c: char| match c {
        c if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') => c,
        _ => '_',
    };
    let name: String = parts.join(".").chars().map(keep).collect();
    let name = name.trim_matches('.');
    if name.is_empty() { "case".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{SpanKind, SpanStatus};
    use proptest::prelude::*;

    fn draft(rows: &[(i64, f64)]) -> (Draft, SeriesId) {
        let mut draft = Draft::default();
        let entity = draft.service("a");
        let series = draft.column(SeriesMeta::gauge(entity, "m", ""));
        for (secs, value) in rows {
            draft.sample(SimTime::from_secs(*secs), series, *value);
        }
        draft.settle();
        (draft, series)
    }

    #[test]
    fn disorder_is_mended_and_said() {
        let rows =
            [(10, 1.0), (30, 3.0), (20, 2.0), (30, 4.0), (40, f64::NAN), (50, f64::INFINITY)];
        let (draft, series) = draft(&rows);
        let values: Vec<f64> = draft.samples().iter().map(|s| s.value).collect();
        assert_eq!(values, [1.0, 2.0, 4.0]);
        assert!(draft.samples().iter().all(|s| s.series == series));
        assert_eq!(draft.step(), Some(SimDuration::from_secs(10)));
        assert_eq!(
            draft.tally.notes(),
            [
                "infinite values left out: 1",
                "samples out of order, sorted: 1",
                "samples replaced by a later one at the same instant: 1",
            ]
        );
    }

    #[test]
    fn replicas_never_take_a_service_name() {
        let mut draft = Draft::default();
        let (cart, web) = (draft.service("cart"), draft.service("web"));
        let own = draft.replica(cart, "cart");
        assert_eq!(draft.topology.name(own).as_str(), "cart/cart");
        assert_eq!(draft.replica(cart, "cart"), own);
        let pod = draft.replica(cart, "0");
        assert_ne!(draft.replica(web, "0"), pod);
        assert_eq!(draft.replica(cart, "0"), pod);
    }

    #[test]
    fn a_parent_in_another_service_is_a_call() {
        let mut draft = Draft::default();
        let (web, cart) = (draft.service("web"), draft.service("cart"));
        for (span_id, parent_span_id, entity) in [(1, 0, web), (2, 1, web), (3, 2, cart)] {
            draft.spans.push(Span {
                start: SimTime::default(),
                duration: SimDuration::ZERO,
                trace_id: 7,
                span_id,
                parent_span_id,
                entity,
                operation: "get".into(),
                kind: SpanKind::Internal,
                status: SpanStatus::Unset,
            });
        }
        draft.calls_from_spans();
        let calls: Vec<_> = draft.topology.calls().map(|c| (c.caller, c.callee)).collect();
        assert_eq!(calls, [(web, cart)]);
    }

    #[test]
    fn names_of_cases_hold_no_path() {
        assert_eq!(case_name(&["re1/ob", "cart cpu", "1"]), "re1_ob.cart_cpu.1");
        assert_eq!(case_name(&["..", "/"]), "_");
        assert_eq!(case_name(&[".."]), "case");
    }

    proptest! {
        #[test]
        fn samples_come_out_sorted_and_once(rows in proptest::collection::vec(
            (0_i64..50, -1e9_f64..1e9), 0..80)) {
            let (draft, _) = draft(&rows);
            prop_assert!(draft.samples().windows(2).all(|w| w[0].time < w[1].time));
            for sample in draft.samples() {
                let last = rows.iter().rev().find(|r| SimTime::from_secs(r.0) == sample.time);
                prop_assert_eq!(last.map(|r| r.1), Some(sample.value));
            }
        }
    }
}
