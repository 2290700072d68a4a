//! The little incident that a conformance test plays: a shop of two services, a deploy, failures.
//!
//! Everything is fixed: the same talk for every engine. Times start at a round hour.

use crate::model::*;
use crate::unit::{ActionId, EntityId, IncidentId, Name, Ratio, SimDuration, SimTime};

use super::is_order;

/// Seconds between steps.
const INTERVAL: i64 = 15;

/// What is said next, and what was heard.
pub(super) struct Feed {
    pub(super) topology: Topology,
    pub(super) series: SeriesCatalog,
    /// Decisions heard so far.
    pub(super) decisions: usize,
    /// Orders that were answered.
    pub(super) ordered: usize,
    tick: i64,
    mood: Mood,
    web: EntityId,
    cart: EntityId,
    orders: Vec<Decision>,
    answering: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mood {
    Well,
    Holes,
    Nothing,
    Sick,
}

impl Feed {
    pub(super) fn new() -> Self {
        let (mut topology, mut series) = (Topology::default(), SeriesCatalog::default());
        let (web, cart) = (topology.service("web"), topology.service("cart"));
        topology.call(web, cart);
        for entity in [web, cart] {
            add(&mut series, SeriesMeta::gauge(entity, names::ERROR_RATIO, "1"));
            let duration = SeriesMeta::gauge(entity, names::DURATION, "s");
            add(&mut series, duration.label("stat", "p99"));
            add(&mut series, SeriesMeta::gauge(entity, names::DESIRED_PODS, "{pod}"));
        }
        Self {
            topology,
            series,
            decisions: 0,
            ordered: 0,
            tick: 0,
            mood: Mood::Well,
            web,
            cart,
            orders: Vec::new(),
            answering: false,
        }
    }

    /// The next frame has holes.
    pub(super) fn holes(&mut self) {
        self.mood = Mood::Holes;
    }

    /// The next step says nothing at all.
    pub(super) fn nothing(&mut self) {
        self.mood = Mood::Nothing;
    }

    /// A replica and its memory appear.
    pub(super) fn grow(&mut self) {
        self.mood = Mood::Well;
        let replica = self.topology.add("cart-0", EntityKind::Replica, Some(self.cart));
        let replica = replica.expect("added once");
        add(&mut self.series, SeriesMeta::gauge(replica, names::MEMORY_UTILIZATION, "1"));
        let db = self.topology.service("db");
        self.topology.call(self.cart, db);
    }

    /// From now on cart fails, after a deploy.
    pub(super) fn fail(&mut self) {
        self.mood = Mood::Sick;
    }

    /// From now on orders are answered.
    pub(super) fn answer(&mut self) {
        self.answering = true;
    }

    pub(super) fn now(&self) -> SimTime {
        SimTime::from_secs(1_767_225_600 + self.tick * INTERVAL)
    }

    /// The next step.
    pub(super) fn next(&mut self) -> (SimTime, Batch) {
        self.tick += 1;
        let now = self.now();
        let mut batch = Batch::default();
        if self.mood == Mood::Nothing {
            return (now, batch);
        }
        batch.has_frame = true;
        batch.frame.reset(now, self.series.len());
        for (id, meta) in self.series.iter() {
            let wobble = ((self.tick * 7 + i64::from(id.0)) % 5) as f64 / 100.0;
            let sick = self.mood == Mood::Sick;
            let value = match meta.role {
                Role::Errors if sick => 0.4,
                Role::Latency if sick => 2.5,
                Role::Memory if sick => 0.97,
                Role::Errors => 0.001,
                Role::Latency => 0.1 + wobble,
                Role::Memory => 0.4 + wobble,
                _ => 3.0,
            };
            let hole = self.mood == Mood::Holes && id.0 % 2 == 0;
            batch.frame.values[id.index()] = if hole { f64::NAN } else { value };
        }
        if self.mood == Mood::Sick {
            self.trouble(now, &mut batch);
        }
        if self.answering {
            self.answers(now, &mut batch);
        }
        (now, batch)
    }

