//! What a hunt finds: a broken rule or expectation, told apart by its cause.

use serde::Serialize;

use super::genome::Genome;
use crate::campaign::suite::Status;
use crate::campaign::{incidents, judge};
use crate::model::Decision;
use crate::trial::Trial;

/// The rule of a `Cause` whose scenario's own expectation is not met.
pub(super) const EXPECTATION: &str = "expectation";

/// What broke, without the accidents of one scenario.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Cause {
    /// Kind of the broken rule, `broken` for an invariant or a panic, `expectation`.
    pub rule: String,
    /// What the engine believed when it did it: the cause behind its plan; the sentence of an
    /// expectation; the first words of a message.
    pub because: String,
}

/// One thing found.
#[derive(Debug, Clone)]
pub struct Finding {
    /// What broke.
    pub cause: Cause,
    /// By which verb, in the smallest scenario; `no act` if by none.
    pub by: String,
    /// What was seen, for a person.
    pub saw: String,
    /// After how many trials it was found.
    pub trial: u64,
    /// The scenario in which it was found.
    pub found: Genome,
    /// The smallest scenario that still breaks it.
    pub shrunk: Genome,
    /// Trials spent on shrinking.
    pub shrinking: u64,
    /// In how many trials it was met, as far as it can be told apart without shrinking.
    pub met: u64,
}

/// A breach in one trial.
#[derive(Debug, Clone)]
pub(super) struct Breach {
    pub(super) cause: Cause,
    pub(super) by: String,
    pub(super) saw: String,
}

impl Finding {
    /// The kinds of faults that are left in it: with the cause, what tells findings apart.
    #[must_use]
    pub fn kinds(&self) -> Vec<&str> {
        let mut kinds: Vec<&str> =
            self.shrunk.file.faults.iter().map(|fault| fault.spec.kind.as_str()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }

    /// A name for its file: `hunt-needless-action-by-rollback-after-innocent-deploy`.
    #[must_use]
    pub fn file_name(&self) -> String {
        let after = self.kinds().join(" ");
        let text = format!("hunt {} by {} after {after}", self.cause.rule, self.by).to_lowercase();
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let mut name: String = text.chars().map(plain).collect();
        while name.contains("--") {
            name = name.replace("--", "-");
        }
        name.chars().take(80).collect::<String>().trim_end_matches('-').to_owned()
    }
}

/// All breaches that a trial shows: one for each cause.
pub(super) fn breaches(
    genome: &Genome,
    trial: &Result<Trial, (Status, Vec<String>)>,
) -> Vec<Breach> {
    let mut all = match trial {
        Ok(trial) => {
            let mut all = of_rules(trial);
            all.extend(of_expectations(genome, trial));
            all
        }
        Err((Status::Broken, problems)) => {
            let text = problems.join("; ");
            let message = text.split(['(', ':']).next_back().unwrap_or_default();
            let words: Vec<&str> = message.split_whitespace().take(6).collect();
            let cause = Cause { rule: "broken".to_owned(), because: words.join(" ") };
            vec![Breach { cause, by: "no act".to_owned(), saw: text }]
        }
        // Too many events or too much time: no rule was broken.
        Err(_) => Vec::new(),
    };
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|breach| seen.insert(breach.cause.clone()));
    all
}

fn of_rules(trial: &Trial) -> Vec<Breach> {
    let found = trial.scorecard.findings.first();
    let violations = found.map(|f| &f.safety.violations[..]).unwrap_or_default();
    let one = |violation: &crate::referee::Violation| {
        let act = violation.action.and_then(|id| {
            trial.journal.decisions().find_map(|(_, decision)| match decision {
                Decision::Act(action) if action.id == id => Some(action),
                _ => None,
            })
        });
        // The last plan before it that has the action says what was believed.
        let because = act.and_then(|act| {
            let plans = trial.journal.decisions().filter_map(|(_, decision)| match decision {
                Decision::Plan(plan) if plan.actions.iter().any(|a| a.id == act.id) => Some(plan),
                _ => None,
            });
            plans.last().map(|plan| plan.cause.to_string())
        });
        let target = violation.target.as_ref().map(|t| format!(" at {t}")).unwrap_or_default();
        Breach {
            cause: Cause {
                rule: violation.kind.clone(),
                because: because.unwrap_or_else(|| "no plan".to_owned()),
            },
            by: act.map_or("no act".to_owned(), |act| act.verb().to_string()),
            saw: format!("saw {}{target}, limit {}", violation.saw, violation.limit),
        }
    };
    violations.iter().map(one).collect()
}

fn of_expectations(genome: &Genome, trial: &Trial) -> Vec<Breach> {
    let expect = &genome.file.expect;
    if expect.is_empty() {
        return Vec::new();
    }
    let judged = judge::judge(expect, trial, &incidents::read(trial));
    let missed = judged.into_iter().filter(|judged| !judged.met);
    missed
        .map(|judged| Breach {
            cause: Cause { rule: EXPECTATION.to_owned(), because: judged.expectation },
            by: "no act".to_owned(),
            saw: format!("saw {}", judged.saw),
        })
        .collect()
}
