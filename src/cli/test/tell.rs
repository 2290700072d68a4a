//! Tells each test as it ends, in the order of the tests, and writes the report of those that fail.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde_json::json;

use super::super::failure::Failure;
use super::super::run::output;
use super::super::staging::Staging;
use super::super::terminal::Terminal;
use super::{Format, Test};
use crate::campaign::document::{SourceDocument, SourceKind};
use crate::campaign::suite::{self, Outcome, Status};
use crate::campaign::{RunDocument, Setup};
use crate::report::suite::{Counts, Told, line, slice, summary};
use crate::report::terminal::Colour;
use crate::report::{self};
use crate::timeline::Provenance;
use crate::trial::Trial;

/// Prints and writes while the tests run.
pub(super) struct Teller<'a> {
    args: &'a Test,
    terminal: Terminal,
    colour: Colour,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    told: Vec<Told>,
    /// The first thing that could not be printed or written; the tests go on.
    failure: Option<Failure>,
}

impl<'a> Teller<'a> {
    pub(super) fn new(args: &'a Test, terminal: Terminal) -> Self {
        let colour = if terminal.color { Colour::Always } else { Colour::Never };
        Self { args, terminal, colour, state: Mutex::default() }
    }

    /// Says how many there are.
    pub(super) fn begin(&self, tests: usize) -> Result<(), Failure> {
        if self.args.format == Format::Json {
            let event = json!({
                "event": "started",
                "windtunnel": env!("CARGO_PKG_VERSION"),
                "tests": tests,
            });
            self.terminal.print_verdict(&event.to_string())?;
        }
        Ok(())
    }

    /// Tells one test.
    pub(super) fn tell(&self, test: &suite::Test, outcome: &Outcome) {
        let (told, problem) = self.told(test, outcome);
        let text = match self.args.format {
            Format::Json => {
                let mut event = json!({ "event": "test" });
                merge(&mut event, &serde_json::to_value(&told.outcome).unwrap_or_default());
                let more = json!({
                    "headline": told.headline, "story": told.story, "again": told.again,
                    "report": told.report,
                });
                merge(&mut event, &more);
                Some(event.to_string())
            }
            Format::Text => {
                let quiet = self.terminal.is_quiet() && outcome.passed();
                (!quiet).then(|| line(&told, self.terminal.is_verbose(), self.colour))
            }
        };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = text
            && state.failure.is_none()
        {
            state.failure = self.terminal.print_verdict(&text).err().map(Failure::from);
        }
        if state.failure.is_none() {
            state.failure = problem;
        }
        state.told.push(told);
    }

    /// Sums up.
    pub(super) fn end(&self, outcomes: &[Outcome]) -> Result<(), Failure> {
        let failure = self.state.lock().unwrap_or_else(PoisonError::into_inner).failure.take();
        if let Some(failure) = failure {
            return Err(failure);
        }
        let text = match self.args.format {
            Format::Json => {
                let mut event = json!({ "event": "finished" });
                let counts = Counts::of(outcomes);
                merge(&mut event, &serde_json::to_value(counts).unwrap_or_default());
                event.to_string()
            }
            Format::Text => summary(outcomes, self.colour),
        };
        Ok(self.terminal.print_verdict(&text)?)
    }

    /// Everything that was told.
    pub(super) fn into_told(self) -> Vec<Told> {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).told
    }

    fn told(&self, test: &suite::Test, outcome: &Outcome) -> (Told, Option<Failure>) {
        let again = self.again(test, outcome);
        let mut kept = outcome.clone();
        let trial = kept.trial.take();
        let mut told =
            Told { outcome: kept, headline: None, story: Vec::new(), again, report: None };
        let Some(trial) = trial else { return (told, None) };
        let document = document(test, &trial);
        let story = match report::story_of(&trial, &document) {
            Ok(story) => story,
            Err(error) => return (told, Some(Failure::Broken(error.to_string()))),
        };
        told.headline = Some(story.headline.text.clone());
        if outcome.status != Status::Failed {
            return (told, None);
        }
        told.story = slice(&story, outcome.blame.as_ref().and_then(|blame| blame.at));
        match self.write(test, &trial, &document) {
            Ok(folder) => {
                told.report = folder.map(|f| f.join("report.html").display().to_string());
                (told, None)
            }
            Err(failure) => (told, Some(failure)),
        }
    }

    fn write(
        &self,
        test: &suite::Test,
        trial: &Trial,
        document: &RunDocument,
    ) -> Result<Option<PathBuf>, Failure> {
        if self.args.no_report {
            return Ok(None);
        }
        let folder = self.args.out.join(&test.checked.file.name);
        let staging = Staging::begin(&folder)?;
        output::report(Some(staging), trial, document)?;
        Ok(Some(folder))
    }

    fn again(&self, test: &suite::Test, outcome: &Outcome) -> String {
        let quoted = |path: &std::path::Path| {
            let text = path.to_string_lossy();
            let plain = |c: char| c.is_alphanumeric() || "-_./".contains(c);
            if text.chars().all(plain) { text.into_owned() } else { format!("'{text}'") }
        };
        let path = quoted(&test.checked.path);
        let mut text = format!("windtunnel run {path} --seed {}", outcome.seed);
        if let Some(policy) = &self.args.policy {
            text += &format!(" --policy {}", quoted(policy));
        }
        text
    }
}

fn document(test: &suite::Test, trial: &Trial) -> RunDocument {
    let setup = Setup {
        source: SourceDocument {
            kind: SourceKind::Scenario,
            path: test.checked.path.display().to_string(),
            provenance: Provenance::Synthetic,
        },
        policy: test.checked.policy.clone(),
        expect: test.checked.file.expect.clone(),
    };
    RunDocument::new(&setup, std::slice::from_ref(trial), &[])
}

fn merge(into: &mut serde_json::Value, from: &serde_json::Value) {
    if let (Some(into), Some(from)) = (into.as_object_mut(), from.as_object()) {
        into.extend(from.clone());
    }
}
