//! One run: the event loop that joins engine, world and referee.
//!
//! In: a world, an engine and `Settings`. Out: `Trial`: the journal, the truth, what really
//! happened, the scorecard, a digest of all of it, and tracks for plots if asked for. The order of
//! things within one instant is fixed in `event_loop.rs`; what must never happen is an
//! `Invariant` error there. A stored journal (`journal_file.rs`) can be scored again.

mod course;
mod digest;
mod engines;
mod event_loop;
mod journal_file;
#[cfg(test)]
mod scripted;
mod tracks;

use crate::model::{Engine, Journal, Leeway, Topology, Truth, WorldRecord};
use crate::referee::{Evidence, Findings, Scorecard, look, score};
pub use crate::referee::{Mode, Rules};
use crate::unit::{Name, Window};
use crate::world::{World, WorldError};

pub use course::{Fingerprint, course, hexadecimal};
pub use digest::digest;
pub use engines::{EngineError, build_engine};
pub use journal_file::{Header, JournalError, read_journal, write_journal};
pub use tracks::{Point, Track, Tracks};

/// How a trial is run.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Its name: the scenario's or the case's.
    pub name: String,
    /// The seed that world and engine were made with, for the record.
    pub seed: u64,
    /// What actions can change in this world.
    pub mode: Mode,
    /// Whether to keep downsampled metrics for plots.
    pub record_tracks: bool,
    /// The referee's limits.
    pub rules: Rules,
    /// Whether an act without a verdict before it is an internal fault. True for the built-in
    /// engine; for any other engine it is a violation that the referee counts.
    pub verdict_required: bool,
    /// Most events that are copied into the journal; the rest is counted in a note.
    pub max_events: usize,
    /// Most decisions of the engine; more is a runaway.
    pub max_decisions: usize,
}

/// What came of a trial.
#[derive(Debug, Clone)]
pub struct Trial {
    /// Its name.
    pub name: String,
    /// Its seed.
    pub seed: u64,
    /// Fingerprint of the journal and of what really happened: equal bytes, equal digest.
    pub digest: String,
    /// What actions could change.
    pub mode: Mode,
    /// The stretch of time that was run.
    pub window: Window,
    /// Everything that crossed a contract.
    pub journal: Journal,
    /// What really was wrong, if labelled.
    pub truth: Option<Truth>,
    /// What really happened to the fleet.
    pub record: WorldRecord,
    /// The scores.
    pub scorecard: Scorecard,
    /// Downsampled metrics, if asked for.
    pub tracks: Option<Tracks>,
    /// The service map at the end.
    pub topology: Topology,
}

/// What came of a trial, for whoever runs many: no summary, no plots, and nothing to keep.
#[derive(Debug, Clone)]
pub struct Lean {
    /// Fingerprint of its course: equal where two runs differ in texts only.
    pub course: Fingerprint,
    /// Everything that crossed a contract.
    pub journal: Journal,
    /// What really was wrong, if labelled.
    pub truth: Option<Truth>,
    /// What the referee found, not summed up.
    pub findings: Findings,
    /// Which other confidence floors would have taken the same course; `None` if unknown.
    pub leeway: Option<Leeway>,
}

/// Why a trial could not be finished.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// The world failed.
    #[error("trial {name:?}: {source}")]
    World {
        /// The trial.
        name: String,
        /// What failed.
        source: WorldError,
    },
    /// Something that must never happen did: a fault of windtunnel or of the engine under test.
    #[error("trial {name:?}: broken invariant: {problem}")]
    Invariant {
        /// The trial.
        name: String,
        /// What happened, and what was expected.
        problem: String,
    },
}

impl Settings {
    /// The usual settings.
    #[must_use]
    pub fn new(name: impl Into<String>, seed: u64, mode: Mode) -> Self {
        Self {
            name: name.into(),
            seed,
            mode,
            record_tracks: false,
            rules: Rules::default(),
            verdict_required: true,
            max_events: 20_000,
            max_decisions: 500_000,
        }
    }
}

impl TrialError {
    /// Whether it is a broken invariant (exit code 3) and not bad input.
    #[must_use]
    pub const fn is_invariant(&self) -> bool {
        matches!(self, Self::Invariant { .. })
    }
}

/// Runs a world through an engine to its end and has it scored.
///
/// # Errors
/// If the world fails or an invariant breaks.
pub fn run(
    world: &mut dyn World,
    engine: &mut dyn Engine,
    settings: &Settings,
) -> Result<Trial, TrialError> {
    let ran = event_loop::drive(world, engine, settings)?;
    let (window, topology) = (world.window(), world.topology().clone());
    let truth = world.truth();
    let scorecard = judged(world, settings, &ran.journal, truth.as_ref(), score);
    // What users saw second by second is long: it is not there twice.
    let record = world.take_record();
    Ok(Trial {
        name: settings.name.clone(),
        seed: settings.seed,
        digest: digest(&ran.journal, &record),
        mode: settings.mode,
        window,
        tracks: ran.tracks.map(|t| t.finish(world.series(), &topology)),
        journal: ran.journal,
        truth,
        record,
        scorecard,
        topology,
    })
}

/// The same for whoever runs many: the referee's findings without their summary.
///
/// # Errors
/// If the world fails or an invariant breaks.
pub fn run_lean(
    world: &mut dyn World,
    engine: &mut dyn Engine,
    settings: &Settings,
) -> Result<Lean, TrialError> {
    let ran = event_loop::drive(world, engine, settings)?;
    let truth = world.truth();
    let findings = judged(world, settings, &ran.journal, truth.as_ref(), look);
    let (course, leeway) = (course(&ran.journal, world.record()), engine.leeway());
    Ok(Lean { course, journal: ran.journal, truth, findings, leeway })
}

/// Hands the evidence of a finished run to the referee.
fn judged<T>(
    world: &dyn World,
    settings: &Settings,
    journal: &Journal,
    truth: Option<&Truth>,
    judge: impl Fn(&Evidence<'_>) -> T,
) -> T {
    let topology = world.topology();
    let candidates: Vec<Name> = topology.suspects().map(|id| topology.name(id).clone()).collect();
    judge(&Evidence {
        mode: settings.mode,
        window: world.window(),
        journal,
        truth,
        record: world.record(),
        candidates: &candidates,
        topology: Some(topology),
        rules: &settings.rules,
    })
}
