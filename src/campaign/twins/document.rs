//! What the twins of a trial say, as plain data with a JSON Schema.
//!
//! In: how users fared in each run. Out: rows by twin, minutes saved or caused, regret, effects and
//! classes of single actions. Minutes are those in which the objective was missed. What nobody can
//! know is null. Over several trials: means with an interval.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::replay::Replayed;
use crate::model::{Journal, Verb};
use crate::referee::{self, Estimate, Evidence, Mode, Rules, Scorecard};
use crate::trial::Trial;
use crate::unit::{ActionId, Name, SimTime};

/// One of the runs on the same seed.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TwinKind {
    /// The engine under test.
    Engine,
    /// Nobody acts; the platform still restarts killed containers.
    None,
    /// Health probes restart what does not answer.
    L0,
    /// Threshold runbooks and an autoscaler.
    L1,
    /// Perfect diagnosis at the first symptom, best remedy.
    Oracle,
}

impl TwinKind {
    /// Its name in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::None => "none",
            Self::L0 => "l0",
            Self::L1 => "l1",
            Self::Oracle => "oracle",
        }
    }
}

/// What an action was.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Harm {
    /// The right remedy on the root cause, or users were helped by it.
    Right,
    /// Nobody was helped and nobody hurt.
    Needless,
    /// Something was wrong, but not there.
    WrongTarget,
    /// It went further than the limits allow.
    OverScoped,
    /// Users were worse off with it than without.
    MadeItWorse,
    /// Held back, and users lost nothing by that.
    BlockedRightly,
    /// Held back, and users would have been better off with it.
    BlockedWrongly,
}

impl Harm {
    /// All of them, in order.
    pub const ALL: [Self; 7] = [
        Self::Right,
        Self::Needless,
        Self::WrongTarget,
        Self::OverScoped,
        Self::MadeItWorse,
        Self::BlockedRightly,
        Self::BlockedWrongly,
    ];

    /// Its name in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Needless => "needless",
            Self::WrongTarget => "wrong_target",
            Self::OverScoped => "over_scoped",
            Self::MadeItWorse => "made_it_worse",
            Self::BlockedRightly => "blocked_rightly",
            Self::BlockedWrongly => "blocked_wrongly",
        }
    }
}

/// How users fared in one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TwinRow {
    /// Which run.
    pub twin: TwinKind,
    /// Minutes in which the objective was missed.
    pub bad_minutes: Option<f64>,
    /// Failed requests of users.
    pub bad_requests: Option<f64>,
    /// Seconds from onset to users served again, mean over the incidents that recovered.
    pub mttr_s: Option<f64>,
    /// Share of the felt incidents that did not recover.
    pub not_recovered: Option<f64>,
    /// Acts on the fleet.
    pub acts: u64,
    /// Violations of the referee's rules; null where there is no journal to judge.
    pub violations: Option<u64>,
}

/// What one action did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ActionEffect {
    /// The action.
    pub id: ActionId,
    /// When it was done, or held back.
    pub time: SimTime,
    /// What.
    pub verb: Verb,
    /// To whom.
    pub target: Name,
    /// Whether a guardrail or a person held it back.
    pub held_back: bool,
    /// Bad minutes that users were spared by it (held back: would have been); below 0: caused.
    pub saved_minutes: f64,
    /// Failed requests that users were spared by it; below 0: caused.
    pub saved_requests: f64,
    /// Its class.
    pub class: Harm,
}

/// All twins of one trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Twins {
    /// One row a run: engine, none, l0, l1, oracle.
    pub rows: Vec<TwinRow>,
    /// Bad minutes that the engine saved against no automation; below 0: caused.
    pub saved_against_none: Option<f64>,
    /// The same against probes only.
    pub saved_against_l0: Option<f64>,
    /// The same against threshold runbooks and autoscaling.
    pub saved_against_l1: Option<f64>,
    /// Bad minutes more than the oracle's.
    pub regret_minutes: Option<f64>,
    /// What the oracle did, in words.
    pub oracle: Vec<String>,
    /// Each action on the fleet, done or held back, in time order.
    pub actions: Vec<ActionEffect>,
    /// Actions by class; classes without any are left out.
    pub classes: BTreeMap<String, u64>,
    /// Whether replaying the trial's own actions gave the trial's own record.
    pub faithful: bool,
    /// Runs beside the trial itself.
    pub runs: u64,
    /// Actions whose effect was not computed because there were too many.
    pub left_out: u64,
}

