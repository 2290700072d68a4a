//! Which of the engine's incidents answers which labelled incident.
//!
//! Rules, stricter than usual where being generous could be gamed:
//! - an incident answers a truth if it appeared inside the truth's claim (window and tolerances),
//!   or appeared before it and was given an anomaly that was first told inside it;
//! - an instant inside several claims counts for one of them: the one with a root cause among
//!   the incident's suffering entities, then one not answered yet, then the latest to begin;
//! - an incident that appeared outside every claim is a false alarm even if it answers something
//!   later: holding one incident open for ever is no detection;
//! - one that appeared in an `ignore` stretch and in no claim counts neither way.

use super::case::{Opened, service_in};
use crate::model::{Topology, TrueIncident, Truth};
use crate::unit::SimTime;

/// How an opened incident counts.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It appeared where something was wrong.
    TrueAlarm,
    /// It appeared where nothing was labelled.
    FalseAlarm,
    /// It appeared where nothing counts.
    Ignored,
}

/// One incident answering one truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answering {
    /// Index among the opened incidents.
    pub opened: usize,
    /// Since when it answers.
    pub at: SimTime,
}

/// The assignment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matching {
    /// For each truth, who answers it, first answer first.
    pub answers: Vec<Vec<Answering>>,
    /// For each opened incident, how it counts.
    pub fates: Vec<Fate>,
}

impl Matching {
    /// Assigns incidents, given in the order in which they appeared.
    #[must_use]
    pub fn new(truth: &Truth, opened: &[Opened], topology: Option<&Topology>) -> Self {
        let mut matching =
            Self { answers: vec![Vec::new(); truth.incidents.len()], fates: Vec::new() };
        for (index, life) in opened.iter().enumerate() {
            matching.fates.push(fate(truth, life.opened));
            matching.assign(truth, index, life, topology);
        }
        for answers in &mut matching.answers {
            answers.sort_by_key(|a| (a.at, a.opened));
        }
        matching
    }

    /// The truths that the incident at `opened` answers.
    pub fn answered_by(&self, opened: usize) -> impl Iterator<Item = usize> + '_ {
        let mine = move |answers: &Vec<Answering>| answers.iter().any(|a| a.opened == opened);
        self.answers.iter().enumerate().filter(move |(_, a)| mine(a)).map(|(index, _)| index)
    }

    fn assign(&mut self, truth: &Truth, index: usize, life: &Opened, map: Option<&Topology>) {
        let mut instants: Vec<SimTime> = life.gained.values().copied().collect();
        instants.retain(|told| *told > life.opened);
        instants.push(life.opened);
        instants.sort_unstable();
        for at in instants {
            let claims = |t: &TrueIncident| t.claim().contains(at);
            let mine = |t: usize| self.answers[t].iter().any(|a| a.opened == index);
            let holding: Vec<usize> =
                (0..truth.incidents.len()).filter(|t| claims(&truth.incidents[*t])).collect();
            if holding.iter().any(|t| mine(*t)) {
                continue;
            }
            let best = holding.into_iter().max_by_key(|t| {
                let incident = &truth.incidents[*t];
                let start = incident.claim().start;
                (suffers(incident, life, map), self.answers[*t].is_empty(), start, !*t)
            });
            if let Some(best) = best {
                self.answers[best].push(Answering { opened: index, at });
            }
        }
    }
}

fn fate(truth: &Truth, opened: SimTime) -> Fate {
    if truth.incidents.iter().any(|t| t.claim().contains(opened)) {
        Fate::TrueAlarm
    } else if truth.ignore.iter().any(|w| w.contains(opened)) {
        Fate::Ignored
    } else {
        Fate::FalseAlarm
    }
}

fn suffers(truth: &TrueIncident, life: &Opened, map: Option<&Topology>) -> bool {
    let service = |name| map.map_or(name, |map| service_in(map, name));
    life.entities.iter().any(|e| truth.root_causes.iter().any(|r| service(r) == service(e)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::unit::{IncidentId, Name, SimDuration, Window};

    fn at(secs: i64) -> SimTime {
        SimTime::from_secs(secs)
    }

    fn truth(windows: &[(i64, i64, &str)], ignore: &[(i64, i64)]) -> Truth {
        let window = |a: i64, b: i64| Window { start: at(a), end: at(b) };
        let incidents = windows.iter().map(|(a, b, root)| TrueIncident {
            id: format!("{root}@{a}"),
            window: window(*a, *b),
            onset: None,
            root_causes: vec![Name::from(*root)],
            cause: None,
            acceptable: Vec::new(),
            forbidden: Vec::new(),
            tolerance_before: SimDuration::from_secs(10),
            tolerance_after: SimDuration::ZERO,
            alarm: None,
        });
        let ignore = ignore.iter().map(|(a, b)| window(*a, *b)).collect();
        Truth { incidents: incidents.collect(), ignore }
    }

    fn opened(id: u32, time: i64, gained: &[i64], entity: &str) -> Opened {
        Opened {
            id: IncidentId(id),
            opened: at(time),
            ended: None,
            merged_into: None,
            gained: gained
                .iter()
                .enumerate()
                .map(|(i, t)| (i as u32, at(*t)))
                .collect::<BTreeMap<_, _>>(),
            entities: vec![Name::from(entity)],
        }
    }

    #[track_caller]
    fn check(truth: &Truth, opened: &[Opened], answers: &[&[usize]], fates: &[Fate]) {
        let found = Matching::new(truth, opened, None);
        let who: Vec<Vec<usize>> =
            found.answers.iter().map(|a| a.iter().map(|x| x.opened).collect()).collect();
        assert_eq!(who, answers);
        assert_eq!(found.fates, fates);
    }

    #[test]
    fn a_claim_is_answered_from_its_tolerance_to_its_end() {
        let one = truth(&[(100, 200, "a")], &[(300, 400)]);
        check(&one, &[opened(1, 95, &[], "a")], &[&[0]], &[Fate::TrueAlarm]);
        check(&one, &[opened(1, 89, &[], "a")], &[&[]], &[Fate::FalseAlarm]);
        check(&one, &[opened(1, 200, &[], "a")], &[&[]], &[Fate::FalseAlarm]);
        check(&one, &[opened(1, 350, &[], "a")], &[&[]], &[Fate::Ignored]);
    }

    #[test]
    fn holding_an_incident_open_is_a_false_alarm_and_answers_only_with_fresh_signals() {
        let one = truth(&[(100, 200, "a")], &[]);
        check(&one, &[opened(1, 0, &[0], "a")], &[&[]], &[Fate::FalseAlarm]);
        check(&one, &[opened(1, 0, &[0, 150], "a")], &[&[0]], &[Fate::FalseAlarm]);
    }

    #[test]
    fn of_two_overlapping_claims_the_suffering_root_decides_then_the_unanswered() {
        let two = truth(&[(100, 900, "a"), (100, 900, "b")], &[]);
        let lives = [opened(1, 150, &[], "b"), opened(2, 160, &[], "c")];
        check(&two, &lives, &[&[1], &[0]], &[Fate::TrueAlarm; 2]);
    }

    #[test]
    fn one_incident_may_answer_two_claims_that_do_not_overlap() {
        let two = truth(&[(100, 200, "a"), (300, 400, "b")], &[]);
        check(&two, &[opened(1, 150, &[350], "a")], &[&[0], &[0]], &[Fate::TrueAlarm]);
    }
}
