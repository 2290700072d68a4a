//! A whole chain in somebody else's process.
//!
//! In: `StepInput`. Out: the decisions that the process said, checked, and remarks about it. It
//! is greeted in the first step, because only then it is known what there is. Once it failed for
//! good the trial goes on without it: a fleet with nobody at the wheel.

use super::latency::Delay;
use super::link::Link;
use super::process::{Pipes, Process, StartError};
use super::protocol::{HelloReply, Identity, Request, Said, StepReply, VERSION};
use super::stopwatch::Stopwatch;
use super::translate::Translator;
use super::vet::Vet;
use super::view::View;
use crate::model::{
    Decision, Engine, FailureKind, Latency, OutsideEngine, Remark, Stage, StepInput,
};
use crate::unit::SimTime;

/// An engine behind a pipe.
#[derive(Debug)]
pub struct Subprocess {
    talk: Talk,
    translator: Translator,
    vet: Vet,
    delay: Option<Delay>,
}

/// Greeting, steps and farewell, the same for whole chains and for substitutes.
#[derive(Debug)]
pub(super) struct Talk {
    pub(super) link: Link,
    view: View,
    seed: u64,
    stages: Vec<Stage>,
    greeted: bool,
    now: SimTime,
}

impl Talk {
    /// Starts the process; it is greeted in the first step.
    pub(super) fn start(spec: &OutsideEngine, seed: u64) -> Result<Self, StartError> {
        let process = Process::start(&spec.command, &spec.directory, &spec.env, Pipes::Talk)?;
        Ok(Self {
            link: Link::new(process, spec.timeout),
            view: View::new(),
            seed,
            stages: spec.stages.clone(),
            greeted: false,
            now: SimTime::default(),
        })
    }

    /// Sends a step and hears what is said to it.
    pub(super) fn step(&mut self, input: &StepInput<'_>) -> Option<StepReply> {
        self.now = input.now;
        if !self.greeted {
            self.greeted = true;
            self.greet(input);
        }
        if !self.link.is_alive() {
            return None;
        }
        let request = self.view.step(input, self.link.seq());
        self.link.ask(&request)
    }

    fn greet(&mut self, input: &StepInput<'_>) {
        let hello = self.view.hello(input, self.seed, &self.stages);
        let Some(HelloReply { hello, .. }) = self.link.ask(&hello) else {
            let detail = "expected a reply to hello that says protocol and name".to_owned();
            return self.link.give_up(FailureKind::Handshake, detail);
        };
        let Identity { protocol, name, version, wants } = hello;
        if protocol != VERSION {
            let detail = format!("expected protocol {VERSION}, found {protocol}");
            return self.link.give_up(FailureKind::Handshake, detail);
        }
        self.view.want(wants);
        let version = if version.is_empty() { version } else { format!(" {version}") };
        self.link.note(format!("engine under test: {name}{version}, protocol {protocol}"));
    }

    /// Says farewell.
    pub(super) fn bye(&mut self) -> Option<std::process::ExitStatus> {
        let request = Request::Bye { seq: self.link.seq(), time: self.now };
        self.link.bye(&request)
    }
}

impl Subprocess {
    /// Starts the command of a policy.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(spec: &OutsideEngine, seed: u64) -> Result<Self, StartError> {
        let mut talk = Talk::start(spec, seed)?;
        let delay = (spec.latency == Latency::Measured).then(Delay::default);
        if delay.is_some() {
            let text = "latency: measured: this result depends on the wall clock and cannot be \
                        repeated exactly";
            talk.link.note(text.to_owned());
        }
        Ok(Self { talk, translator: Translator::default(), vet: Vet::default(), delay })
    }

    /// The talk, for whoever checks it.
    pub(super) fn talk(&mut self) -> &mut Talk {
        &mut self.talk
    }

    fn say(&mut self, input: &StepInput<'_>, said: Vec<Said>, out: &mut Vec<Decision>) {
        for one in said {
            let meant = self.translator.decision(input.now, input.topology, one);
            let good = meant.and_then(|decision| {
                self.vet.check(input.now, &decision)?;
                Ok(decision)
            });
            match good {
                Ok(decision) => out.push(decision),
                Err(problem) => self.talk.link.fail(FailureKind::BadDecision, problem),
            }
            if self.vet.is_runaway() {
                let detail = "more decisions than anybody needs".to_owned();
                return self.talk.link.give_up(FailureKind::Runaway, detail);
            }
        }
    }
}

impl Engine for Subprocess {
    fn step(&mut self, input: &StepInput<'_>, out: &mut Vec<Decision>) {
        let watch = Stopwatch::start();
        let reply = self.talk.step(input);
        let said = reply.map(|reply| reply.decisions).unwrap_or_default();
        let said = match &mut self.delay {
            None => said,
            Some(delay) => {
                delay.push(input.now, watch.elapsed(), said);
                delay.due(input.now)
            }
        };
        self.say(input, said, out);
    }

    fn remarks(&mut self, out: &mut Vec<Remark>) {
        self.talk.link.remarks(out);
    }

    fn finish(&mut self) {
        self.talk.bye();
    }
}
