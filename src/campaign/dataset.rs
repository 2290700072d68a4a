//! Every case of a dataset, replayed in open loop.

use std::path::Path;

use super::{CaseFailure, Outcomes, Progress, pool};
use crate::engine;
use crate::model::Policy;
use crate::timeline::Dataset;
use crate::trial::{self, Settings, Trial};
use crate::unit::SimDuration;
use crate::world::Recorded;

/// What is replayed and how.
#[derive(Debug, Clone)]
pub struct DatasetRun<'a> {
    /// The recordings.
    pub dataset: &'a Dataset,
    /// The engine under test.
    pub policy: &'a Policy,
    /// Only this case.
    pub case: Option<&'a str>,
    /// Seed of the engine; the recording has none.
    pub seed: u64,
    /// Threads; 0 for one a processor.
    pub jobs: usize,
    /// Whether the recording's own alarm is handed to the engine.
    pub alarm: AlarmSource,
    /// Keeps the metric tracks of each trial, for plots.
    pub tracks: bool,
}

/// How an engine learns that something is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AlarmSource {
    /// It detects by itself.
    #[default]
    Detected,
    /// The benchmark's protocol tells it, this much later than labelled (negative: earlier).
    Reported(SimDuration),
}
