//! The contracts by which a trial drives a system under test, whoever wrote it.
//!
//! `Engine` is a whole chain: our own pipeline, a process on the other end of a pipe, a type in
//! somebody else's crate. `Substitute` supplies single stages of our chain from outside. They stand
//! here, below the wings, so that the engine's wing and the controllers' wing need not know each
//! other. What goes wrong with an engine itself is a `Remark` and becomes a line of the journal.

use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};

use super::{
    Action, Cause, Decision, Diagnosis, Direction, Incident, Leeway, Operation, Risk, Role, Ruling,
    SignalClass, StepInput,
};
use crate::unit::{Name, Ratio, SimDuration, SimTime};

/// A system under test.
pub trait Engine {
    /// Takes in what became visible and says what it decides, in order.
    ///
    /// Called once per instant, in time order. Everything said becomes a journal line; `Act` is
    /// carried out by the world at once, `Ask` goes to the people on call.
    fn step(&mut self, input: &StepInput<'_>, out: &mut Vec<Decision>);

    /// Hands over what there is to remark about the engine itself since the last call: that it
    /// was started, that it crashed. Called after every step and after `finish`.
    fn remarks(&mut self, _out: &mut Vec<Remark>) {}

    /// The trial is over; called once, after the last step.
    fn finish(&mut self) {}

    /// Whether log lines or spans can change what it says; asked before the first step. For who
    /// reads none, a world need not write any.
    fn reads_lines(&self) -> bool {
        true
    }

    /// Which other confidence floors would have led to the very same decisions, asked after the
    /// last step; `None` if the engine does not know.
    fn leeway(&self) -> Option<Leeway> {
        None
    }
}

/// Something about an engine that it did not say itself.
#[derive(Debug, Clone, PartialEq)]
pub enum Remark {
    /// Worth knowing.
    Note(String),
    /// It failed.
    Failure(EngineFailure),
}

/// How an engine failed.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// It ended before it was told to.
    Crashed,
    /// It did not answer in time.
    TimedOut,
    /// It said something that is no message.
    Garbage,
    /// It said more than is read.
    Flooded,
    /// It answered a request more than once.
    ExtraReply,
    /// Its answer does not fit the request.
    WrongReply,
    /// A decision makes no sense.
    BadDecision,
    /// It decided too much, or failed too often, to go on.
    Runaway,
    /// It does not speak this version of the protocol.
    Handshake,
    /// It said itself that it failed.
    Declared,
}

/// A failure of the system under test. It is counted as the engine's violation, never as a fault
/// of windtunnel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct EngineFailure {
    /// Which sort.
    pub kind: FailureKind,
    /// What was found and what was expected.
    pub detail: String,
    /// Whether the engine takes no further part in the trial.
    pub fatal: bool,
}

/// A stage of the chain that can be supplied from outside. Correlation stays ours.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Telemetry -> scored signals.
    Detect,
    /// Incident -> ranked hypotheses.
    Diagnose,
    /// Diagnosis -> actions.
    Remediate,
    /// Action -> ruling.
    Guard,
}

/// A signal that looks wrong to a substitute for detection. The policy's alarm gate decides
/// whether it becomes an anomaly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// The service, node ... that it is about; for a replica, say its service and `instance`.
    pub entity: Name,
    /// The replica, if it is about one.
    #[serde(default)]
    pub instance: Option<Name>,
    /// What exactly looks wrong: `latency p99`. With `entity` it names the signal from step to
    /// step.
    pub signal: String,
    /// How strange; 1 is your own nominal threshold, higher is stranger.
    pub score: f64,
    /// What sort of telemetry it was seen in (default: metric).
    #[serde(default = "metric")]
    pub class: SignalClass,
    /// What it tells (default: other).
    #[serde(default = "other")]
    pub role: Role,
    /// When it began (default: now).
    #[serde(default)]
    pub since: Option<SimTime>,
    /// Which way it left its normal range (default: up).
    #[serde(default = "up")]
    pub direction: Direction,
    /// What was observed.
    #[serde(default)]
    pub observed: Option<f64>,
    /// What was expected.
    #[serde(default)]
    pub expected: Option<f64>,
}

/// One step of a plan, as a substitute for remediation orders it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Order {
    /// The entity it is done to.
    pub target: Name,
    /// The verb and its parameters.
    #[serde(flatten)]
    pub operation: Operation,
    /// How dangerous it is (default: reversible).
    #[serde(default = "reversible")]
    pub risk: Risk,
    /// Why, for a person.
    #[serde(default)]
    pub reason: String,
    /// How long after it was applied its effect is judged (default: 3m).
    #[serde(default = "three_minutes")]
    pub settle: SimDuration,
}

/// What a substitute for the guardrails is asked to rule on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Proposal {
    /// What is to be done.
    pub action: Action,
    /// The cause that it answers.
    pub cause: Cause,
    /// How sure the diagnosis is.
    pub confidence: Ratio,
    /// Replicas of the target that are wanted now; absent if unknown.
    pub target_replicas: Option<u32>,
    /// Replicas of the whole fleet; absent if unknown.
    pub fleet_replicas: Option<u32>,
}

/// What a substitute for the guardrails rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ruled {
    /// The ruling.
    pub ruling: Ruling,
    /// What it saw, with unit.
    #[serde(default)]
    pub saw: String,
    /// Its limit, with unit.
    #[serde(default)]
    pub limit: String,
}

/// Supplies one or several stages of the chain from outside. Where it fails it says nothing, and
/// the chain goes on without: no readings, no diagnosis, a page instead of a plan, a denial.
pub trait Substitute: Send {
    /// Whether it supplies a stage.
    fn supplies(&self, stage: Stage) -> bool;

    /// Takes in what became visible, in every step; says readings if it supplies detection.
    fn observe(&mut self, input: &StepInput<'_>) -> Vec<Reading>;

    /// Ranks suspects for an incident.
    fn diagnose(&mut self, now: SimTime, incident: &Incident) -> Option<Diagnosis>;

    /// Says what to do; called again when a plan did not heal.
    fn remediate(
        &mut self,
        now: SimTime,
        incident: &Incident,
        diagnosis: &Diagnosis,
    ) -> Option<Vec<Order>>;

    /// Rules on an action; asked again when a person has approved it.
    fn rule(&mut self, now: SimTime, proposal: &Proposal) -> Option<Ruled>;

    /// As `Engine::remarks`.
    fn remarks(&mut self, out: &mut Vec<Remark>);

    /// As `Engine::finish`.
    fn finish(&mut self);
}

/// One substitute that several stages share.
pub type SharedSubstitute = Arc<Mutex<dyn Substitute>>;

impl FailureKind {
    /// Its name in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Crashed => "crashed",
            Self::TimedOut => "timed_out",
            Self::Garbage => "garbage",
            Self::Flooded => "flooded",
            Self::ExtraReply => "extra_reply",
            Self::WrongReply => "wrong_reply",
            Self::BadDecision => "bad_decision",
            Self::Runaway => "runaway",
            Self::Handshake => "handshake",
            Self::Declared => "declared",
        }
    }
}

impl std::fmt::Display for EngineFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let end = if self.fatal { "; the engine takes no further part" } else { "" };
        write!(f, "engine {}: {}{end}", self.kind.as_str(), self.detail)
    }
}

fn metric() -> SignalClass {
    SignalClass::Metric
}

fn other() -> Role {
    Role::Other
}

fn up() -> Direction {
    Direction::Up
}

fn reversible() -> Risk {
    Risk::Reversible
}

fn three_minutes() -> SimDuration {
    SimDuration::from_secs(180)
}
