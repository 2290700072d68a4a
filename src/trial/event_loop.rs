//! The loop, and the one place where the order within an instant is written down:
//!
//! 1. the world advances to the instant and fills the batch;
//! 2. its events, then its outcomes, then people's answers are journalled;
//! 3. the engine steps, once; what is to be said about the engine itself is journalled;
//! 4. its decisions are checked and journalled in the order said; `Act` goes to the world and
//!    `Ask` to the people right after its line, at the same instant.
//!
//! Checked on the way: time never goes back and does not stand still for ever; nothing comes from
//! the future; an action is done once; an outcome belongs to an action that was done; an act has a
//! verdict before it; scores are numbers. Events beyond a limit are counted, not copied.

use std::collections::BTreeSet;

use super::tracks::Recorder;
use super::{Settings, TrialError};
use crate::model::{Batch, Body, Decision, Engine, Journal, Remark, Source, StepInput};
use crate::unit::{ActionId, SimTime};
use crate::world::World;

/// Most steps at one instant: more means that the world or the engine answers itself for ever.
const MAX_STEPS_AT_ONCE: u32 = 10_000;

/// What the loop leaves behind.
pub(super) struct Ran {
    pub(super) journal: Journal,
    pub(super) tracks: Option<Recorder>,
}

struct Loop<'s> {
    settings: &'s Settings,
    journal: Journal,
    tracks: Option<Recorder>,
    now: Option<SimTime>,
    steps_now: u32,
    ruled: BTreeSet<ActionId>,
    asked: BTreeSet<ActionId>,
    done: BTreeSet<ActionId>,
    decisions: usize,
    events: usize,
    events_left_out: u64,
}

/// Drives a world through an engine to its end.
pub(super) fn drive(
    world: &mut dyn World,
    engine: &mut dyn Engine,
    settings: &Settings,
) -> Result<Ran, TrialError> {
    let mut run = Loop::new(settings);
    if !engine.reads_lines() {
        world.spare_lines();
    }
    let (mut batch, mut said) = (Batch::default(), Vec::new());
    while let Some(now) = world.next() {
        run.arrive(now)?;
        batch.clear();
        world
            .advance(now, &mut batch)
            .map_err(|source| TrialError::World { name: settings.name.clone(), source })?;
        run.take_in(now, &batch)?;
        let (topology, series) = (world.topology(), world.series());
        if let (Some(tracks), true) = (&mut run.tracks, batch.has_frame) {
            tracks.push(&batch.frame, series);
        }
        engine.step(&StepInput { now, topology, series, batch: &batch }, &mut said);
        run.remark(now, engine);
        for decision in said.drain(..) {
            run.carry_out(now, decision, world)?;
        }
    }
    engine.finish();
    if let Some(now) = run.now {
        run.remark(now, engine);
    }
    Ok(run.finish())
}

impl<'s> Loop<'s> {
    fn new(settings: &'s Settings) -> Self {
        Self {
            settings,
            journal: Journal::default(),
            tracks: settings.record_tracks.then(Recorder::default),
            now: None,
            steps_now: 0,
            ruled: BTreeSet::new(),
            asked: BTreeSet::new(),
            done: BTreeSet::new(),
            decisions: 0,
            events: 0,
            events_left_out: 0,
        }
    }

    fn broken<T>(&self, problem: String) -> Result<T, TrialError> {
        Err(TrialError::Invariant { name: self.settings.name.clone(), problem })
    }

    fn arrive(&mut self, now: SimTime) -> Result<(), TrialError> {
        match self.now.replace(now) {
            Some(before) if now < before => {
                return self.broken(format!("time went back from {before} to {now}"));
            }
            Some(before) if now == before => self.steps_now += 1,
            _ => self.steps_now = 0,
        }
        if self.steps_now > MAX_STEPS_AT_ONCE {
            return self.broken(format!("more than {MAX_STEPS_AT_ONCE} steps at {now}"));
        }
        Ok(())
    }

