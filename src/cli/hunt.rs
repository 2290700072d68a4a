//! `windtunnel hunt`: search for a scenario in which the engine breaks a rule, and make it small.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::exit_code;
use super::failure::{Failure, count};
use super::format::Format;
use super::progress::Progress;
use super::terminal::Terminal;
use crate::campaign::hunt::{self as search, Cause, Finding, Hunted, Strategy, promises};
use crate::campaign::suite;
use crate::catalog::{did_you_mean, nearest};
use crate::model::Policy;
use crate::referee::safety;
use crate::scenario::{Expectation, Problem, ScenarioFile, default_policy, hash, load_policy};
use crate::world::fleet::{ActuationSpec, LoadSpec, ScrapeSpec};
use crate::world::people::PeopleSpec;

/// What is hunted and how.
#[derive(Debug, Args)]
pub(super) struct Hunt {
    /// Scenario files, or folders of them, to begin with beside what is drawn (default: none);
    /// what they expect must hold at other times, strengths and sizes too.
    paths: Vec<PathBuf>,
    /// The engine policy to break (default: the built-in one).
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Take a guardrail out of the policy first: a bug that must be found.
    #[arg(long, value_name = "GUARDRAIL")]
    without: Vec<String>,
    /// Only this rule of the referee, `broken` for invariants, or `expectation` for those of the
    /// scenarios given; may be given more than once.
    #[arg(long, value_name = "RULE")]
    rule: Vec<String>,
    /// Trials, without those of shrinking.
    #[arg(long, value_name = "TRIALS", default_value_t = 200)]
    budget: u64,
    /// Trials to shrink each finding.
    #[arg(long, value_name = "TRIALS", default_value_t = 150)]
    shrink: u64,
    /// Stop after so many findings (default: at the end of the budget).
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    findings: usize,
    /// Seed of all choices.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How scenarios are chosen.
    #[arg(long, value_enum, default_value_t = Choice::Guided)]
    strategy: Choice,
    /// Trials at the same time (default: one a processor). Shows in no result.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    jobs: usize,
    /// Where findings are written, one scenario file each.
    #[arg(long, value_name = "DIR", default_value = "reports/hunt")]
    out: PathBuf,
    /// Write no files.
    #[arg(long)]
    no_report: bool,
    /// What is printed on standard output.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// How scenarios are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Choice {
    /// Mutate what reached engine states not seen before.
    Guided,
    /// Draw anew every time.
    Random,
}

/// Hunts; exit code 1 if something was found.
///
/// # Errors
/// If a file cannot be used or written.
pub(super) fn run(args: &Hunt, terminal: Terminal) -> Result<u8, Failure> {
    known_rules(&args.rule)?;
    let whole = match &args.policy {
        Some(file) => load_policy(file).map_err(Failure::Problems)?,
        None => default_policy(),
    };
    let policy = without(whole.clone(), &args.without)?;
    let rules = promises(&whole.guard);
    let corpus = suite::find_all(&args.paths, Path::new("")).map_err(Failure::Problems)?;
    let corpus: Vec<_> = corpus.into_iter().map(|test| test.checked).collect();
    if !args.no_report {
        std::fs::create_dir_all(&args.out)
            .map_err(|error| cannot_write(&args.out, &error.to_string()))?;
    }
    let progress = Progress::new(terminal, "trials");
    let hunt = search::Hunt {
        policy: &policy,
        whole: Some(&whole).filter(|_| !args.without.is_empty()),
        rules: &rules,
        corpus: &corpus,
        strategy: match args.strategy {
            Choice::Guided => Strategy::Guided,
            Choice::Random => Strategy::Random,
        },
        budget: args.budget,
        shrink: args.shrink,
        seed: args.seed,
        wanted: &args.rule,
        findings: args.findings,
        jobs: args.jobs,
    };
    let told = |done: usize, total: usize, name: &str| progress.set(done, total, name);
    let hunted = search::hunt(&hunt, &told);
    progress.finish();
    let mut files = Vec::new();
    for finding in &hunted.findings {
        files.push(if args.no_report { None } else { Some(write(args, &policy, finding)?) });
    }
    let text = match args.format {
        Format::Text => text(&hunted, &files, &policy),
        Format::Json => document(&hunted, &files, &policy),
    };
    terminal.print_verdict(&text)?;
    let broken = hunted.findings.iter().any(|finding| finding.cause.rule == "broken");
    Ok(match (hunted.findings.is_empty(), broken) {
        (true, _) => exit_code::DONE,
        (_, true) => exit_code::BROKEN,
        _ => exit_code::FAILED,
    })
}

