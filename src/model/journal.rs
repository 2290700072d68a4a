//! The append-only audit record of one trial, and its JSON-lines form.
//!
//! Everything that crossed a contract is one line: what the engine said, what the world did, what
//! people answered. A stored journal can be scored and reported again without simulating.

use serde::{Deserialize, Serialize};

use super::{Answer, Decision, EngineFailure, Event, Outcome};
use crate::unit::SimTime;

/// Who wrote a line.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The system under test.
    Engine,
    /// The fleet or recording.
    World,
    /// People on call.
    People,
    /// windtunnel itself: limits reached, engine failures.
    Trial,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "type", content = "body", rename_all = "snake_case")]
pub enum Body {
    /// The engine decided.
    Decision(Decision),
    /// The world answered an action.
    Outcome(Outcome),
    /// A person answered.
    Answer(Answer),
    /// An event or change became visible.
    Event(Event),
    /// A remark of the trial.
    Note(String),
    /// The system under test failed.
    EngineFailure(EngineFailure),
}

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Line {
    /// Position, from 0.
    pub sequence: u64,
    /// Simulated time.
    pub time: SimTime,
    /// Who wrote it.
    pub source: Source,
    /// What it says.
    #[serde(flatten)]
    pub body: Body,
}

/// All lines of one trial, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Journal {
    lines: Vec<Line>,
}

impl Journal {
    /// Format version, written in the header line.
    pub const VERSION: u32 = 1;

    /// Appends a line.
    ///
    /// Panics if time goes back: the event loop's order is broken.
    pub fn push(&mut self, time: SimTime, source: Source, body: Body) {
        assert!(self.lines.last().is_none_or(|last| last.time <= time), "time never goes back");
        let sequence = self.lines.len() as u64;
        self.lines.push(Line { sequence, time, source, body });
    }

    /// All lines in order.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The engine's decisions with their times, in order.
    pub fn decisions(&self) -> impl Iterator<Item = (SimTime, &Decision)> {
        self.lines.iter().filter_map(|line| match &line.body {
            Body::Decision(decision) => Some((line.time, decision)),
            _ => None,
        })
    }

    /// The world's answers, in order.
    pub fn outcomes(&self) -> impl Iterator<Item = &Outcome> {
        self.lines.iter().filter_map(|line| match &line.body {
            Body::Outcome(outcome) => Some(outcome),
            _ => None,
        })
    }
}
