//! The ward: every open incident's treatment, from diagnosis to healed or handed over.
//!
//! In: diagnoses, outcomes, answers, time. Out: plans, verdicts, actions, pages, notifications.
//! One action of an incident is under way at a time. Every action counts in the log from the
//! instant it is given. Every wait ends; when remedies are exhausted a person has it.

use std::collections::BTreeMap;

use super::active::Active;
use super::treatment::{AGREEMENT, NEW_INSIGHT, Phase, REDIAGNOSE_FRAMES, Treatment};
use super::{plan, steps};
use crate::engine::case::{Case, OwnChange};
use crate::engine::experience::Experience;
use crate::engine::fleet_size::FleetSize;
use crate::engine::guard::{ActionLog, Guards, Request};
use crate::engine::outside::Outside;
use crate::engine::remediate::{Patient, Table};
use crate::model::{
    Answer, Cause, Decision, Diagnosis, Incident, IncidentChange, Learning, Outcome, Ruling,
};
use crate::unit::{ActionId, IncidentId, Name, Ratio, SimTime};

/// Own changes remembered.
const MOST_OWN: usize = 256;

/// What a treatment sees when it goes on.
pub(super) struct Watch<'a> {
    pub now: SimTime,
    pub case: &'a Case<'a>,
    /// Which signals of the incident are not over.
    pub active: &'a Active,
    pub fleet: &'a FleetSize,
    pub remedies: &'a Table,
    pub guards: &'a Guards,
    /// Who says what to do in place of `remedies`, if somebody else does.
    pub prescriber: Option<&'a Outside>,
    /// Whether somebody else rules on actions: such a guardrail is not asked what it would say.
    pub guarded_outside: bool,
}

/// All treatments, and what the engine did.
#[derive(Default)]
pub(super) struct Ward {
    pub(super) treatments: BTreeMap<IncidentId, Treatment>,
    pub(super) log: ActionLog,
    pub(super) own: Vec<OwnChange>,
    experience: Experience,
    max_plans: u32,
    numbered: u32,
}

impl Ward {
    /// A ward without patients.
    pub(super) fn new(learning: &Learning) -> Self {
        let (experience, max_plans) = (Experience::new(learning.credit), learning.max_plans);
        Self { experience, max_plans, ..Self::default() }
    }

    /// Takes in a change of an incident.
    pub(super) fn admit(&mut self, incident: &Incident) {
        let id = incident.id;
        match incident.change {
            IncidentChange::Opened | IncidentChange::Split => {
                self.treatments.entry(id).or_insert_with(|| Treatment::new(id, incident.opened));
            }
            IncidentChange::Grew => {
                if let Some(treatment) = self.treatments.get_mut(&id) {
                    treatment.changed = true;
                }
            }
            IncidentChange::Merged => self.merge(id, incident.other),
            IncidentChange::Closed => {
                if let Some(treatment) = self.treatments.get_mut(&id) {
                    treatment.closing = true;
                }
            }
        }
    }

    /// The merged incident's treatment goes on as the other's if that has done nothing yet.
    fn merge(&mut self, from: IncidentId, into: Option<IncidentId>) {
        let Some(mut old) = self.treatments.remove(&from) else { return };
        let Some(into) = into else { return };
        let busy = self.treatments.get(&into).is_some_and(|t| t.course.is_some() || t.plans > 0);
        if !busy {
            old.incident = into;
            old.changed = true;
            self.treatments.insert(into, old);
        }
    }

    /// Outcomes of actions and answers of people.
    pub(super) fn hear(
        &mut self,
        now: SimTime,
        outcomes: &[Outcome],
        answers: &[Answer],
        out: &mut Vec<Decision>,
    ) {
        for outcome in outcomes.iter().filter(|outcome| outcome.status.is_final()) {
            self.log.end(outcome.action, outcome.time, outcome.status);
            let given = self.log.all().find(|given| given.id == outcome.action).cloned();
            let own = given.and_then(|g| {
                self.own.iter_mut().rev().find(|o| o.target == g.target && o.since == g.time)
            });
            if let Some(own) = own {
                own.until = Some(outcome.time);
            }
            if let Some(treatment) = self.owner(outcome.action) {
                steps::outcome(treatment, now, outcome, out);
            }
        }
        for answer in answers {
            if let Some(treatment) = self.owner(answer.action) {
                steps::answer(treatment, answer, out);
            }
        }
    }

    /// Whose current step an action is.
    fn owner(&mut self, action: ActionId) -> Option<&mut Treatment> {
        self.treatments.values_mut().find(|t| t.step().is_some_and(|step| step.id == action))
    }

    /// A scrape came.
    pub(super) fn count_frame(&mut self) {
        self.treatments.values_mut().for_each(|treatment| treatment.stale += 1);
    }

    /// Incidents under treatment, oldest first.
    pub(super) fn incidents(&self) -> Vec<IncidentId> {
        self.treatments.keys().copied().collect()
    }

