//! Where the treatment of one incident stands.
//!
//! Owns the phases and the bounds between them. Times are simulated; every wait has an end.

use std::collections::BTreeMap;

use crate::engine::remediate::{Place, StepCheck};
use crate::model::{Action, Cause, Diagnosis, Operation, Plan, Verb};
use crate::unit::{ActionId, IncidentId, Name, Ratio, SimDuration, SimTime};

/// A plan that the guardrails would deny is put off for at most so long, while evidence gathers.
pub(super) const DELIBERATION: SimDuration = SimDuration::from_secs(150);
/// Diagnoses in a row that must agree before anything is done early.
pub(super) const AGREEMENT: u32 = 2;
/// Frames between diagnoses after deliberation.
pub(super) const REDIAGNOSE_FRAMES: u32 = 4;
/// How long an action may be under way.
pub(super) const OUTCOME_TIMEOUT: SimDuration = SimDuration::from_secs(1800);
/// An answer less sure than a coin does not replace the one that is being acted on: while a remedy
/// works, little is left to tell causes by.
pub(super) const COIN: f64 = 0.5;
/// Gain in confidence after a denial that is worth another plan.
pub(super) const NEW_INSIGHT: f64 = 0.05;
/// Pages per incident: one with the story, one when remedies are exhausted.
pub(super) const MOST_PAGES: u32 = 2;

/// Times that the platform may fail to carry out the same remedy before another is tried.
pub(super) const MOST_FAILURES: u32 = 3;

/// What is being done.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Phase {
    /// Gathering evidence since then.
    Deliberating {
        /// Since when.
        since: SimTime,
    },
    /// A step of the plan is ready to be ruled on.
    Ready,
    /// A person was asked about the current step.
    Asking {
        /// Until when an answer is waited for.
        until: SimTime,
        /// When the request goes out once more.
        again: Option<SimTime>,
    },
    /// A person said yes to the current step.
    Approved,
    /// The world applies the current step.
    Acting {
        /// Until when a final outcome is waited for.
        until: SimTime,
    },
    /// A step of a runbook was applied; what it should change is measured.
    Checking {
        /// Until when it may pass.
        until: SimTime,
    },
    /// The plan is done; its effect is waited for.
    Settling {
        /// When it is judged.
        until: SimTime,
    },
    /// Its signals are over after a plan.
    Healed {
        /// The hypothesis that the plan answered.
        of: (Name, Cause),
    },
    /// A person has it.
    Handed {
        /// Whether nothing was done as no remedy made sense: one that comes to make sense may be.
        idle: bool,
        /// Confidence of a plan that was denied or only paged, to be thought over when surer.
        above: Option<f64>,
    },
}

/// A plan under way.
#[derive(Debug, Clone)]
pub(super) struct Course {
    /// The plan.
    pub plan: Plan,
    /// Settle time of each of its actions.
    pub settles: Vec<SimDuration>,
    /// What takes each of its actions back.
    pub undos: Vec<Option<Operation>>,
    /// What makes each of its actions whole.
    pub completes: Vec<Option<Operation>>,
    /// The check after each of its actions.
    pub checks: Vec<Option<StepCheck>>,
    /// Which alternative of the cause it is.
    pub alternative: Place,
    /// What experience makes of a diagnosis' confidence: a factor of 0..=1.
    pub learnt: f64,
    /// Actions that take back or make whole what was done before.
    pub mends: Vec<ActionId>,
    /// What is to be done at once, before the next step: target, operation, why.
    pub due: Vec<(Name, Operation, String)>,
    /// Whether it only takes back what did not heal.
    pub undoing: bool,
    /// The step at hand.
    pub next: usize,
    /// Fleet-touching actions that were applied, at least in part.
    pub applied: Vec<ActionId>,
    /// Whether the world said that nobody can know what an action did.
    pub unknown: bool,
    /// Longest settle time of what was applied.
    pub settle: SimDuration,
}

/// One alternative: whose, of which cause, and where the policy has it.
pub(super) type Key = (Name, Cause, Place);

/// The place of the plan that is made when no remedy is left.
pub(super) const NOTHING_LEFT_PLACE: Place = (usize::MAX, usize::MAX);

impl Course {
    /// The alternative that it is, of all that may be tried.
    pub(super) fn key(&self) -> Key {
        (self.plan.entity.clone(), self.plan.cause, self.alternative)
    }

