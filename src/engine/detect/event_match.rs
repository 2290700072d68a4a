//! Events that speak for themselves, and metrics that are events in disguise.
//!
//! In: Kubernetes events, status pages, alerts from outside; restart counters, certificate time
//! left, configuration drift. Out: findings for events (complete in themselves, no second sighting
//! is waited for) and scores for those metrics. Changes are no anomalies: they are suspects.
//! Sources: Kubernetes event reasons as written by kubelet and controllers
//! (pkg/kubelet/events); certificate renewal lead time as in cert-manager's defaults.
//! Known limit: events that name no known entity are left out.

use std::collections::{BTreeMap, VecDeque};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Build, Detector, Finding, Scored, Scores, fresh_frame};
use crate::catalog::{Entry, schema_of};
use crate::engine::History;
use crate::engine::chosen::Chosen;
use crate::engine::effect::has_baseline;
use crate::model::{
    Direction, Event, EventKind, Instrument, Role, SeriesMeta, SignalClass, StepInput, seconds_in,
};
use crate::unit::{EntityId, SimDuration, SimTime};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "event_match",
    summary: "OOM kills, crash loops, restarts, certificates near expiry, config drift, alerts",
    help: "Scores events by their reason and metrics by facts that need no baseline: a restart \
           counter that grew, a certificate with less than `expiry` left, live configuration that \
           differs from the desired one.",
    source: "Kubernetes event reasons; cert-manager renewal lead time",
    example: "{ expiry: 168h }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(EventMatch::new(spec.read()?))),
};

/// Parameters of `event_match`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Time left of a certificate at which the score is 1.
    pub expiry: SimDuration,
    /// Time within which weak events (failed probes) must repeat.
    pub within: SimDuration,
}

impl Default for Config {
    fn default() -> Self {
        Self { expiry: SimDuration::from_secs(7 * 86_400), within: SimDuration::from_secs(180) }
    }
}

/// See the file's head.
#[derive(Debug)]
pub struct EventMatch {
    config: Config,
    recent: BTreeMap<(EntityId, &'static str), VecDeque<SimTime>>,
    facts: Chosen<Fact>,
    /// The last value of each of them; NaN before the first.
    before: Vec<f64>,
}

/// A reason that contains `word` (lower case, letters only) scores `score` once it came `times`.
struct Rule {
    word: &'static str,
    role: Role,
    score: f64,
    times: usize,
}

const fn rule(word: &'static str, role: Role, score: f64, times: usize) -> Rule {
    Rule { word, role, score, times }
}

/// The more specific first.
const RULES: [Rule; 15] = [
    rule("oomkill", Role::Memory, 4.0, 1),
    rule("systemoom", Role::Memory, 4.0, 1),
    rule("backoff", Role::Restarts, 3.0, 1),
    rule("nodenotready", Role::Other, 4.0, 1),
    rule("memorypressure", Role::Memory, 2.5, 1),
    rule("diskpressure", Role::Disk, 2.5, 1),
    rule("evict", Role::Saturation, 2.5, 1),
    rule("failedscheduling", Role::Replicas, 1.5, 2),
    rule("failedmount", Role::Drift, 1.5, 2),
    rule("certificate", Role::Expiry, 3.0, 1),
    rule("expired", Role::Expiry, 3.0, 1),
    rule("probe", Role::Availability, 1.5, 3),
    rule("unhealthy", Role::Availability, 1.5, 3),
    rule("failed", Role::Errors, 1.2, 2),
    rule("crash", Role::Restarts, 3.0, 1),
];

/// Sightings remembered per entity and rule.
const MOST_RECENT: usize = 16;

impl EventMatch {
    /// With nothing seen.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let (recent, facts) = (BTreeMap::new(), Chosen::default());
        Self { config, recent, facts, before: Vec::new() }
    }

    fn match_event(&mut self, event: &Event, input: &StepInput<'_>) -> Option<Finding> {
        let entity = match &event.entity {
            Some(name) => input.topology.find(name).ok()?,
            // Who rings without saying where is a user, and users come in at the front.
            None if event.kind == EventKind::Alert => input.topology.front_door()?,
            None => return None,
        };
        let (role, score) = match event.kind {
            EventKind::Kubernetes => self.match_reason(event, input.topology.service_of(entity))?,
            EventKind::ExternalStatus => (Role::Availability, status_score(event)?),
            EventKind::Alert => {
                let metric = event.attributes.get("metric").unwrap_or(&event.reason);
                (Role::infer(metric, ""), 2.0)
            }
            _ => return None,
        };
        let service = input.topology.service_of(entity);
        Some(Finding {
            detector: ENTRY.kind,
            class: SignalClass::Event,
            entity: service,
            instance: (service != entity).then_some(entity),
            signal: event.reason.clone(),
            role,
            since: event.time,
            score,
            direction: Direction::Up,
            observed: None,
            expected: None,
            unit: "",
            at_once: score >= 1.0,
        })
    }

    fn match_reason(&mut self, event: &Event, service: EntityId) -> Option<(Role, f64)> {
        let flat: String =
            event.reason.chars().filter(char::is_ascii_alphabetic).collect::<String>();
        let flat = flat.to_ascii_lowercase();
        let rule = RULES.iter().find(|rule| flat.contains(rule.word))?;
        let recent = self.recent.entry((service, rule.word)).or_default();
        recent.push_back(event.time);
        let earliest = event.time - self.config.within;
        while recent.front().is_some_and(|t| *t < earliest) || recent.len() > MOST_RECENT {
            recent.pop_front();
        }
        let enough = recent.len().min(rule.times) as f64 / rule.times as f64;
        Some((rule.role, rule.score * enough.powi(2)))
    }
}

