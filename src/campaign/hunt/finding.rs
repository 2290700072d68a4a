//! What a hunt finds: a broken rule, told apart by its cause.

use serde::Serialize;

use super::genome::Genome;
use crate::campaign::suite::Status;
use crate::model::Decision;
use crate::trial::Trial;

/// What broke, without the accidents of one scenario: two findings of one cause are one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Cause {
    /// Kind of the broken rule, `broken` for an invariant or a panic, `expectation`.
    pub rule: String,
    /// What broke it: the verb, or the first words of the message.
    pub by: String,
}

/// One thing found.
#[derive(Debug, Clone)]
pub struct Finding {
    /// What broke.
    pub cause: Cause,
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
}

impl Cause {
    /// A name for its file: `hunt-blast-radius-by-restart`.
    #[must_use]
    pub fn file_name(&self) -> String {
        let text = format!("hunt {} by {}", self.rule, self.by).to_lowercase();
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let mut name: String = text.chars().map(plain).collect();
        while name.contains("--") {
            name = name.replace("--", "-");
        }
        name.chars().take(60).collect::<String>().trim_end_matches('-').to_owned()
    }
}

/// All causes that a trial shows, with what was seen.
pub(super) fn causes(trial: &Result<Trial, (Status, Vec<String>)>) -> Vec<(Cause, String)> {
    match trial {
        Ok(trial) => of_trial(trial),
        Err((Status::Broken, problems)) => {
            let text = problems.join("; ");
            let by = text.split(['(', ':']).next_back().unwrap_or_default();
            let words: Vec<&str> = by.split_whitespace().take(6).collect();
            vec![(Cause { rule: "broken".to_owned(), by: words.join(" ") }, text)]
        }
        // Too many events or too much time: no rule was broken.
        Err(_) => Vec::new(),
    }
}

fn of_trial(trial: &Trial) -> Vec<(Cause, String)> {
    let found = trial.scorecard.findings.first();
    let breaches = found.map(|f| &f.safety.violations[..]).unwrap_or_default();
    let mut causes: Vec<(Cause, String)> = Vec::new();
    for breach in breaches {
        let verb = breach.action.and_then(|id| {
            trial.journal.decisions().find_map(|(_, decision)| match decision {
                Decision::Act(action) if action.id == id => Some(action.verb().to_string()),
                _ => None,
            })
        });
        let cause =
            Cause { rule: breach.kind.clone(), by: verb.unwrap_or_else(|| "no act".to_owned()) };
        if !causes.iter().any(|(known, _)| *known == cause) {
            let target = breach.target.as_ref().map(|t| format!(" at {t}")).unwrap_or_default();
            causes.push((cause, format!("saw {}{target}, limit {}", breach.saw, breach.limit)));
        }
    }
    causes
}