    /// A course of one plan at its first step.
    pub(super) fn new(plan: Plan, alternative: Place) -> Self {
        let count = plan.actions.len();
        Self {
            plan,
            settles: vec![SimDuration::ZERO; count],
            undos: vec![None; count],
            completes: vec![None; count],
            checks: vec![None; count],
            alternative,
            learnt: 1.0,
            mends: Vec::new(),
            due: Vec::new(),
            undoing: false,
            next: 0,
            applied: Vec::new(),
            unknown: false,
            settle: SimDuration::ZERO,
        }
    }

    /// Puts an action in as the next step.
    pub(super) fn insert(&mut self, action: Action) {
        self.plan.actions.insert(self.next, action);
        self.settles.insert(self.next, SimDuration::ZERO);
        self.undos.insert(self.next, None);
        self.completes.insert(self.next, None);
        self.checks.insert(self.next, None);
    }
}

/// One incident's treatment.
#[derive(Debug, Clone)]
pub(super) struct Treatment {
    /// The incident.
    pub incident: IncidentId,
    /// Where it stands.
    pub phase: Phase,
    /// Whether its incident is closed: this step is the last.
    pub closing: bool,
    /// Frames since the last diagnosis.
    pub stale: u32,
    /// Whether the incident changed since the last diagnosis.
    pub changed: bool,
    /// The last diagnosis.
    pub diagnosis: Option<Diagnosis>,
    /// The last one that was told.
    pub told: Option<Diagnosis>,
    /// Diagnoses in a row with the same entity and cause on top.
    pub agreed: u32,
    /// The plan under way.
    pub course: Option<Course>,
    /// Alternatives that were tried or are ruled out, and since when.
    pub tried: BTreeMap<Key, SimTime>,
    /// How often the platform failed to carry out an alternative.
    pub failures: BTreeMap<Key, u32>,
    /// What came of remedies, to be learnt from.
    pub lessons: Vec<(Cause, Verb, bool)>,
    /// Hypotheses whose remedy was applied and did not heal.
    pub refuted: Vec<(Name, Cause)>,
    /// Plans made.
    pub plans: u32,
    /// Pages sent.
    pub pages: u32,
    /// Why a page would have gone out that was not worth waking anybody, yet.
    pub unpaged: Option<String>,
    /// Why people must be told at the next step.
    pub escalate: Option<String>,
    /// What was done so far and what came of it, for people.
    pub deeds: Vec<String>,
}

impl Treatment {
    pub(super) fn new(incident: IncidentId, now: SimTime) -> Self {
        Self {
            incident,
            phase: Phase::Deliberating { since: now },
            closing: false,
            stale: 0,
            changed: true,
            diagnosis: None,
            told: None,
            agreed: 0,
            course: None,
            tried: BTreeMap::new(),
            failures: BTreeMap::new(),
            lessons: Vec::new(),
            refuted: Vec::new(),
            plans: 0,
            pages: 0,
            unpaged: None,
            escalate: None,
            deeds: Vec::new(),
        }
    }

    /// Whether evidence has been waited for long enough.
    pub(super) fn deliberated(&self, now: SimTime) -> bool {
        match self.phase {
            Phase::Deliberating { since } => now.since(since) >= DELIBERATION,
            _ => true,
        }
    }

    /// How sure the last diagnosis is of what a course answers, as far as remedies held so far.
    pub(super) fn standing(&self, course: &Course) -> Ratio {
        let Some(diagnosis) = &self.diagnosis else { return course.plan.confidence };
        let named = diagnosis
            .hypotheses
            .iter()
            .find(|h| h.entity == course.plan.entity && h.cause == course.plan.cause);
        Ratio::clamped(named.map_or(0.0, |h| h.confidence.get() * course.learnt))
    }

    /// The step at hand.
    pub(super) fn step(&self) -> Option<&Action> {
        self.course.as_ref().and_then(|c| c.plan.actions.get(c.next))
    }