    /// What is to be said about the engine itself, before what it said.
    fn remark(&mut self, now: SimTime, engine: &mut dyn Engine) {
        let mut remarks = Vec::new();
        engine.remarks(&mut remarks);
        for remark in remarks {
            let body = match remark {
                Remark::Note(text) => Body::Note(text),
                Remark::Failure(failure) => Body::EngineFailure(failure),
            };
            self.journal.push(now, Source::Trial, body);
        }
    }

    fn take_in(&mut self, now: SimTime, batch: &Batch) -> Result<(), TrialError> {
        if batch.has_frame && batch.frame.time > now {
            return self.broken(format!("a frame of {} is visible at {now}", batch.frame.time));
        }
        for event in &batch.events {
            if event.time > now {
                return self.broken(format!("an event of {} is visible at {now}", event.time));
            }
            if self.events < self.settings.max_events {
                self.events += 1;
                self.journal.push(now, Source::World, Body::Event(event.clone()));
            } else {
                self.leave_out(now);
            }
        }
        for outcome in &batch.outcomes {
            if !self.done.contains(&outcome.action) {
                return self.broken(format!("an outcome of {}, never done", outcome.action));
            }
            self.journal.push(now, Source::World, Body::Outcome(outcome.clone()));
        }
        for answer in &batch.answers {
            if !self.asked.contains(&answer.action) && !self.done.contains(&answer.action) {
                return self.broken(format!("an answer about {}, never asked", answer.action));
            }
            self.journal.push(now, Source::People, Body::Answer(answer.clone()));
        }
        Ok(())
    }

    fn leave_out(&mut self, now: SimTime) {
        if self.events_left_out == 0 {
            let limit = self.settings.max_events;
            let note = format!("limit of {limit} events reached: further events are left out here");
            self.journal.push(now, Source::Trial, Body::Note(note));
        }
        self.events_left_out += 1;
    }

    fn carry_out(
        &mut self,
        now: SimTime,
        decision: Decision,
        world: &mut dyn World,
    ) -> Result<(), TrialError> {
        self.check(now, &decision)?;
        match &decision {
            Decision::Verdict(verdict) => {
                self.ruled.insert(verdict.action);
            }
            Decision::Act(action) => {
                self.done.insert(action.id);
            }
            Decision::Ask(action) => {
                self.asked.insert(action.id);
            }
            _ => {}
        }
        self.journal.push(now, Source::Engine, Body::Decision(decision));
        match self.journal.lines().last().map(|line| &line.body) {
            Some(Body::Decision(Decision::Act(action))) => world.apply(now, action),
            Some(Body::Decision(Decision::Ask(action))) => world.ask(now, action),
            _ => {}
        }
        Ok(())
    }

    fn check(&mut self, now: SimTime, decision: &Decision) -> Result<(), TrialError> {
        self.decisions += 1;
        if self.decisions > self.settings.max_decisions {
            let limit = self.settings.max_decisions;
            return self.broken(format!("runaway engine: more than {limit} decisions"));
        }
        match decision {
            Decision::Anomaly(a) if !a.score.is_finite() => {
                let (id, signal) = (a.id, &a.signal);
                self.broken(format!("anomaly {id} ({signal}): score {} is no number", a.score))
            }
            Decision::Anomaly(a) if a.raised > now => {
                self.broken(format!("anomaly {} was raised at {}, after {now}", a.id, a.raised))
            }
            Decision::Act(a) if self.done.contains(&a.id) => {
                self.broken(format!("{} was done twice", a.id))
            }
            Decision::Act(a) if self.settings.verdict_required && !self.ruled.contains(&a.id) => {
                self.broken(format!("{} ({}) was done without a verdict", a.id, a.verb()))
            }
            Decision::Ask(a) if self.done.contains(&a.id) => {
                self.broken(format!("{} was asked for after it was done", a.id))
            }
            _ => Ok(()),
        }
    }