/// What a metric tells that needs no baseline.
#[derive(Debug, Clone, Copy)]
enum Fact {
    /// Restarts, as a rate.
    Restarts,
    /// Restarts so far.
    RestartsSoFar,
    /// More than none is bad.
    Drift,
    /// Time left, in so many seconds each.
    Expiry(f64),
}

impl Fact {
    fn of(meta: &SeriesMeta) -> Option<Self> {
        match meta.role {
            _ if has_baseline(meta.role) => None,
            Role::Restarts if meta.instrument == Instrument::Counter => Some(Self::Restarts),
            Role::Restarts => Some(Self::RestartsSoFar),
            Role::Drift => Some(Self::Drift),
            Role::Expiry => seconds_in(&meta.unit).map(Self::Expiry),
            _ => None,
        }
    }

    /// Score and expected value, of a series that has the value now and had another before.
    fn judge(self, value: f64, before: f64, expiry: SimDuration) -> Option<(f64, f64)> {
        match self {
            Self::Restarts => (value > 0.0).then_some((3.0, f64::NAN)),
            Self::RestartsSoFar => (value > before).then_some((3.0, f64::NAN)),
            Self::Drift => (value > 0.0).then_some((2.0, 0.0)),
            Self::Expiry(unit) => {
                let (left, lead) = (value * unit, expiry.secs_f64());
                Some(((lead / left.max(lead / 10.0)).max(0.0), f64::NAN))
            }
        }
    }
}

impl Detector for EventMatch {
    fn observe(&mut self, input: &StepInput<'_>, history: &History, out: &mut Scores) {
        for event in &input.batch.events {
            if let Some(finding) = self.match_event(event, input) {
                out.finding(finding);
            }
        }
        let Some(since) = fresh_frame(input, history) else { return };
        let facts = self.facts.update(input.series, Fact::of);
        self.before.resize(facts.len(), f64::NAN);
        for (&(series, fact), last) in facts.iter().zip(&mut self.before) {
            let Some(observed) = history.latest(series) else { continue };
            let before = std::mem::replace(last, observed);
            let Some((score, expected)) = fact.judge(observed, before, self.config.expiry) else {
                continue;
            };
            let direction = input.series.get(series).direction();
            let detector = ENTRY.kind;
            out.series(Scored { detector, series, score, since, direction, observed, expected });
        }
    }
}

fn status_score(event: &Event) -> Option<f64> {
    let status = event.attributes.get("status").unwrap_or(&event.reason).to_ascii_lowercase();
    match status.as_str() {
        "operational" | "ok" | "none" | "resolved" | "up" | "completed" => None,
        "degraded" | "degraded_performance" | "minor" | "monitoring" => Some(1.5),
        _ => Some(2.5),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::testing::{Series, findings};
    use crate::model::names;
    use crate::unit::Name;

    fn detector() -> EventMatch {
        EventMatch::new(Config::default())
    }

    #[track_caller]
    fn check(kind: EventKind, entity: &str, reasons: &[&str], expected: &[(Role, f64)]) {
        let event = |reason: &&str| {
            let entity = Some(Name::from(entity));
            Event::new(SimTime::from_secs(9), kind, entity, reason)
        };
        let events = reasons.iter().map(event).collect();
        let found = findings(&mut detector(), vec![(10, Vec::new(), Vec::new(), events)]);
        let found: Vec<(Role, f64)> = found.iter().map(|(_, f)| (f.role, f.score)).collect();
        assert_eq!(found, expected, "{reasons:?}");
    }

    #[test]
    fn reasons_score_by_what_they_mean() {
        use EventKind::{Alert, Deploy, ExternalStatus, Kubernetes};
        check(Kubernetes, "cart", &["OOMKilling"], &[(Role::Memory, 4.0)]);
        check(Kubernetes, "cart", &["CrashLoopBackOff"], &[(Role::Restarts, 3.0)]);
        check(Kubernetes, "cart", &["Unhealthy"], &[]);
        check(
            Kubernetes,
            "cart",
            &["Unhealthy"; 3],
            &[(Role::Availability, 1.5 * 4.0 / 9.0), (Role::Availability, 1.5)],
        );
        check(Kubernetes, "cart", &["Scheduled", "Pulled", "Started", "Killing"], &[]);
        check(Kubernetes, "nobody", &["OOMKilling"], &[]);
        check(Deploy, "cart", &["deploy"], &[]);
        check(Alert, "web", &["latency"], &[(Role::Latency, 2.0)]);
        check(
            ExternalStatus,
            "cart",
            &["operational", "major_outage"],
            &[(Role::Availability, 2.5)],
        );
    }

    #[test]
    fn metrics_that_are_events_score_without_a_baseline() {
        let restarts = |kind: Series, values: &[f64]| kind.last_score(&mut detector(), values);
        assert_eq!(restarts(Series::counter(names::RESTARTS, "{restart}"), &[2.0, 3.0]), 3.0);
        assert_eq!(restarts(Series::gauge(names::RESTARTS, "{restart}"), &[2.0, 3.0]), 3.0);
        assert_eq!(restarts(Series::gauge(names::RESTARTS, "{restart}"), &[2.0, 2.0]), 0.0);
        let cert = |left| {
            Series::gauge(names::CERTIFICATE_TIME_LEFT, "s").last_score(&mut detector(), &[left])
        };
        let day = 86_400.0;
        assert_eq!((cert(7.0 * day), cert(-5.0), cert(90.0 * day)), (1.0, 10.0, 0.0));
        let drift =
            |n| Series::gauge(names::CONFIG_DRIFT, "{key}").last_score(&mut detector(), &[n]);
        assert_eq!((drift(0.0), drift(1.0)), (0.0, 2.0));
    }
}
