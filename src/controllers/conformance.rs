//! Does a command keep the protocol? A little talk with it, and one verdict a rule.
//!
//! In: a command and the stages that it is to supply. Out: checks in a fixed order, each with what
//! was expected and what was found. The talk is played twice, to two processes: the same requests
//! must get the same answers. Limit: it says nothing of whether the engine is any good.

mod feed;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::feed::Feed;
use super::process::StartError;
use super::subprocess::{Subprocess, Talk};
use super::substitute::OutsideStages;
use crate::model::{
    Decision, Engine, EngineFailure, OutsideEngine, Remark, Stage, StepInput, Substitute,
};

/// How one rule was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// It was kept.
    Passed,
    /// It was broken.
    Failed,
    /// The talk ended before it could be seen.
    NotReached,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// How it was kept.
    pub verdict: Kept,
    /// What is expected.
    pub expected: String,
    /// What was found.
    pub found: String,
}

/// All rules, and whether they were kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Conformance {
    /// What the engine says of itself; null if it was not understood.
    pub engine: Option<String>,
    /// Every rule, in order.
    pub rules: Vec<Rule>,
    /// Whether all were kept.
    pub conforms: bool,
}

/// The parts of the talk: name, what is expected.
const PARTS: [(&str, &str); 7] = [
    ("hello", "a reply to hello with protocol 1 and a name"),
    ("steps", "one reply to each step, with its seq"),
    ("absent values", "a reply to steps with nulls in the frame, or with nothing at all"),
    ("growth", "a reply to steps that bring new entities, calls and series"),
    ("unknown fields", "fields that the engine does not know are ignored"),
    ("incident", "decisions and answers that make sense while a service fails"),
    ("outcomes", "a reply to outcomes (failed, unknown ...) and answers (refused ...)"),
];

/// Plays the talk and says how it went.
///
/// # Errors
/// If the command cannot be started.
pub fn check(spec: &OutsideEngine) -> Result<Conformance, StartError> {
    let first = Session::start(spec)?.play();
    let mut rules = first.rules;
    let stopped = rules.iter().any(|rule| rule.verdict == Kept::NotReached)
        || rules.last().is_some_and(|rule| rule.verdict == Kept::Failed);
    rules.push(first.end);
    let expected = "the same requests get the same answers from a second process".to_owned();
    let name = "determinism".to_owned();
    rules.push(if stopped {
        let (verdict, found) = (Kept::NotReached, "the first talk did not come to its end".into());
        Rule { name, verdict, expected, found }
    } else {
        let second = Session::start(spec)?.play();
        let pairs = first.said.iter().zip(&second.said);
        let differs = pairs.into_iter().position(|(a, b)| a != b);
        let (verdict, found) = match differs {
            None if first.said.len() == second.said.len() => {
                (Kept::Passed, format!("{} answers, all equal", first.said.len()))
            }
            None => (Kept::Failed, "the second process answered less or more".to_owned()),
            Some(at) => (Kept::Failed, format!("answer {at} differs")),
        };
        Rule { name, verdict, expected, found }
    });
    let conforms = rules.iter().all(|rule| rule.verdict == Kept::Passed);
    Ok(Conformance { engine: first.engine, rules, conforms })
}

enum Driver {
    Whole(Box<Subprocess>),
    Stages(Box<OutsideStages>),
}

struct Session {
    driver: Driver,
    engine: Option<String>,
    failures: Vec<EngineFailure>,
    said: Vec<String>,
    feed: Feed,
}

struct Played {
    engine: Option<String>,
    rules: Vec<Rule>,
    end: Rule,
    said: Vec<String>,
}

impl Session {
    fn start(spec: &OutsideEngine) -> Result<Self, StartError> {
        let driver = if spec.is_whole() {
            Driver::Whole(Box::new(Subprocess::start(spec, 1)?))
        } else {
            Driver::Stages(Box::new(OutsideStages::start(spec, 1)?))
        };
        let (engine, failures, said) = (None, Vec::new(), Vec::new());
        Ok(Self { driver, engine, failures, said, feed: Feed::new() })
    }

    fn talk(&mut self) -> &mut Talk {
        match &mut self.driver {
            Driver::Whole(engine) => engine.talk(),
            Driver::Stages(stages) => stages.talk(),
        }
    }

