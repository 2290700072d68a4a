//! A file of ranked root causes and a dataset -> scores.
//!
//! In: JSON lines, one answer a line: `{"case": "x", "ranked": ["cart", "web"]}`. An item of
//! `ranked` is a name, or `{"entity": "cart", "score": 0.9, "cause": "bad_deploy"}`. `incident`
//! names a label where a case has several. Out: `AnswersDocument`. Every problem of the file is
//! found, with its line: unknown names carry the nearest. What is not answered is a miss.

use std::collections::BTreeMap;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::catalog::{did_you_mean, nearest};
use crate::model::{Cause, Topology, Truth};
use crate::referee::measure::localization::{Found, Localization};
use crate::referee::{Answered, Suspect, score_answers};
use crate::scenario::yaml::Mark;
use crate::scenario::{Problem, of_timeline};
use crate::timeline::{CaseReader, Dataset};
use crate::unit::Name;

/// What `score --format json` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AnswersDocument {
    /// Version of windtunnel.
    pub windtunnel: String,
    /// The dataset's name.
    pub dataset: String,
    /// Labelled incidents without an answer, as `case/incident`: each is a miss.
    pub missing: Vec<String>,
    /// Cases without a label: nothing of them is scored.
    pub unlabelled: Vec<String>,
    /// The scores.
    pub localization: Localization,
    /// One entry a labelled incident, in the order of cases.
    pub incidents: Vec<ScoredAnswer>,
}

/// One labelled incident's scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScoredAnswer {
    /// Its case.
    pub case: String,
    /// The entities to be named.
    pub root_causes: Vec<Name>,
    /// What was answered first; null without an answer.
    pub answered_first: Option<Name>,
    /// Its ranks.
    #[serde(flatten)]
    pub found: Found,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    case: String,
    #[serde(default)]
    incident: Option<String>,
    ranked: Vec<Item>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Item {
    Name(String),
    Scored(Scored),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scored {
    entity: String,
    #[serde(default)]
    score: Option<f64>,
    #[serde(default)]
    cause: Option<String>,
}

struct LabelledCase {
    name: String,
    topology: Topology,
    truth: Option<Truth>,
}

/// Answers by case and incident (`None`: the case's every incident).
type Book = BTreeMap<(String, Option<String>), Vec<Suspect>>;

/// Reads a dataset's labels and a file of answers, and scores them.
///
/// # Errors
/// Every problem of the dataset, else every problem of the file.
pub fn score_file(answers: &Path, dataset: &Dataset) -> Result<AnswersDocument, Vec<Problem>> {
    let cases = labels(dataset)?;
    let text = std::fs::read_to_string(answers)
        .map_err(|e| vec![Problem::of_file(answers, format!("cannot be read: {e}"))])?;
    let mut reader =
        Reader { file: answers, text: &text, cases: &cases, book: Book::new(), problems: vec![] };
    text.lines().enumerate().for_each(|(index, line)| reader.line(index + 1, line));
    if reader.book.is_empty() && reader.problems.is_empty() {
        let message = "expected an answer on each line, found none";
        return Err(vec![Problem::of_file(answers, message)]);
    }
    if !reader.problems.is_empty() {
        reader.problems.sort();
        return Err(reader.problems);
    }
    Ok(score(dataset, &cases, &reader.book))
}

fn labels(dataset: &Dataset) -> Result<Vec<LabelledCase>, Vec<Problem>> {
    let mut flaws = Vec::new();
    let mut cases = Vec::new();
    for name in dataset.cases() {
        match CaseReader::open(&dataset.case_path(name), dataset.meta.interval) {
            Ok(reader) => cases.push(LabelledCase {
                name: name.clone(),
                topology: reader.topology().clone(),
                truth: reader.truth().cloned(),
            }),
            Err(found) => flaws.extend(found),
        }
    }
    if flaws.is_empty() { Ok(cases) } else { Err(of_timeline(&flaws)) }
}

struct Reader<'a> {
    file: &'a Path,
    text: &'a str,
    cases: &'a [LabelledCase],
    book: Book,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn line(&mut self, number: usize, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        let line: Line = match serde_json::from_str(text) {
            Ok(line) => line,
            Err(error) => {
                let words = error.to_string();
                let message = words.split(" at line ").next().unwrap_or(&words);
                let at = Mark { line: number, column: error.column().max(1), width: 1 };
                return self.problem(at, format!("expected an answer, {message}"));
            }
        };
        let Some(case) = self.cases.iter().find(|case| case.name == line.case) else {
            let near = nearest(&line.case, self.cases.iter().map(|case| case.name.as_str()));
            let message = format!("unknown case {:?}{}", line.case, did_you_mean(near));
            return self.problem(place(number, text, &line.case), message);
        };
        if let Some(incident) = &line.incident {
            let known = || case.truth.iter().flat_map(|t| &t.incidents).map(|i| i.id.as_str());
            if !known().any(|id| id == incident) {
                let near = did_you_mean(nearest(incident, known()));
                let message = format!("unknown incident {incident:?} of {:?}{near}", case.name);
                return self.problem(place(number, text, incident), message);
            }
        }
        let suspects = self.suspects(number, text, &case.topology, &line.ranked);
        let key = (line.case, line.incident);
        if self.book.contains_key(&key) {
            let message = format!("{:?} was answered on an earlier line", key.0);
            return self.problem(place(number, text, &key.0), message);
        }
        self.book.insert(key, suspects);
    }

    fn suspects(
        &mut self,
        number: usize,
        text: &str,
        map: &Topology,
        items: &[Item],
    ) -> Vec<Suspect> {
        let mut suspects: Vec<Suspect> = Vec::new();
        let scored = items.iter().filter(|i| matches!(i, Item::Scored(s) if s.score.is_some()));
        let all = match scored.count() {
            0 => false,
            some if some == items.len() => true,
            some => {
                let message =
                    format!("expected a score for all of {} or none, found {some}", items.len());
                self.problem(place(number, text, "ranked"), message);
                return suspects;
            }
        };
        for (index, item) in items.iter().enumerate() {
            let (name, score, cause) = match item {
                Item::Name(name) => (name, None, None),
                Item::Scored(s) => (&s.entity, s.score, s.cause.as_deref()),
            };
            let at = place(number, text, name);
            if let Err(error) = map.find(name) {
                self.problem(at, error.to_string());
            } else if suspects.iter().any(|s| *s.entity == **name) {
                self.problem(at, format!("{name:?} stands twice in one ranking"));
            }
            let cause = cause.and_then(|cause| self.cause(number, text, cause));
            let rank = (items.len() - index) as f64;
            let score = if all { score.unwrap_or_default() } else { rank };
            suspects.push(Suspect { entity: Name::from(name.as_str()), score, cause });
        }
        suspects
    }

    fn cause(&mut self, number: usize, text: &str, found: &str) -> Option<Cause> {
        let known = Cause::ALL.into_iter().find(|cause| cause.as_str() == found);
        if known.is_none() {
            let near = did_you_mean(nearest(found, Cause::ALL.map(Cause::as_str)));
            self.problem(place(number, text, found), format!("unknown cause {found:?}{near}"));
        }
        known
    }

    fn problem(&mut self, at: Mark, message: String) {
        self.problems.push(Problem::at(self.file, self.text, at, message));
    }
}