    /// Takes in a diagnosis; returns whether it says anything new to whoever heard the last one
    /// that was told: small steps add up.
    pub(super) fn take(&mut self, diagnosis: Diagnosis) -> bool {
        (self.stale, self.changed) = (0, false);
        let top = |d: &Diagnosis| d.hypotheses.first().map(|h| (h.entity.clone(), h.cause));
        let order = |d: &Diagnosis| -> Vec<Name> {
            d.hypotheses.iter().take(5).map(|h| h.entity.clone()).collect()
        };
        let sure = |d: &Diagnosis| d.hypotheses.first().map_or(0.0, |h| h.confidence.get());
        let news = self.told.as_ref().is_none_or(|old| {
            top(old) != top(&diagnosis)
                || order(old) != order(&diagnosis)
                || (sure(old) - sure(&diagnosis)).abs() >= 0.02
        });
        let same = self.diagnosis.as_ref().is_some_and(|old| top(old) == top(&diagnosis));
        let surer = |old: &Diagnosis| sure(old) > sure(&diagnosis);
        let fades = self.is_acted_on() && self.diagnosis.as_ref().is_some_and(surer);
        if fades && !same && sure(&diagnosis) < COIN {
            return false;
        }
        self.agreed = if same { self.agreed + 1 } else { 1 };
        if news {
            self.told = Some(diagnosis.clone());
        }
        self.diagnosis = Some(diagnosis);
        news
    }

    /// Whether a remedy is being carried out, is waited for, or helped.
    const fn is_acted_on(&self) -> bool {
        matches!(
            self.phase,
            Phase::Acting { .. }
                | Phase::Checking { .. }
                | Phase::Settling { .. }
                | Phase::Healed { .. }
        )
    }

    /// The last diagnosis, if a plan rests on more confidence in it than was told: nobody acts on
    /// what is in no record.
    pub(super) fn untold(&mut self, plan: &Plan) -> Option<Diagnosis> {
        let sure = |diagnosis: &Option<Diagnosis>| {
            let all = diagnosis.iter().flat_map(|d| &d.hypotheses);
            let named = all.filter(|h| h.entity == plan.entity && h.cause == plan.cause);
            named.map(|h| h.confidence.get()).fold(0.0, f64::max)
        };
        if sure(&self.diagnosis) <= sure(&self.told) {
            return None;
        }
        self.told.clone_from(&self.diagnosis);
        self.told.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Hypothesis;

    fn diagnosis(confidence: f64) -> Diagnosis {
        about("api", confidence)
    }

    fn about(entity: &str, confidence: f64) -> Diagnosis {
        let hypothesis = Hypothesis {
            entity: Name::from(entity),
            cause: Cause::BadDeploy,
            confidence: Ratio::clamped(confidence),
            evidence: Vec::new(),
        };
        Diagnosis {
            incident: IncidentId(1),
            hypotheses: vec![hypothesis],
            tree: None,
            summary: String::new(),
        }
    }

    #[test]
    fn a_confidence_that_creeps_up_is_told_and_so_is_what_a_plan_rests_on() {
        let mut treatment = Treatment::new(IncidentId(1), SimTime::from_secs(0));
        assert!(treatment.take(diagnosis(0.80)));
        assert!(!treatment.take(diagnosis(0.81)));
        assert!(!treatment.take(diagnosis(0.815)));
        assert!(treatment.take(diagnosis(0.825)), "two points above what was told");
        assert!(!treatment.take(diagnosis(0.84)));
        let plan = Plan {
            incident: IncidentId(1),
            entity: Name::from("api"),
            cause: Cause::BadDeploy,
            confidence: Ratio::clamped(0.84),
            actions: Vec::new(),
            rejected: Vec::new(),
        };
        assert_eq!(treatment.untold(&plan), Some(diagnosis(0.84)));
        assert_eq!(treatment.untold(&plan), None, "once");
        treatment.take(diagnosis(0.83));
        assert_eq!(treatment.untold(&plan), None, "less than was told needs no word");
    }

    #[test]
    fn what_is_acted_on_is_not_forgotten_for_a_guess() {
        let top = |treatment: &Treatment| {
            treatment.diagnosis.clone().map(|found| found.hypotheses[0].entity.to_string())
        };
        let mut treatment = Treatment::new(IncidentId(1), SimTime::from_secs(0));
        treatment.take(about("api", 0.9));
        assert!(treatment.take(about("cart", 0.02)), "nothing is done yet");
        treatment.take(about("api", 0.9));
        treatment.phase = Phase::Settling { until: SimTime::from_secs(9) };
        assert!(!treatment.take(about("cart", 0.02)));
        assert_eq!(top(&treatment).as_deref(), Some("api"));
        assert!(treatment.take(about("api", 0.4)), "the same, less sure");
        assert!(treatment.take(about("db", 0.6)), "another, surer than a coin");
        treatment.phase = Phase::Handed { idle: false, above: None };
        treatment.take(about("cart", 0.02));
        assert_eq!(top(&treatment).as_deref(), Some("cart"), "the remedy did not help");
    }
}
