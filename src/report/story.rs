//! What happened, as plain data in a person's order: the one model behind every renderer.
//!
//! In: one trial's journal, truth, record, service map, scorecard and stage times (`Told`). Out: a
//! `Story` of entries in time order (noise collapsed), incidents with hypotheses, stages and
//! actions, an audit table, the call graph and the key charts. Nothing is scored here. Known limit:
//! the culprit of charts and graph is that of the first real incident, or else the engine's guess.

mod cases;
mod charts;
mod entries;
mod graph;
mod headline;
mod phrases;
mod told;

use std::collections::BTreeMap;

use serde_json::Value;

pub use cases::{Case, Doing, Stage, stage_name};
pub use charts::{Chart, TrackView};
pub use graph::{Graph, Node};
pub use headline::{Fact, Headline};

use super::scores::{self, ScoreRow};
use crate::model::{
    Hypothesis, IncidentChange, Journal, Ruling, StageReached, Topology, Truth, WorldRecord,
};
use crate::trial::Mode;
use crate::unit::{IncidentId, Name, SimTime, Window};

/// Times at which one incident reached its stages; a missing stage was not reached or not known.
pub type StageTimes = BTreeMap<StageReached, SimTime>;

/// Everything a report is told about one trial.
#[derive(Debug, Clone)]
pub struct Told<'a> {
    /// Name of the trial.
    pub name: &'a str,
    /// Provenance by name, in the order to print: scenario, seed, policy hash, version, digest ...
    pub facts: Vec<(String, String)>,
    /// How it was run.
    pub mode: Mode,
    /// The simulated stretch.
    pub window: Window,
    /// What crossed a contract.
    pub journal: &'a Journal,
    /// What was really wrong, if labelled.
    pub truth: Option<&'a Truth>,
    /// What really happened to the world.
    pub record: &'a WorldRecord,
    /// The service map.
    pub topology: &'a Topology,
    /// Recorded series for charts, empty if none were kept.
    pub tracks: Vec<TrackView>,
    /// The scorecard in its stable JSON form.
    pub scorecard: Value,
    /// Stage times by incident.
    pub stages: BTreeMap<IncidentId, StageTimes>,
}

/// The sort of an entry; its order is the order at equal times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// A fault, from the truth.
    Fault,
    /// Somebody changed something.
    Change,
    /// Something else happened: Kubernetes events, alerts, status pages.
    Event,
    /// Signals left or came back to their normal range.
    Signal,
    /// An incident was opened, merged, split or closed.
    Incident,
    /// A diagnosis was made or changed.
    Diagnosis,
    /// A plan was made.
    Plan,
    /// A guardrail ruled.
    Guard,
    /// An action was ordered.
    Action,
    /// What came of it.
    Outcome,
    /// People were told, paged or asked, or answered.
    People,
    /// Users are served again.
    Recovery,
    /// A remark of the trial.
    Note,
}

/// How an entry is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tone {
    /// Harm.
    Bad,
    /// Watch out.
    Warn,
    /// Help.
    Good,
    /// Plain.
    Plain,
}

/// One line of the story.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// When.
    pub time: SimTime,
    /// When it ended, for things that last or repeat.
    pub until: Option<SimTime>,
    /// Its sort.
    pub lane: Lane,
    /// What, for a person.
    pub text: String,
    /// How to take it.
    pub tone: Tone,
}

/// One real fault, from the truth.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// Its name.
    pub id: String,
    /// From injection to end.
    pub window: Window,
    /// When users began to feel it.
    pub onset: Option<SimTime>,
    /// Entities to blame.
    pub root_causes: Vec<Name>,
    /// What is wrong with them.
    pub cause: Option<String>,
}

/// One decision in the audit table.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditRow {
    /// When.
    pub time: SimTime,
    /// Who decided: a guardrail's name, `plan`, `people` ...
    pub who: String,
    /// About what.
    pub about: String,
    /// What was ruled or answered.
    pub ruling: String,
    /// Why.
    pub reason: String,
    /// How to take it.
    pub tone: Tone,
}

/// Everything a renderer needs.
#[derive(Debug, Clone)]
pub struct Story {
    /// Name of the trial.
    pub title: String,
    /// Provenance, in the order to print.
    pub facts: Vec<(String, String)>,
    /// How it was run.
    pub mode: Mode,
    /// The result in one sentence.
    pub headline: Headline,
    /// The key numbers.
    pub numbers: Vec<Fact>,
    /// The simulated stretch.
    pub window: Window,
    /// Zero of relative times: the first fault, else the first incident, else the start.
    pub origin: SimTime,
    /// What happened, in time order.
    pub entries: Vec<Entry>,
    /// Real faults.
    pub faults: Vec<Fault>,
    /// Incidents as the engine saw them, those that acted first; merged ones left out.
    pub cases: Vec<Case>,
    /// Every decision with its reason.
    pub audit: Vec<AuditRow>,
    /// The call graph with the blast.
    pub graph: Graph,
    /// Key metrics.
    pub charts: Vec<Chart>,
    /// The scorecard's rows.
    pub scores: Vec<ScoreRow>,
    /// Safety violations by kind.
    pub violations: Vec<(String, f64)>,
}