    /// What the engine changed itself.
    pub(super) fn own_changes(&self) -> &[OwnChange] {
        &self.own
    }

    /// Hypotheses of an incident that a remedy refuted.
    pub(super) fn refuted(&self, id: IncidentId) -> Vec<(Name, Cause)> {
        self.treatments.get(&id).map(|t| t.refuted.clone()).unwrap_or_default()
    }

    /// Whether it matters now what of an incident lasts: the effect of a plan is judged, or is held
    /// to last.
    pub(super) fn weighs(&self, id: IncidentId, now: SimTime) -> bool {
        self.treatments.get(&id).is_some_and(|treatment| match treatment.phase {
            Phase::Settling { until } => now >= until,
            Phase::Healed { .. } => true,
            _ => false,
        })
    }

    /// Whether a new diagnosis is due.
    pub(super) fn diagnosis_due(&self, id: IncidentId) -> bool {
        let Some(treatment) = self.treatments.get(&id) else { return false };
        let frames = match treatment.phase {
            Phase::Deliberating { .. } => 1,
            _ => REDIAGNOSE_FRAMES,
        };
        let first = treatment.diagnosis.is_none();
        !treatment.closing
            && (first || treatment.changed && treatment.stale > 0 || treatment.stale >= frames)
    }

    /// Whether something must be decided now that needs the whole case.
    pub(super) fn needs_case(&self, id: IncidentId, now: SimTime) -> bool {
        self.treatments.get(&id).is_some_and(|t| match t.phase {
            Phase::Ready | Phase::Approved | Phase::Checking { .. } => true,
            Phase::Asking { until, again } => now >= again.unwrap_or(until).min(until),
            Phase::Acting { until } => now >= until,
            Phase::Deliberating { .. } => t.deliberated(now),
            _ => false,
        })
    }

    /// Takes in a diagnosis, and says it if it is news.
    pub(super) fn diagnosed(&mut self, id: IncidentId, found: Diagnosis, out: &mut Vec<Decision>) {
        if let Some(treatment) = self.treatments.get_mut(&id)
            && treatment.take(found.clone())
        {
            out.push(Decision::Diagnosis(found));
        }
    }

    /// The cheap part of a step: is the effect of the plan due to be judged?
    pub(super) fn watch(
        &mut self,
        id: IncidentId,
        active: &Active,
        now: SimTime,
        out: &mut Vec<Decision>,
    ) {
        let from = out.len();
        if let Some(treatment) = self.treatments.get_mut(&id) {
            steps::judge(treatment, active, now, out);
        }
        self.learn(&out[from..]);
    }

    /// Remembers what came of remedies.
    fn learn(&mut self, said: &[Decision]) {
        for decision in said {
            if let Decision::Verified(verification) = decision {
                self.log.judged(verification.action, verification.healed);
            }
        }
        for treatment in self.treatments.values_mut() {
            for (cause, verb, healed) in treatment.lessons.drain(..) {
                self.experience.note(cause, verb, healed);
            }
        }
    }

    /// Goes on with a treatment as far as it can without waiting.
    pub(super) fn go_on(&mut self, id: IncidentId, watch: &Watch<'_>, out: &mut Vec<Decision>) {
        let Some(mut treatment) = self.treatments.remove(&id) else { return };
        let from = out.len();
        steps::judge(&mut treatment, watch.active, watch.now, out);
        steps::check(&mut treatment, watch, out);
        steps::time_out(self, &mut treatment, watch, out);
        if treatment.phase == Phase::Approved {
            steps::run(self, &mut treatment, watch, true, out);
        }
        let again = self.reconsider(&mut treatment, watch);
        if let (Some(why), true) = (treatment.unpaged.clone(), watch.active.any()) {
            super::page::page(self, &mut treatment, watch, None, &why, out);
        }
        if let Some(why) = treatment.escalate.take() {
            super::page::page(self, &mut treatment, watch, None, &why, out);
        }
        if again || matches!(treatment.phase, Phase::Deliberating { .. }) {
            self.decide(&mut treatment, watch, out);
        }
        while treatment.phase == Phase::Ready {
            steps::run(self, &mut treatment, watch, false, out);
        }
        self.treatments.insert(id, treatment);
        self.learn(&out[from..]);
    }

    /// A relapse refutes the cure; what the cure removed for a while is removed again before users
    /// feel it; a plan that was denied or only paged is worth another one when surer. Returns
    /// whether it is.
    fn reconsider(&self, treatment: &mut Treatment, watch: &Watch<'_>) -> bool {
        if let Phase::Healed { of } = treatment.phase.clone() {
            let relapsed = watch.active.lasts();
            if relapsed {
                treatment.refuted.push(of.clone());
            }
            if relapsed || is_back(treatment, &of, watch) {
                steps::again(treatment, watch.now);
            }
            return false;
        }
        let Phase::Handed { idle, above: Some(above) } = treatment.phase else { return false };
        let best = treatment.diagnosis.as_ref().and_then(|d| d.hypotheses.first());
        let idle = idle && watch.prescriber.is_none();
        let surer = best.is_some_and(|h| idle || h.confidence.get() >= above + NEW_INSIGHT);
        surer && watch.active.any() && treatment.plans < self.max_plans
    }