    fn trouble(&self, now: SimTime, batch: &mut Batch) {
        let event = |kind, reason: &str| Event::new(now, kind, Some(Name::from("cart")), reason);
        batch.events.push(
            event(EventKind::Deploy, "deploy").with("version", "v2").with("previous_version", "v1"),
        );
        batch.events.push(event(EventKind::Kubernetes, "OOMKilling"));
        batch.logs.push(LogRecord {
            time: now,
            entity: self.cart,
            severity: severity::ERROR,
            body: "java.lang.OutOfMemoryError: \"heap\"\n\tat Cart.add".to_owned(),
            trace_id: 7,
            span_id: 1,
        });
        batch.spans.push(Span {
            start: now,
            duration: SimDuration::from_millis(2500),
            trace_id: 7,
            span_id: 1,
            parent_span_id: 0,
            entity: self.web,
            operation: "GET /".into(),
            kind: SpanKind::Server,
            status: SpanStatus::Error,
        });
    }

    fn answers(&mut self, now: SimTime, batch: &mut Batch) {
        let ends = [
            OutcomeStatus::Failed,
            OutcomeStatus::NotApplicable,
            OutcomeStatus::Unknown,
            OutcomeStatus::Applied,
        ];
        for order in std::mem::take(&mut self.orders) {
            let nth = self.ordered;
            self.ordered += 1;
            match order {
                Decision::Act(action) => batch.outcomes.push(Outcome {
                    action: action.id,
                    time: now,
                    status: ends[nth % ends.len()],
                    detail: "as the test wants it".to_owned(),
                }),
                Decision::Ask(action) => batch.answers.push(Answer {
                    action: action.id,
                    time: now,
                    kind: [AnswerKind::Refused, AnswerKind::Approved][nth % 2],
                    person: Name::from("asha"),
                    detail: String::new(),
                }),
                _ => {}
            }
        }
    }

    /// Takes in what an engine decided.
    pub(super) fn heard(&mut self, decisions: &[Decision]) {
        self.decisions += decisions.len();
        self.orders.extend(decisions.iter().filter(|d| is_order(d)).cloned());
    }

    /// The incident that single stages are asked about.
    pub(super) fn incident(&self) -> Incident {
        let now = self.now();
        let anomaly = Anomaly {
            id: 1,
            detector: "burn_rate".to_owned(),
            class: SignalClass::Metric,
            entity: Name::from("cart"),
            instance: None,
            signal: names::ERROR_RATIO.to_owned(),
            role: Role::Errors,
            since: now,
            raised: now,
            score: 4.0,
            direction: Direction::Up,
            observed: Some(0.4),
            expected: Some(0.001),
            unit: "1".to_owned(),
        };
        let deploy = Event::new(now, EventKind::Deploy, Some(Name::from("cart")), "deploy");
        Incident {
            id: IncidentId(1),
            change: IncidentChange::Opened,
            other: None,
            opened: now,
            since: now,
            anomalies: vec![anomaly],
            changes: vec![deploy],
            reason: "one signal".to_owned(),
        }
    }

    /// The diagnosis that a substitute for remediation is asked about.
    pub(super) fn diagnosis(&self) -> Diagnosis {
        let hypothesis = Hypothesis {
            entity: Name::from("cart"),
            cause: Cause::BadDeploy,
            confidence: Ratio::clamped(0.9),
            evidence: Vec::new(),
        };
        let summary = "bad deploy of cart".to_owned();
        Diagnosis { incident: IncidentId(1), hypotheses: vec![hypothesis], tree: None, summary }
    }

    /// The action that a substitute for the guardrails is asked about.
    pub(super) fn proposal(&self) -> Proposal {
        Proposal {
            action: Action {
                id: ActionId(1),
                incident: IncidentId(1),
                target: Name::from("cart"),
                operation: Operation::Rollback { version: None, strategy: Strategy::Canary },
                risk: Risk::Reversible,
                dry_run: false,
                reason: "bad deploy of cart".to_owned(),
            },
            cause: Cause::BadDeploy,
            confidence: Ratio::clamped(0.9),
            target_replicas: Some(3),
            fleet_replicas: Some(6),
        }
    }
}

fn add(series: &mut SeriesCatalog, meta: SeriesMeta) {
    series.add(meta).expect("each series is added once");
}
