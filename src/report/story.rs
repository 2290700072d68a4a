//! What happened, as plain data in a person's order: the one model behind every renderer.
//!
//! In: one trial's journal, truth, record, service map, scorecard and stage times (`Told`). Out: a
//! `Story` of entries in time order (noise collapsed), incidents with hypotheses, stages and
//! actions, an audit table, the call graph and the key charts. Nothing is scored here. Known limit:
//! the culprit of charts and graph is that of the first real incident, or else the engine's guess.

mod audit;
mod cases;
mod charts;
mod entries;
mod entry;
mod graph;
mod headline;
mod phrases;
mod stages;
mod tidy;
mod told;

use std::collections::BTreeMap;

pub use audit::AuditRow;
pub use cases::{Case, Doing};
pub use charts::{Chart, TrackView};
pub use entry::{Entry, Lane, Tone};
pub use graph::{Graph, Node};
pub use headline::{Fact, Headline};
pub use stages::{Stage, stage_name};
pub use told::Told;

use super::scores::{self, ScoreRow};
use crate::campaign::Twins;
use crate::model::{Hypothesis, StageReached, Truth};
use crate::trial::Mode;
use crate::unit::{Name, SimDuration, SimTime, Window};

/// Times at which one incident reached its stages; a missing stage was not reached or not known.
pub type StageTimes = BTreeMap<StageReached, SimTime>;

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
    /// The counterfactual twins, if they were run.
    pub twins: Option<Twins>,
}

impl Story {
    /// Tells the story of a trial.
    #[must_use]
    pub fn tell(told: &Told<'_>) -> Self {
        let faults = faults(told.truth);
        let cases = cases::cases(told);
        let origin = origin(told, &faults, &cases);
        let headline = headline::headline(told, &faults, &cases);
        let mut story = Self {
            title: told.name.to_owned(),
            facts: told.facts.clone(),
            mode: told.mode,
            numbers: headline::numbers(told, &faults, &cases),
            headline,
            window: told.window,
            origin,
            entries: entries::entries(told, &faults, &cases),
            audit: audit::audit(told),
            graph: graph::graph(told, &faults, &cases),
            charts: charts::charts(told, &faults, &cases),
            scores: scores::rows(&told.scorecard),
            violations: scores::violations(&told.scorecard),
            twins: told.twins.clone(),
            faults,
            cases,
        };
        tidy::tidy(&mut story);
        story
    }

    /// The incident the report is mainly about.
    #[must_use]
    pub fn main_case(&self) -> Option<&Case> {
        self.cases.first()
    }

    /// The stretch worth looking at: from a little before the first real fault (else before the
    /// first thing) to a little after the last thing, inside the simulated window.
    #[must_use]
    pub fn focus(&self) -> Window {
        let quiet = |e: &&Entry| e.lane != Lane::Note;
        let first = match self.faults.first() {
            Some(fault) => Some(fault.window.start),
            None => self.entries.iter().filter(quiet).map(|e| e.time).min(),
        };
        let last = self.entries.iter().filter(quiet).map(|e| e.until.unwrap_or(e.time)).max();
        let (Some(first), Some(last)) = (first, last) else { return self.window };
        let last = last.max(first);
        let pad = last.since(first).scaled(0.08) + SimDuration::from_secs(120);
        let start = (first - pad).max(self.window.start);
        let end = (last + pad).min(self.window.end);
        if start < end { Window { start, end } } else { self.window }
    }

    /// How many entries lie before or after the stretch worth looking at.
    #[must_use]
    pub fn outside(&self) -> usize {
        let focus = self.focus();
        self.entries.iter().filter(|e| e.time < focus.start || e.time > focus.end).count()
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