    fn play(mut self) -> Played {
        let mut rules = Vec::new();
        for (part, (name, expected)) in PARTS.iter().enumerate() {
            let alive = self.talk().link.is_alive();
            let before = self.failures.len();
            if alive {
                self.part(part);
            }
            let (verdict, found) = match self.failures.get(before) {
                _ if !alive => (Kept::NotReached, "the engine takes no further part".to_owned()),
                Some(failure) => (Kept::Failed, failure.to_string()),
                None => (Kept::Passed, self.seen(part)),
            };
            let (name, expected) = ((*name).to_owned(), (*expected).to_owned());
            rules.push(Rule { name, verdict, expected, found });
        }
        let end = self.end();
        Played { engine: self.engine, rules, end, said: self.said }
    }

    fn seen(&self, part: usize) -> String {
        match part {
            0 => self.engine.clone().unwrap_or_default(),
            5 => format!("{} decisions and answers", self.feed.decisions),
            6 if self.feed.ordered == 0 => "replies; no action was said, so none ended".to_owned(),
            6 => format!("replies; {} actions ended", self.feed.ordered),
            _ => "replies".to_owned(),
        }
    }

    fn part(&mut self, part: usize) {
        match part {
            0 => self.step(),
            1 => (0..20).for_each(|_| self.step()),
            2 => {
                self.feed.holes();
                self.step();
                self.feed.nothing();
                self.step();
            }
            3 => {
                self.feed.grow();
                (0..2).for_each(|_| self.step());
            }
            4 => {
                self.talk().link.send_unknown_fields(true);
                self.step();
                self.talk().link.send_unknown_fields(false);
            }
            5 => {
                self.feed.fail();
                (0..12).for_each(|_| self.step());
                self.ask();
            }
            _ => {
                self.feed.answer();
                (0..4).for_each(|_| self.step());
            }
        }
    }

    fn step(&mut self) {
        let (now, batch) = self.feed.next();
        let input = StepInput {
            now,
            topology: &self.feed.topology,
            series: &self.feed.series,
            batch: &batch,
        };
        let mut decisions = Vec::new();
        match &mut self.driver {
            Driver::Whole(engine) => engine.step(&input, &mut decisions),
            Driver::Stages(stages) => {
                let readings = stages.observe(&input);
                self.said.push(json(&readings));
            }
        }
        self.said.push(json(&decisions));
        self.feed.heard(&decisions);
        self.hear();
    }

    /// The questions to single stages.
    fn ask(&mut self) {
        let Driver::Stages(stages) = &mut self.driver else { return };
        let (now, incident) = (self.feed.now(), self.feed.incident());
        let mut answers = Vec::new();
        if stages.supplies(Stage::Diagnose) {
            answers.push(json(&stages.diagnose(now, &incident)));
        }
        if stages.supplies(Stage::Remediate) {
            answers.push(json(&stages.remediate(now, &incident, &self.feed.diagnosis())));
        }
        if stages.supplies(Stage::Guard) {
            answers.push(json(&stages.rule(now, &self.feed.proposal())));
        }
        self.feed.decisions += answers.len();
        self.said.extend(answers);
        self.hear();
    }

    fn hear(&mut self) {
        let mut remarks = Vec::new();
        self.talk().link.remarks(&mut remarks);
        for remark in remarks {
            match remark {
                Remark::Failure(failure) => self.failures.push(failure),
                Remark::Note(note) => {
                    let named = note.strip_prefix("engine under test: ").map(str::to_owned);
                    self.engine = self.engine.take().or(named);
                }
            }
        }
    }

    fn end(&mut self) -> Rule {
        let name = "bye".to_owned();
        let expected = "an end with exit code 0 within 2 s after bye".to_owned();
        if !self.talk().link.is_alive() {
            let found = "the engine had ended before".to_owned();
            return Rule { name, verdict: Kept::NotReached, expected, found };
        }
        let (verdict, found) = match self.talk().bye() {
            Some(status) if status.success() => (Kept::Passed, "exit code 0".to_owned()),
            Some(status) => (Kept::Failed, status.to_string()),
            None => (Kept::Failed, "it went on running and was killed".to_owned()),
        };
        Rule { name, verdict, expected, found }
    }
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| error.to_string())
}

/// Whether a decision is an order that will be answered.
fn is_order(decision: &Decision) -> bool {
    matches!(decision, Decision::Act(_) | Decision::Ask(_))
}