    /// Makes a plan if the evidence suffices or was waited for long enough.
    fn decide(&mut self, treatment: &mut Treatment, watch: &Watch<'_>, out: &mut Vec<Decision>) {
        let Some(diagnosis) = treatment.diagnosis.clone().filter(|_| watch.active.any()) else {
            return;
        };
        let Some(hypothesis) = diagnosis.hypotheses.first() else { return };
        let patient = Patient { case: watch.case, hypothesis, fleet: watch.fleet };
        // What people have already is only worth a plan that may be carried out.
        let fresh = matches!(treatment.phase, Phase::Deliberating { .. });
        let waited = fresh && treatment.deliberated(watch.now);
        let settled = treatment.agreed >= AGREEMENT;
        if watch.prescriber.is_some() && !waited && !settled {
            return;
        }
        let first = self.numbered + 1;
        let course = match watch.prescriber {
            Some(outside) => {
                let bounds = (first, self.max_plans);
                plan::prescribed(outside, &patient, &diagnosis, treatment, bounds)
            }
            None => {
                let (remedies, max_plans) = (watch.remedies, self.max_plans);
                let means = plan::Means { remedies, experience: &self.experience, max_plans };
                plan::make(&means, &patient, treatment, first)
            }
        };
        let early = settled && (watch.prescriber.is_some() || self.would_pass(&course, watch));
        if !waited && !early {
            return;
        }
        treatment.plans += 1;
        self.numbered += course.plan.actions.len() as u32;
        out.extend(treatment.untold(&course.plan).map(Decision::Diagnosis));
        out.push(Decision::Plan(course.plan.clone()));
        treatment.course = Some(course);
        treatment.phase = Phase::Ready;
    }

    /// Whether the first step would be let through as things are.
    fn would_pass(&self, course: &super::treatment::Course, watch: &Watch<'_>) -> bool {
        let first = course.plan.actions.first().filter(|a| a.verb().touches_fleet());
        first.is_some_and(|action| {
            if watch.guarded_outside {
                return true;
            }
            let request = self.request(action, course, course.plan.confidence, watch);
            watch.guards.rule(&request).last().is_some_and(|v| v.ruling != Ruling::Deny)
        })
    }

    /// What the guardrails are asked about an action.
    pub(super) fn request<'a>(
        &'a self,
        action: &'a crate::model::Action,
        course: &super::treatment::Course,
        confidence: Ratio,
        watch: &'a Watch<'a>,
    ) -> Request<'a> {
        let (cause, mends) = (course.plan.cause, course.mends.contains(&action.id));
        let (fleet, log, around) = (watch.fleet, &self.log, watch.case.around);
        Request { now: watch.now, action, cause, confidence, mends, fleet, log, around }
    }

    /// A number for an action outside of a plan.
    pub(super) fn number(&mut self) -> ActionId {
        self.numbered += 1;
        ActionId(self.numbered)
    }

    /// Remembers what the engine is about to change.
    pub(super) fn changes(&mut self, now: SimTime, target: &Name) {
        self.own.push(OwnChange { target: target.clone(), since: now, until: None });
        let over = self.own.len().saturating_sub(MOST_OWN);
        self.own.drain(..over);
    }

    /// Ends the treatments of closed incidents.
    pub(super) fn discharge(&mut self, now: SimTime, out: &mut Vec<Decision>) {
        let from = out.len();
        for treatment in self.treatments.values_mut().filter(|t| t.closing) {
            steps::farewell(treatment, now, out);
        }
        self.learn(&out[from..]);
        self.treatments.retain(|_, treatment| !treatment.closing);
    }
}

/// Whether what a remedy had removed is there again: it held for a while and makes sense once more.
fn is_back(treatment: &Treatment, of: &(Name, Cause), watch: &Watch<'_>) -> bool {
    let best = treatment.diagnosis.as_ref().and_then(|d| d.hypotheses.first());
    let Some(hypothesis) = best.filter(|h| h.entity == of.0 && h.cause == of.1) else {
        return false;
    };
    let patient = Patient { case: watch.case, hypothesis, fleet: watch.fleet };
    treatment.tried.iter().any(|((entity, cause, place), since)| {
        let group = watch.remedies.group(*place, *cause);
        *entity == of.0
            && *cause == of.1
            && group.and_then(|group| group.first()).is_some_and(|remedy| {
                remedy.held(&patient, *since) && remedy.prescribe(&patient).is_ok()
            })
    })
}
