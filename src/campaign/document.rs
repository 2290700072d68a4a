//! The machine-readable result of a run: one JSON document, stable from version 1 on.
//!
//! In: finished trials. Out: plain data with a JSON Schema (`windtunnel schema result`). Fields may
//! be added; names and meanings stay. What is unknown or does not apply is `null`, never 0.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::incidents;
use super::judge::{self, Judged};
use super::twins::{self, Twins, TwinsSummary};
use super::{CaseFailure, Setup};
use crate::model::{Cause, Evidence, OutcomeStatus, Ruling, TrueIncident, Verb};
use crate::referee::{self, Mode, Scorecard, Stages};
use crate::timeline::Provenance;
use crate::trial::Trial;
use crate::unit::{ActionId, IncidentId, Name, Ratio, SimTime};

/// What `run --format json` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunDocument {
    /// Version of windtunnel.
    pub windtunnel: String,
    /// What was run.
    pub source: SourceDocument,
    /// What actions could change.
    pub mode: Mode,
    /// The seed of the first trial.
    pub seed: u64,
    /// Name of the policy under test.
    pub policy: String,
    /// BLAKE3 of the policy's canonical JSON, 16 hexadecimal digits.
    pub policy_hash: String,
    /// One entry a trial, in order of case and seed.
    pub trials: Vec<TrialDocument>,
    /// Cases that could not be run.
    pub failures: Vec<CaseFailure>,
    /// The scorecard over all trials, without the raw items that stand in the trials.
    pub aggregate: Scorecard,
    /// The counterfactual twins over all trials; null if they were not asked for.
    pub twins: Option<TwinsSummary>,
}

/// What was run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SourceDocument {
    /// Scenario or dataset.
    pub kind: SourceKind,
    /// Where it stands, as it was given.
    pub path: String,
    /// Whether its telemetry was recorded or made.
    pub provenance: Provenance,
}

/// Scenario or dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// A scenario file on the mock fleet.
    Scenario,
    /// A folder of cases.
    Dataset,
}

/// One trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrialDocument {
    /// Name of the scenario or case.
    pub name: String,
    /// Its seed.
    pub seed: u64,
    /// BLAKE3 over its journal and world record: equal digests, equal runs.
    pub digest: String,
    /// What the engine took for incidents, in the order opened.
    pub incidents: Vec<IncidentDocument>,
    /// What was really wrong, as far as it is labelled.
    pub truth: Vec<TruthDocument>,
    /// How it did.
    pub scorecard: Scorecard,
    /// What was expected of it.
    pub expectations: Vec<Judged>,
    /// Its counterfactual twins; null if they were not asked for, or cannot be had.
    pub twins: Option<Twins>,
}

/// One incident as the engine led it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IncidentDocument {
    /// Its number.
    pub id: IncidentId,
    /// When it was opened.
    pub opened_at: SimTime,
    /// Names of the labelled incidents that it answers; empty without labels.
    pub answers: Vec<String>,
    /// When it reached each stage; null if it did not, or nobody can know.
    pub stages: Stages,
    /// The last diagnosis, best first.
    pub hypotheses: Vec<HypothesisDocument>,
    /// What was planned or done about it, in order.
    pub actions: Vec<ActionDocument>,
}

/// One labelled incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TruthDocument {
    /// Its name.
    pub id: String,
    /// Entities that are root causes.
    pub root_causes: Vec<Name>,
    /// What is wrong with them; null if the label does not say.
    pub cause: Option<Cause>,
}

/// One possible root cause.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HypothesisDocument {
    /// The entity to blame.
    pub entity: Name,
    /// What is wrong with it.
    pub cause: Cause,
    /// The engine's confidence.
    pub confidence: Ratio,
    /// What speaks for and against it.
    pub evidence: Vec<Evidence>,
}

/// One action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ActionDocument {
    /// Its number.
    pub id: ActionId,
    /// What.
    pub verb: Verb,
    /// To whom.
    pub target: Name,
    /// Whether it was only said.
    pub dry_run: bool,
    /// When it was let through; null if it never was.
    pub acted_at: Option<SimTime>,
    /// Ruling over all guardrails; null if none was asked.
    pub verdict: Option<Ruling>,
    /// How it ended; null if it was not done or had not ended.
    pub outcome: Option<OutcomeStatus>,
    /// Why, for a person.
    pub reason: String,
}

impl RunDocument {
    /// The document of finished trials.
    ///
    /// Panics if there is not one trial: nothing can be said of nothing.
    #[must_use]
    pub fn new(setup: &Setup, trials: &[Trial], failures: &[CaseFailure]) -> Self {
        let first = trials.first().expect("a run has at least one trial");
        let scorecards: Vec<Scorecard> = trials.iter().map(|t| t.scorecard.clone()).collect();
        Self {
            windtunnel: env!("CARGO_PKG_VERSION").to_owned(),
            source: setup.source.clone(),
            mode: first.mode,
            seed: first.seed,
            policy: setup.policy.name.clone(),
            policy_hash: crate::scenario::hash(&setup.policy),
            trials: trials.iter().map(|trial| TrialDocument::new(setup, trial)).collect(),
            failures: failures.to_vec(),
            aggregate: referee::aggregate(&scorecards).without_findings(),
            twins: None,
        }
    }

    /// The same with the twins of its trials, in the same order.
    ///
    /// Panics if there are more or fewer twins than trials.
    #[must_use]
    pub fn with_twins(mut self, twins: Vec<Twins>) -> Self {
        assert_eq!(twins.len(), self.trials.len(), "each trial has its twins");
        self.twins = twins::summarise(&twins.iter().collect::<Vec<_>>());
        for (trial, twins) in self.trials.iter_mut().zip(twins) {
            trial.twins = Some(twins);
        }
        self
    }

    /// Whether every trial met what was expected of it.
    #[must_use]
    pub fn met(&self) -> bool {
        self.trials.iter().flat_map(|trial| &trial.expectations).all(|judged| judged.met)
    }
}

impl TrialDocument {
    fn new(setup: &Setup, trial: &Trial) -> Self {
        let incidents = incidents::read(trial);
        Self {
            name: trial.name.clone(),
            seed: trial.seed,
            digest: trial.digest.clone(),
            expectations: judge::judge(&setup.expect, &trial.scorecard, &incidents),
            incidents,
            truth: trial.truth.iter().flat_map(|truth| &truth.incidents).map(truth).collect(),
            scorecard: trial.scorecard.clone(),
            twins: None,
        }
    }
}

fn truth(incident: &TrueIncident) -> TruthDocument {
    TruthDocument {
        id: incident.id.clone(),
        root_causes: incident.root_causes.clone(),
        cause: incident.cause,
    }
}