/// Twins over several trials.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TwinsSummary {
    /// Bad minutes saved against no automation, mean per trial.
    pub saved_against_none: Estimate,
    /// The same against probes only.
    pub saved_against_l0: Estimate,
    /// The same against threshold runbooks and autoscaling.
    pub saved_against_l1: Estimate,
    /// Bad minutes more than the oracle's, mean per trial.
    pub regret_minutes: Estimate,
    /// Actions by class.
    pub classes: BTreeMap<String, u64>,
}

/// How the runs went.
pub(super) struct Facts {
    pub(super) faithful: bool,
    pub(super) runs: u64,
    pub(super) left_out: u64,
}

impl Twins {
    pub(super) fn new(
        rows: Vec<TwinRow>,
        actions: Vec<ActionEffect>,
        oracle: Vec<String>,
        facts: Facts,
    ) -> Self {
        let bad = |kind: TwinKind| rows.iter().find(|r| r.twin == kind).and_then(|r| r.bad_minutes);
        let more = |kind| Some(hundredths(bad(kind)? - bad(TwinKind::Engine)?));
        let mut classes: BTreeMap<String, u64> = BTreeMap::new();
        for action in &actions {
            *classes.entry(action.class.as_str().to_owned()).or_default() += 1;
        }
        Self {
            saved_against_none: more(TwinKind::None),
            saved_against_l0: more(TwinKind::L0),
            saved_against_l1: more(TwinKind::L1),
            regret_minutes: more(TwinKind::Oracle).map(|less| hundredths(-less)),
            rows,
            oracle,
            actions,
            classes,
            faithful: facts.faithful,
            runs: facts.runs,
            left_out: facts.left_out,
        }
    }
}

fn hundredths(minutes: f64) -> f64 {
    let rounded = (minutes * 100.0).round() / 100.0;
    if rounded == 0.0 { 0.0 } else { rounded }
}

/// Sums up the twins of several trials; `None` without any.
#[must_use]
pub fn summarise(all: &[&Twins]) -> Option<TwinsSummary> {
    if all.is_empty() {
        return None;
    }
    let mean = |name: &str, of: fn(&Twins) -> Option<f64>| {
        let values: Vec<f64> = all.iter().filter_map(|twins| of(twins)).collect();
        Estimate::total(&values, &format!("twins/{name}"))
    };
    let mut classes: BTreeMap<String, u64> = BTreeMap::new();
    for (class, count) in all.iter().flat_map(|twins| &twins.classes) {
        *classes.entry(class.clone()).or_default() += count;
    }
    Some(TwinsSummary {
        saved_against_none: mean("none", |t| t.saved_against_none),
        saved_against_l0: mean("l0", |t| t.saved_against_l0),
        saved_against_l1: mean("l1", |t| t.saved_against_l1),
        regret_minutes: mean("regret", |t| t.regret_minutes),
        classes,
    })
}

/// The row of a run without an engine.
pub(super) fn row(twin: TwinKind, run: &Replayed, acts: u64) -> TwinRow {
    let (journal, rules) = (Journal::default(), Rules::default());
    let card = referee::score(&Evidence {
        mode: Mode::ClosedLoop,
        window: run.window,
        journal: &journal,
        truth: run.truth.as_ref(),
        record: &run.record,
        candidates: &[],
        topology: Some(&run.topology),
        rules: &rules,
    });
    TwinRow { acts, violations: None, ..of_card(twin, &card) }
}

/// The row of a whole trial.
pub(super) fn of_trial(twin: TwinKind, trial: &Trial) -> TwinRow {
    of_card(twin, &trial.scorecard)
}

fn of_card(twin: TwinKind, card: &Scorecard) -> TwinRow {
    let users = card.findings.first().and_then(|f| f.impact.users);
    let timing = card.timing.as_ref();
    TwinRow {
        twin,
        bad_minutes: users.map(|u| hundredths(u.bad_minutes)),
        bad_requests: users.map(|u| u.bad_requests.round()),
        mttr_s: timing.and_then(|t| t.mttr_s.as_ref()?.mean),
        not_recovered: timing.and_then(|t| t.not_recovered.as_ref()?.value),
        acts: card.safety.acts,
        violations: Some(card.safety.total),
    }
}