/// Where a word stands in a line.
fn place(line: usize, text: &str, word: &str) -> Mark {
    let quoted = format!("{word:?}");
    let found = text.rfind(&quoted).map_or(0, |at| text[..at].chars().count());
    Mark { line, column: found + 1, width: quoted.chars().count() }
}

fn score(dataset: &Dataset, cases: &[LabelledCase], book: &Book) -> AnswersDocument {
    let with_causes = book.values().flatten().any(|suspect| suspect.cause.is_some());
    let (mut answers, mut of, mut missing) = (Vec::new(), Vec::new(), Vec::new());
    for case in cases {
        let truths = case.truth.iter().flat_map(|truth| &truth.incidents);
        for truth in truths.filter(|truth| !truth.root_causes.is_empty()) {
            let own = book.get(&(case.name.clone(), Some(truth.id.clone())));
            let given = own.or_else(|| book.get(&(case.name.clone(), None)));
            let suspects = given.map_or(&[][..], Vec::as_slice);
            if suspects.is_empty() {
                missing.push(format!("{}/{}", case.name, truth.id));
            }
            answers.push(Answered { topology: &case.topology, truth, suspects, with_causes });
            of.push(case.name.clone());
        }
    }
    let (localization, found) = score_answers(&answers);
    let incidents = found.into_iter().zip(&answers).zip(of).map(|((found, answer), case)| {
        let best = answer.suspects.iter().max_by(|a, b| a.score.total_cmp(&b.score));
        let answered_first = best.map(|suspect| suspect.entity.clone());
        ScoredAnswer { case, root_causes: answer.truth.root_causes.clone(), answered_first, found }
    });
    let unlabelled = cases.iter().filter(|case| case.truth.is_none());
    AnswersDocument {
        windtunnel: env!("CARGO_PKG_VERSION").to_owned(),
        dataset: dataset.meta.name.clone(),
        missing,
        unlabelled: unlabelled.map(|case| case.name.clone()).collect(),
        localization,
        incidents: incidents.collect(),
    }
}