fn known_rules(rules: &[String]) -> Result<(), Failure> {
    let names: Vec<&str> = safety::catalog::ALL.iter().map(|entry| entry.kind).collect();
    let known = |rule: &&String| {
        matches!(rule.as_str(), "broken" | "expectation") || names.contains(&rule.as_str())
    };
    let Some(rule) = rules.iter().find(|rule| !known(rule)) else { return Ok(()) };
    let hint = did_you_mean(nearest(rule, names.iter().copied()));
    let message = format!("unknown rule {rule:?}{hint} (`windtunnel list invariant`)");
    Err(Failure::usage(message))
}

/// The policy without some of its guardrails.
fn without(mut policy: Policy, guardrails: &[String]) -> Result<Policy, Failure> {
    for name in guardrails {
        let before = policy.guard.len();
        policy.guard.retain(|spec| spec.kind != *name);
        if policy.guard.len() == before {
            let names: Vec<&str> = policy.guard.iter().map(|spec| spec.kind.as_str()).collect();
            let hint = did_you_mean(nearest(name, names.iter().copied()));
            let message = format!("the policy has no guardrail {name:?}{hint}");
            return Err(Failure::usage(message));
        }
        policy.name = format!("{}-without-{name}", policy.name);
    }
    Ok(policy)
}

/// The finding as a scenario file that fails, in a name that says what broke.
fn write(args: &Hunt, policy: &Policy, finding: &Finding) -> Result<PathBuf, Failure> {
    let path = args.out.join(format!("{}.yaml", finding.shrunk.file.name));
    let mut file: ScenarioFile = finding.shrunk.with_policy(policy);
    let Cause { rule, because } = &finding.cause;
    let by = &finding.by;
    file.description = format!("{rule} by {by} ({because}): {}", finding.saw);
    match rule.as_str() {
        "expectation" => file.expect.retain(|expected| expected.to_string() == *because),
        _ => {
            let sentence = format!("{rule} == 0").parse();
            file.expect = sentence.ok().map(Expectation::Statement).into_iter().collect();
        }
    }
    if let Some(baseline) = &mut file.baseline {
        let folder = finding.shrunk.path.parent().unwrap_or(Path::new(""));
        baseline.dataset = std::path::absolute(folder.join(&baseline.dataset))
            .map_err(|e| cannot_write(&path, &e.to_string()))?;
    }
    file.rules.retain(|spec| spec.kind == *rule);
    let json = serde_json::to_value(&file).map_err(|e| Failure::Broken(e.to_string()))?;
    let body =
        serde_saphyr::to_string(&plain(json)).map_err(|e| cannot_write(&path, &e.to_string()))?;
    let (seed, trial, shrinking) = (args.seed, finding.trial, finding.shrinking);
    let head = format!(
        "# Found by `windtunnel hunt --seed {seed}` in trial {trial}, shrunk in {shrinking}.\n\
         # Policy {} ({}). `windtunnel test` of this file fails until it is mended.\n",
        policy.name,
        hash(policy),
    );
    super::test::write_whole(&path, &(head + &body))?;
    // Whoever reads it later must be able to run it.
    let problems: Vec<Problem> = crate::scenario::load_scenario(&path).err().unwrap_or_default();
    match problems.first() {
        Some(problem) => Err(Failure::Broken(format!("a finding cannot be read again: {problem}"))),
        None => Ok(path),
    }
}

