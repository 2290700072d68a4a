//! The people at work: pages and requests come in, answers go out at their own time.
//!
//! In: a page or request at an instant. Out: an `Answer` with its time, or nothing, and how long a
//! person needs to mend a fault. A mistyped answer is, with equal chance, unreadable (typed again,
//! later), the opposite of what was meant, or about another request that waits for an answer.

use std::collections::BTreeSet;

use super::delay::{Lane, delay};
use super::spec::{Approve, PeopleSpec};
use crate::kernel::Streams;
use crate::model::{Answer, AnswerKind, Cause};
use crate::unit::{ActionId, Name, SimDuration, SimTime};

/// The people on call in one run.
#[derive(Debug, Clone)]
pub struct Team {
    spec: PeopleSpec,
    chance: Streams,
    waiting: BTreeSet<ActionId>,
    /// Faults by whose number nobody is there.
    pub away: BTreeSet<u32>,
}

impl Team {
    /// The people of a spec.
    #[must_use]
    pub fn new(spec: PeopleSpec, chance: Streams) -> Self {
        Self { spec, chance, waiting: BTreeSet::new(), away: BTreeSet::new() }
    }

    /// Whether nobody looks at all.
    fn gone(&self) -> bool {
        self.spec.approve == Approve::Absent || !self.away.is_empty()
    }

    /// What comes back of a page that is delivered at `now`.
    #[must_use]
    pub fn page(&self, action: ActionId, now: SimTime) -> Option<Answer> {
        if self.gone() {
            return None;
        }
        let first = self.spec.on_call(now).map(|person| {
            (now + self.slow(Lane::Acknowledge, action, self.spec.acknowledge_after, now), person)
        });
        let escalated = now + self.spec.escalate_after;
        let second = self.spec.backup.as_deref().map(|person| {
            let after = self.slow(Lane::Backup, action, self.spec.acknowledge_after, escalated);
            (escalated + after, person)
        });
        let (time, person) = match (first, second) {
            (Some(first), Some(second)) if first.0 <= escalated || first.0 <= second.0 => first,
            (Some(first), None) => first,
            (_, second) => second?,
        };
        Some(answer(action, time, AnswerKind::Acknowledged, person))
    }

    /// What comes back of a request for approval made at `now`.
    #[must_use]
    pub fn ask(&mut self, action: ActionId, now: SimTime) -> Option<Answer> {
        self.waiting.insert(action);
        if self.gone() {
            return None;
        }
        let person = self.spec.on_call(now)?.to_owned();
        let meant = match self.spec.approve {
            Approve::Yes => AnswerKind::Approved,
            Approve::No => AnswerKind::Refused,
            Approve::Absent => return None,
        };
        let mut time = now + self.slow(Lane::Approve, action, self.spec.approve_after, now);
        let draw = self.chance.uniform(Lane::Typo as u64, u64::from(action.0));
        let (mut about, mut said) = (action, meant);
        if draw < self.spec.typo_ratio.get() {
            let other = self.waiting.iter().copied().find(|id| *id != action);
            match (draw / self.spec.typo_ratio.get() * 3.0) as u32 {
                0 => time += self.slow(Lane::Retype, action, self.spec.approve_after, now),
                1 if other.is_some() => about = other.unwrap_or(action),
                _ => said = opposite(meant),
            }
        }
        Some(answer(about, time, said, &person))
    }

    /// An answer was given, or the request ended in another way.
    pub fn answered(&mut self, action: ActionId) {
        self.waiting.remove(&action);
    }

    /// How long a person who has seen the page needs until fault `number` is mended; `None` if
    /// nobody mends anything by hand.
    #[must_use]
    pub fn mends(&self, number: u32, cause: Cause) -> Option<SimDuration> {
        let manual = &self.spec.manual;
        manual.fix.then(|| manual.takes(self.chance, number, cause))
    }

    fn slow(&self, lane: Lane, action: ActionId, median: SimDuration, now: SimTime) -> SimDuration {
        let factor = if self.spec.is_night(now) { self.spec.night_factor } else { 1.0 };
        let number = u64::from(action.0);
        delay(self.chance, lane, number, median.scaled(factor), self.spec.spread)
    }
}

const fn opposite(kind: AnswerKind) -> AnswerKind {
    match kind {
        AnswerKind::Approved => AnswerKind::Refused,
        _ => AnswerKind::Approved,
    }
}

fn answer(action: ActionId, time: SimTime, kind: AnswerKind, person: &str) -> Answer {
    Answer { action, time, kind, person: Name::from(person), detail: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn team(text: &str) -> Team {
        Team::new(serde_saphyr::from_str(text).unwrap(), Streams::new(5))
    }

    fn at(clock: &str) -> SimTime {
        format!("2026-01-06T{clock}Z").parse().unwrap()
    }

    #[test]
    fn people_answer_late_or_never() {
        let now = at("12:00:00");
        let said = |text: &str| team(text).ask(ActionId(1), now);
        let yes = said("{ spread: 0 }").unwrap();
        assert_eq!((yes.kind, yes.time), (AnswerKind::Approved, at("12:03:00")));
        assert_eq!(said("approve: no").unwrap().kind, AnswerKind::Refused);
        assert_eq!(said("approve: absent"), None);
        assert_eq!(team("approve: absent").page(ActionId(1), now), None);
        let mut away = team("{}");
        away.away.insert(3);
        assert_eq!(away.page(ActionId(1), now), None);
    }

    #[test]
    fn the_night_is_slow_and_somebody_else_may_be_on_call() {
        let night = team("{ spread: 0, night_factor: 3 }");
        let seen = |clock: &str| night.page(ActionId(1), at(clock)).unwrap().time;
        assert_eq!((seen("12:00:00"), seen("02:00:00")), (at("12:05:00"), at("02:15:00")));
        let shifts = "{ spread: 0, rotation: [{ person: day, from: 8, to: 20 }], backup: boss }";
        let shifts = team(shifts);
        let who = |clock: &str| shifts.page(ActionId(1), at(clock)).unwrap();
        assert_eq!(&*who("12:00:00").person, "day");
        let boss = who("03:00:00");
        assert_eq!((&*boss.person, boss.time), ("boss", at("03:25:00")));
    }

    #[test]
    fn a_page_is_independent_of_other_pages() {
        let team = team("{}");
        let alone = team.page(ActionId(7), at("12:00:00"));
        let _ = team.page(ActionId(6), at("12:00:00"));
        assert_eq!(team.page(ActionId(7), at("12:00:00")), alone);
    }

    #[test]
    fn every_sort_of_typo_happens() {
        let mut team = team("{ typo_ratio: 1, spread: 0 }");
        let now = at("12:00:00");
        let said: Vec<Answer> = (1..60).filter_map(|id| team.ask(ActionId(id), now)).collect();
        let late = |a: &Answer| a.time > at("12:03:00");
        let strange = |(i, a): (usize, &Answer)| a.action.0 as usize != i + 1;
        assert!(said.iter().any(late), "some type again");
        assert!(said.iter().enumerate().any(strange), "some answer another request");
        assert!(said.iter().any(|a| a.kind == AnswerKind::Refused), "some say the opposite");
    }
}
