//! What was seen when: changes, events and deviations of a recording, as a timeline for a person.

use std::collections::BTreeSet;

use super::fault::{number, percent, time};
use super::incident::Incident;
use super::levels::{Aspect, Level, Levels};
use crate::model::{Event, EventKind};
use crate::timeline::CaseReader;
use crate::unit::{SimTime, Window};

/// Most moments that are told.
const MOST: usize = 30;

/// What the platform says all day.
const ROUTINE: [&str; 6] = ["Created", "Killing", "Pulled", "Pulling", "Scheduled", "Started"];

/// One moment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// When.
    pub time: SimTime,
    /// What sort: `change`, `event`, `deviates`, `label`.
    pub sort: &'static str,
    /// What happened.
    pub text: String,
}

/// The timeline of a recording within a window.
pub(super) fn tell(
    levels: &Levels,
    events: &[Event],
    incidents: &[Incident],
    case: &CaseReader,
    window: Window,
) -> Vec<Moment> {
    let map = case.topology();
    let mut moments: Vec<(f64, Moment)> = Vec::new();
    for ((id, aspect), level) in levels {
        let Some(since) = level.since else { continue };
        let text = format!("{} {}", map.name(*id), moved(*aspect, level));
        moments.push((level.score, Moment { time: since, sort: "deviates", text }));
    }
    let mut seen = BTreeSet::new();
    for event in events.iter().filter(|event| window.contains(event.time)) {
        let who = event.entity.as_ref().map_or("", |name| name.as_str());
        let service = map.find(who).map_or(who, |id| map.name(map.service_of(id)).as_str());
        let told = event.kind != EventKind::Alert && !ROUTINE.contains(&event.reason.as_str());
        if told && seen.insert((event.kind, service, &event.reason)) {
            let sort = if event.kind.is_change() { "change" } else { "event" };
            let version = |key| event.attributes.get(key).map(String::as_str).unwrap_or_default();
            let versions = match (version("previous_version"), version("version")) {
                ("", "") => String::new(),
                (old, new) => format!(" {old} → {new}"),
            };
            let text = format!("{} {service}{versions}", event.reason);
            // Changes are told in any case.
            let weight = if event.kind.is_change() { f64::MAX } else { 50.0 };
            moments.push((weight, Moment { time: event.time, sort, text: text.trim_end().into() }));
        }
    }
    for incident in incidents.iter().filter(|incident| incident.guess.is_empty()) {
        let root = incident.root.as_ref().map_or("no service of the map", |name| name.as_str());
        let cause = incident.cause.map_or("not said", |cause| cause.as_str());
        let begin = format!("incident begins: root {root}, cause {cause}");
        moments
            .push((f64::MAX, Moment { time: incident.window.start, sort: "label", text: begin }));
        if incident.ended {
            let end = "incident ends".to_owned();
            moments
                .push((f64::MAX, Moment { time: incident.window.end, sort: "label", text: end }));
        }
    }
    // The most telling ones, in the order of time.
    moments.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    moments.truncate(MOST);
    let mut told: Vec<Moment> = moments.into_iter().map(|(_, moment)| moment).collect();
    told.sort();
    told
}

fn moved(aspect: Aspect, level: &Level) -> String {
    let (from, to) = (level.normal, level.during.unwrap_or(level.normal));
    let (word, from, to) = match aspect {
        Aspect::Errors => ("errors", percent(from), percent(to)),
        Aspect::Latency => ("latency", time(from), time(to)),
        Aspect::Traffic => ("traffic", format!("{}/s", number(from)), format!("{}/s", number(to))),
        Aspect::Cpu => ("CPU", number(from), number(to)),
        Aspect::Memory => ("memory", number(from), number(to)),
        Aspect::Disk => ("disk", number(from), number(to)),
        Aspect::Saturation => ("queues and pools", number(from), number(to)),
        Aspect::Restarts => ("restarts", number(from), number(to)),
        Aspect::Replicas => ("replicas", number(from), number(to)),
    };
    format!("{word} {from} → {to}")
}