/// Without what is as it would be without being said: a scenario that a person can read.
fn plain(mut json: Value) -> Value {
    if let Some(fleet) = json.get_mut("fleet") {
        super::generate::strip(fleet);
        if let Some(map) = fleet.as_object_mut() {
            map.retain(|key, value| {
                !matches!(key.as_str(), "description" | "nodes")
                    || *value != json!("") && *value != json!({})
            });
        }
    }
    let steady: Value = serde_json::from_value::<LoadSpec>(json!({ "rate": 1.0 }))
        .and_then(serde_json::to_value)
        .unwrap_or_default();
    if let Some(load) = json.get_mut("load").and_then(Value::as_object_mut) {
        load.retain(|key, value| key == "rate" || steady.get(key) != Some(value));
    }
    let usual: [(&str, Value); 3] = [
        ("scrape", serde_json::to_value(ScrapeSpec::default()).unwrap_or_default()),
        ("people", serde_json::to_value(PeopleSpec::default()).unwrap_or_default()),
        ("actuation", serde_json::to_value(ActuationSpec::default()).unwrap_or_default()),
    ];
    for (key, usual) in usual {
        if json.get(key) == Some(&usual)
            && let Some(map) = json.as_object_mut()
        {
            map.remove(key);
        }
    }
    json
}

fn cannot_write(path: &Path, error: &str) -> Failure {
    Failure::usage(format!("cannot write {}: {error}", path.display()))
}

fn text(hunted: &Hunted, files: &[Option<PathBuf>], policy: &Policy) -> String {
    let findings = count(hunted.findings.len(), "finding");
    let (trials, states) = (hunted.trials, hunted.states);
    let mut text = format!(
        "{findings} in {trials} trials of policy {}, {states} engine states\n",
        policy.name
    );
    for (finding, file) in hunted.findings.iter().zip(files) {
        let Cause { rule, because } = &finding.cause;
        let met = finding.met;
        let shrunk = &finding.shrunk.file;
        let faults: Vec<String> =
            shrunk.faults.iter().map(|f| format!("{} at {}", f.spec.kind, f.at)).collect();
        let (before, after) = (finding.found.size(), finding.shrunk.size());
        text += &format!(
            "\n{rule} by {}, believing {because} (trial {}, met {met} times)\n  {}\n  shrunk \
             from size {before} to {after}: {}, {} in {}: {}\n",
            finding.by,
            finding.trial,
            finding.saw,
            count(shrunk.faults.len(), "fault"),
            count(shrunk.fleet.services.len(), "service"),
            shrunk.duration,
            faults.join(", "),
        );
        if let Some(file) = file {
            text += &format!("  windtunnel run {} --seed {}\n", file.display(), shrunk.seed);
        }
    }
    text
}

fn document(hunted: &Hunted, files: &[Option<PathBuf>], policy: &Policy) -> String {
    let findings: Vec<_> = hunted
        .findings
        .iter()
        .zip(files)
        .map(|(finding, file)| {
            json!({
                "rule": finding.cause.rule,
                "because": finding.cause.because,
                "by": finding.by,
                "after": finding.kinds(),
                "saw": finding.saw,
                "trial": finding.trial,
                "met": finding.met,
                "shrinking_trials": finding.shrinking,
                "size_found": finding.found.size(),
                "size_shrunk": finding.shrunk.size(),
                "file": file.as_ref().map(|file| file.display().to_string()),
                "scenario": finding.shrunk.with_policy(policy),
            })
        })
        .collect();
    let document = json!({
        "policy": policy.name,
        "policy_hash": hash(policy),
        "trials": hunted.trials,
        "states": hunted.states,
        "findings": findings,
    });
    serde_json::to_string_pretty(&document).unwrap_or_default()
}