impl Story {
    /// Tells the story of a trial.
    #[must_use]
    pub fn tell(told: &Told<'_>) -> Self {
        let faults = faults(told.truth);
        let cases = cases::cases(told);
        let origin = origin(told, &faults, &cases);
        let headline = headline::headline(told, &faults, &cases);
        Self {
            title: told.name.to_owned(),
            facts: told.facts.clone(),
            mode: told.mode,
            numbers: headline::numbers(told, &faults, &cases),
            headline,
            window: told.window,
            origin,
            entries: entries::entries(told, &faults, &cases),
            audit: entries::audit(told),
            graph: graph::graph(told, &faults, &cases),
            charts: charts::charts(told, &faults, &cases),
            scores: scores::rows(&told.scorecard),
            violations: scores::violations(&told.scorecard),
            faults,
            cases,
        }
    }

    /// The incident the report is mainly about.
    #[must_use]
    pub fn main_case(&self) -> Option<&Case> {
        self.cases.first()
    }

    /// The stretch worth looking at: from a little before the first thing to a little after the
    /// last one, inside the simulated window.
    #[must_use]
    pub fn focus(&self) -> Window {
        let quiet = |e: &&Entry| e.lane != Lane::Note;
        let first = self.entries.iter().filter(quiet).map(|e| e.time).min();
        let last = self.entries.iter().filter(quiet).map(|e| e.until.unwrap_or(e.time)).max();
        let (Some(first), Some(last)) = (first, last) else { return self.window };
        let first = first.min(self.origin);
        let pad = last.since(first).scaled(0.06) + crate::unit::SimDuration::from_secs(120);
        let start = (first - pad).max(self.window.start);
        let end = (last + pad).min(self.window.end);
        if start < end { Window { start, end } } else { self.window }
    }
}

impl Lane {
    /// Its name in reports.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Fault => "fault",
            Self::Change => "change",
            Self::Event => "event",
            Self::Signal => "signal",
            Self::Incident => "incident",
            Self::Diagnosis => "diagnosis",
            Self::Plan => "plan",
            Self::Guard => "guardrail",
            Self::Action => "action",
            Self::Outcome => "outcome",
            Self::People => "people",
            Self::Recovery => "recovery",
            Self::Note => "note",
        }
    }
}

impl Tone {
    /// Its name as a CSS class.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Bad => "bad",
            Self::Warn => "warn",
            Self::Good => "good",
            Self::Plain => "plain",
        }
    }
}

/// How a trial was run, for a person.
#[must_use]
pub const fn mode_label(mode: Mode) -> &'static str {
    match mode {
        Mode::ClosedLoop => "closed loop",
        Mode::OpenLoop => "open loop",
        Mode::Counterfactual => "counterfactual (modelled)",
    }
}

fn faults(truth: Option<&Truth>) -> Vec<Fault> {
    let incidents = truth.map_or(&[][..], |t| &t.incidents);
    let mut faults: Vec<Fault> = incidents
        .iter()
        .map(|real| Fault {
            id: real.id.clone(),
            window: real.window,
            onset: real.onset,
            root_causes: real.root_causes.clone(),
            cause: real.cause.map(|c| c.to_string()),
        })
        .collect();
    faults.sort_by_key(|f| f.window);
    faults
}

fn origin(told: &Told<'_>, faults: &[Fault], cases: &[Case]) -> SimTime {
    let fault = faults.first().map(|f| f.window.start);
    let opened = cases.iter().map(|c| c.opened).min();
    fault.or(opened).unwrap_or(told.window.start)
}

/// The entity to look at: of the first real fault, else of the engine's best guess.
fn culprit(faults: &[Fault], cases: &[Case]) -> Option<Name> {
    let real = faults.iter().find_map(|f| f.root_causes.first().cloned());
    real.or_else(|| cases.first().and_then(Case::top).map(|h: &Hypothesis| h.entity.clone()))
}

fn ruling(ruling: Ruling) -> (&'static str, Tone) {
    match ruling {
        Ruling::Allow => ("allow", Tone::Good),
        Ruling::DryRun => ("dry run", Tone::Warn),
        Ruling::NeedsApproval => ("needs approval", Tone::Warn),
        Ruling::Deny => ("deny", Tone::Bad),
    }
}

const fn change_word(change: IncidentChange) -> &'static str {
    match change {
        IncidentChange::Opened => "opened",
        IncidentChange::Grew => "grew",
        IncidentChange::Merged => "merged",
        IncidentChange::Split => "split off",
        IncidentChange::Closed => "closed",
    }
}
