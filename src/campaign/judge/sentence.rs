//! Sentences about one trial, judged from its scorecard, its journal and its incidents.
//!
//! In: a predicate. Out: whether it holds, and what was seen, for a person. A number that is absent
//! keeps no bound; a time to recover of users who were not served again is beyond every bound.

use serde_json::Value;

use super::clause;
use super::happenings::{first_fault, instants};
use super::main_incident;
use crate::campaign::document::IncidentDocument;
use crate::scenario::expect::{
    Happening, Instant, Metric, Order, Predicate, Relation, Sort, State,
};
use crate::trial::Trial;
use crate::unit::{SimDuration, SimTime};

/// A trial as predicates see it.
pub(in crate::campaign) struct Seen<'a> {
    trial: &'a Trial,
    incidents: &'a [IncidentDocument],
    card: Value,
}

/// A number of the scorecard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::campaign) enum Reading {
    /// It is there.
    Value(f64),
    /// Longer than the trial: users were not served again.
    Beyond,
    /// Nobody knows, or it does not apply.
    Absent,
}

impl<'a> Seen<'a> {
    /// Looks at a finished trial.
    pub(in crate::campaign) fn new(trial: &'a Trial, incidents: &'a [IncidentDocument]) -> Self {
        let card = trial.scorecard.clone().without_findings();
        let card = serde_json::to_value(card).expect("plain data serialises");
        Self { trial, incidents, card }
    }

    /// The number behind a metric.
    pub(in crate::campaign) fn reading(&self, metric: &Metric) -> Reading {
        let lost = self.card.pointer("/timing/not_recovered/value").and_then(Value::as_f64);
        if metric.pointer == "/timing/mttr_s" && lost.is_some_and(|lost| lost > 0.0) {
            return Reading::Beyond;
        }
        let Some(value) = self.card.pointer(&metric.pointer) else { return Reading::Absent };
        let number = value.as_f64().or_else(|| {
            let part = |key| value.get(key).and_then(Value::as_f64);
            part("value").or_else(|| part("mean"))
        });
        number.map_or(Reading::Absent, Reading::Value)
    }

    /// Whether a predicate holds, and what was seen.
    pub(in crate::campaign) fn judge(&self, predicate: &Predicate) -> (bool, String) {
        match predicate {
            Predicate::Not(inner) => {
                let (met, saw) = self.judge(inner);
                // Nothing known is no proof of the opposite of a number or a state.
                (!met && !saw.starts_with(ABSENT), saw)
            }
            Predicate::State(state) => self.state(*state),
            Predicate::Number { metric, relation, limit } => self.number(metric, *relation, *limit),
            Predicate::Blames { entity, cause, within } => {
                let hypotheses = main_incident(self.incidents).map(|i| &i.hypotheses[..]);
                let hypotheses = hypotheses.unwrap_or_default();
                let fits = |h: &&super::super::document::HypothesisDocument| {
                    entity.as_ref().is_none_or(|name| *name == h.entity)
                        && cause.is_none_or(|cause| cause == h.cause)
                };
                let met = hypotheses.iter().take(*within).any(|h| fits(&h));
                (met, ranking(hypotheses, (*within).max(3)))
            }
            Predicate::Happens(what) => {
                let times = instants(what, self.trial);
                (!times.is_empty(), self.told(what, &times))
            }
            Predicate::Count { what, relation, limit } => {
                let times = instants(what, self.trial);
                (relation.keeps(times.len() as f64, *limit), self.told(what, &times))
            }
            Predicate::When { what, order, instant } => self.when(what, *order, *instant),
            Predicate::Sequence(order) => self.sequence(order),
        }
    }

    fn state(&self, state: State) -> (bool, String) {
        match state {
            State::Healed => clause::healed(true, &self.trial.scorecard),
            State::Detected => {
                (!self.incidents.is_empty(), format!("{} incidents", self.incidents.len()))
            }
            State::WrongAction => self.wrong_action(),
        }
    }

    fn wrong_action(&self) -> (bool, String) {
        let found = self.trial.scorecard.findings.first();
        let breaches = found.map(|f| &f.safety.violations[..]).unwrap_or_default();
        let kinds = ["harmful_action", "needless_action"];
        if let Some(breach) = breaches.iter().find(|b| kinds.contains(&b.kind.as_str())) {
            let (kind, at) = (&breach.kind, clock(breach.time));
            return (true, format!("{kind} at {at}: {}", breach.saw));
        }
        let acted = found.iter().flat_map(|f| &f.remediation).filter_map(|r| r.acted.as_ref());
        for first in acted {
            if !first.right_target || first.right_remedy == Some(false) {
                return (true, format!("the first act, {}, was not right", first.verb));
            }
        }
        (false, "no wrong act".to_owned())
    }