    fn finish(mut self) -> Ran {
        if let (Some(now), true) = (self.now, self.events_left_out > 0) {
            let note = format!("{} events were left out", self.events_left_out);
            self.journal.push(now, Source::Trial, Body::Note(note));
        }
        Ran { journal: self.journal, tracks: self.tracks }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::referee::Mode;
    use crate::trial::scripted::{ScriptedEngine, ScriptedWorld, act, verdict};
    use crate::trial::{Trial, run};

    fn settings() -> Settings {
        Settings { record_tracks: true, ..Settings::new("t", 7, Mode::ClosedLoop) }
    }

    fn go(script: &[(i64, Vec<Decision>)], settings: &Settings) -> Result<Trial, TrialError> {
        run(&mut ScriptedWorld::new(12), &mut ScriptedEngine::new(script), settings)
    }

    #[track_caller]
    fn broken(script: &[(i64, Vec<Decision>)], expected: &str) {
        let error = go(script, &settings()).unwrap_err();
        assert!(error.is_invariant() && error.to_string().contains(expected), "{error}");
    }

    #[test]
    fn an_act_reaches_the_world_and_its_outcome_comes_back() {
        let trial = go(&[(20, vec![verdict(1), act(1, "a")])], &settings()).unwrap();
        let outcome = trial.journal.outcomes().next().unwrap();
        assert_eq!((outcome.action, outcome.time), (ActionId(1), SimTime::from_secs(30)));
        let kinds: Vec<Source> = trial.journal.lines().iter().map(|l| l.source).collect();
        assert_eq!(kinds[..2], [Source::World, Source::World], "events come first");
        assert!(trial.scorecard.unscored.is_some());
        assert_eq!(trial.tracks.unwrap().tracks.len(), 1);
    }

    #[test]
    fn what_must_never_happen_is_named() {
        broken(&[(20, vec![act(1, "a")])], "action-1 (restart) was done without a verdict");
        let twice = vec![verdict(1), act(1, "a"), act(1, "a")];
        broken(&[(20, twice)], "action-1 was done twice");
        let lenient = Settings { verdict_required: false, ..settings() };
        assert!(go(&[(20, vec![act(1, "a")])], &lenient).is_ok());
        let few = Settings { max_decisions: 1, ..settings() };
        let error = go(&[(20, vec![verdict(1), verdict(1)])], &few).unwrap_err();
        assert!(error.to_string().contains("runaway"), "{error}");
    }

    #[test]
    fn a_world_whose_clock_goes_back_or_stands_still_is_stopped() {
        for (times, expected) in [(vec![5, 3], "time went back"), (vec![5; 10_100], "steps at")] {
            let mut world = ScriptedWorld::at(&times);
            let error = run(&mut world, &mut ScriptedEngine::new(&[]), &settings()).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        }
    }

    #[test]
    fn events_beyond_the_limit_are_counted_in_a_note() {
        let few = Settings { max_events: 3, ..settings() };
        let trial = go(&[], &few).unwrap();
        let text = |l: &crate::model::Line| match &l.body {
            Body::Note(text) => Some(text.clone()),
            _ => None,
        };
        let notes: Vec<String> = trial.journal.lines().iter().filter_map(text).collect();
        assert!(notes[0].starts_with("limit of 3 events"), "{notes:?}");
        assert_eq!(notes[1], "9 events were left out");
        assert_eq!(trial.journal.lines().len(), 5);
    }

    #[test]
    fn the_same_trial_has_the_same_digest_and_another_has_not() {
        let script = [(20, vec![verdict(1), act(1, "a")])];
        let (first, second) =
            (go(&script, &settings()).unwrap(), go(&script, &settings()).unwrap());
        assert_eq!(first.digest, second.digest);
        assert_eq!(first.scorecard, second.scorecard);
        assert_ne!(first.digest, go(&[], &settings()).unwrap().digest);
    }
}