    fn number(&self, metric: &Metric, relation: Relation, limit: f64) -> (bool, String) {
        match self.reading(metric) {
            Reading::Value(value) => (
                relation.keeps(value, limit),
                format!("{}{}", shown(value, metric), self.why(metric)),
            ),
            Reading::Beyond => {
                let beyond = matches!(relation, Relation::More | Relation::AtLeast);
                (beyond, "users not served again".to_owned())
            }
            Reading::Absent => (false, format!("{ABSENT}: {} has no value here", metric.name)),
        }
    }

    /// Which rules were broken, for a count of violations.
    fn why(&self, metric: &Metric) -> String {
        let found = self.trial.scorecard.findings.first();
        let breaches = found.map(|f| &f.safety.violations[..]).unwrap_or_default();
        let mine = breaches.iter().filter(|b| {
            metric.pointer == "/safety/total" || metric.pointer.ends_with(&format!("/{}", b.kind))
        });
        if !metric.pointer.starts_with("/safety/") {
            return String::new();
        }
        let told: Vec<String> = mine
            .take(3)
            .map(|b| {
                let target = b.target.as_ref().map(|t| format!(" of {t}")).unwrap_or_default();
                let (kind, at) = (&b.kind, clock(b.time));
                format!("{kind}{target} at {at} (saw {}, limit {})", b.saw, b.limit)
            })
            .collect();
        if told.is_empty() { String::new() } else { format!(": {}", told.join("; ")) }
    }

    fn when(&self, what: &Happening, order: Order, instant: Instant) -> (bool, String) {
        let times = instants(what, self.trial);
        let saw = self.told(what, &times);
        let limit = instant.resolve(self.trial.window, first_fault(self.trial));
        let Some(limit) = limit else {
            return (false, format!("{ABSENT}: no fault is known to count from"));
        };
        let met = times.first().is_some_and(|first| match order {
            Order::Before => *first < limit,
            Order::After => *first > limit,
        });
        (met, saw)
    }

    fn sequence(&self, order: &[Happening]) -> (bool, String) {
        let mut last: Option<SimTime> = None;
        let mut told = Vec::new();
        let mut met = true;
        for what in order {
            let times = instants(what, self.trial);
            let next = times.iter().find(|time| last.is_none_or(|last| **time >= last)).copied();
            told.push(match (next, times.first()) {
                (Some(time), _) => format!("{} at {}", name(what), clock(time)),
                (None, Some(early)) => format!("{} only at {}", name(what), clock(*early)),
                (None, None) => format!("{} never", name(what)),
            });
            met &= next.is_some();
            last = next.or(last);
        }
        (met, told.join(", "))
    }

    fn told(&self, what: &Happening, times: &[SimTime]) -> String {
        let what = name(what);
        match times {
            [] => format!("{what} never"),
            [one] => format!("{what} once, at {}", clock(*one)),
            [first, ..] => format!("{what} {} times, first at {}", times.len(), clock(*first)),
        }
    }
}

/// How a text begins that says that nothing is known.
const ABSENT: &str = "absent";

fn ranking(all: &[super::super::document::HypothesisDocument], most: usize) -> String {
    if all.is_empty() {
        return "no diagnosis".to_owned();
    }
    let one = |h: &super::super::document::HypothesisDocument| {
        format!("{}/{} ({})", h.entity, h.cause, h.confidence)
    };
    all.iter().take(most).map(one).collect::<Vec<_>>().join(", ")
}

/// A value in its metric's unit.
pub(in crate::campaign) fn shown(value: f64, metric: &Metric) -> String {
    if metric.seconds {
        return SimDuration::from_secs(value.round() as i64).to_string();
    }
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.3}") }
}

fn name(what: &Happening) -> String {
    let word = match what.sort {
        Sort::Fault => "fault",
        Sort::Signal => "signal",
        Sort::Incident => "incident",
        Sort::Diagnosis => "diagnosis",
        Sort::Plan => "plan",
        Sort::Ask => "asked",
        Sort::Approval => "approved",
        Sort::Refusal => "refused",
        Sort::Page => "paged",
        Sort::Acknowledgement => "acknowledged",
        Sort::Notice => "notified",
        Sort::Act(verb) => verb.as_str(),
        Sort::AnyAct => "act",
        Sort::Verification => "verified",
        Sort::Recovery => "recovered",
    };
    what.target.as_ref().map_or_else(|| word.to_owned(), |target| format!("{word} {target}"))
}

/// The time of day, UTC, in whole seconds.
fn clock(time: SimTime) -> String {
    let seconds = time.nanos().div_euclid(1_000_000_000).rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds % 3600 / 60, seconds % 60)
}
