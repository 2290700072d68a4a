//! `windtunnel scaffold DIR -o FILE`: a recorded incident becomes a scenario that runs as written.

use std::path::{Path, PathBuf};

use clap::Args;

use super::exit_code;
use super::failure::{Failure, count};
use super::terminal::Terminal;
use crate::campaign::scaffold::{Request, Sketch, Suggestion, sketch, try_out};
use crate::campaign::whole_file::WholeFile;
use crate::catalog::{did_you_mean, nearest};
use crate::scenario::{Checked, DEFAULT_POLICY, load_policy, load_scenario, of_timeline};
use crate::timeline::Dataset;
use crate::unit::SimTime;

/// What is sketched.
#[derive(Debug, Args)]
pub(super) struct Scaffold {
    /// Directory of a dataset, as `windtunnel import` or `windtunnel record` writes it.
    dir: PathBuf,
    /// The scenario file that is written.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Name of the case (default: the only one).
    #[arg(long, value_name = "NAME")]
    case: Option<String>,
    /// When the incident began, UTC, for recordings without labels or with wrong ones.
    #[arg(long, value_name = "TIME")]
    onset: Option<SimTime>,
    /// The policy that the scenario names (default: `policies/default.yaml` beside the file or one
    /// folder up, else the built-in one, written in place).
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Seed that the scenario has.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Replace a file that is there already.
    #[arg(long)]
    overwrite: bool,
}

/// Sketches, tries the sketch out, writes it.
///
/// # Errors
/// If the dataset or the policy cannot be used, or the file cannot be written.
pub(super) fn run(args: &Scaffold, terminal: Terminal) -> Result<u8, Failure> {
    let output = &args.output;
    if output.exists() && !args.overwrite {
        let found = output.display();
        return Err(Failure::usage(format!("{found} is there already (--overwrite replaces it)")));
    }
    let dataset = Dataset::open(&args.dir).map_err(|all| Failure::Problems(of_timeline(&all)))?;
    let case = case(args, &dataset)?;
    let policy = policy(args)?;
    let request = Request {
        case: &dataset.case_path(case),
        dataset: &dataset.meta.name,
        name: case,
        interval: dataset.meta.interval,
        onset: args.onset,
    };
    let drawn = sketch(&request).map_err(|all| {
        let lines: Vec<String> = all.iter().map(ToString::to_string).collect();
        Failure::usage(format!("{}/{case}: {}", args.dir.display(), lines.join("\n       ")))
    })?;
    if let Some(folder) = output.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| cannot_write(output, &error))?;
    }
    let file = WholeFile::begin(output).map_err(|error| cannot_write(output, &error))?;
    let name = name(output);
    let text = |tried: &[Suggestion]| drawn.yaml(&name, args.seed, &policy, tried);
    let checked = written(&file, &text(&[]), output)?;
    let tried = try_out(&drawn, &checked).map_err(|why| Failure::Broken(why.join("; ")))?;
    written(&file, &text(&tried), output)?;
    file.finish().map_err(|error| cannot_write(output, &error))?;
    terminal.print(&summary(&drawn, &tried, output))?;
    terminal.note(&format!("next: windtunnel test {}", output.display()));
    Ok(exit_code::DONE)
}

/// Writes the text and reads it back: what is written must run.
fn written(file: &WholeFile, text: &str, output: &Path) -> Result<Checked, Failure> {
    file.write(text).map_err(|error| cannot_write(output, &error))?;
    load_scenario(file.path()).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Failure::Broken(format!("the sketch is no scenario: {}", lines.join("\n")))
    })
}

fn case<'a>(args: &Scaffold, dataset: &'a Dataset) -> Result<&'a str, Failure> {
    const SHOWN: usize = 8;
    let cases = dataset.cases();
    let Some(wanted) = &args.case else {
        if let [only] = cases {
            return Ok(only);
        }
        let mut shown = cases.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
        if cases.len() > SHOWN {
            shown += ", ...";
        }
        let all = cases.len();
        return Err(Failure::usage(format!(
            "{} has {all} cases, name one with --case: {shown}",
            args.dir.display()
        )));
    };
    cases.iter().find(|case| *case == wanted).map(String::as_str).ok_or_else(|| {
        let hint = did_you_mean(nearest(wanted, cases.iter().map(String::as_str)));
        Failure::usage(format!("unknown case {wanted:?}{hint}"))
    })
}

/// The value of the key `policy`.
fn policy(args: &Scaffold) -> Result<String, Failure> {
    let folder = args.output.parent().unwrap_or(Path::new(""));
    if let Some(file) = &args.policy {
        load_policy(file).map_err(Failure::Problems)?;
        let full = |path: &Path| std::path::absolute(path).map_err(|e| cannot_read(path, &e));
        return relative(&full(folder)?, &full(file)?);
    }
    let usual = ["policies/default.yaml", "../policies/default.yaml"];
    if let Some(found) = usual.into_iter().find(|path| folder.join(path).is_file()) {
        return Ok(found.to_owned());
    }
    let mut inline = String::from("# the built-in policy; or the path of a file");
    for line in DEFAULT_POLICY.lines() {
        inline.push('\n');
        if !line.is_empty() {
            inline += &format!("  {line}");
        }
    }
    Ok(inline)
}

/// `file` as seen from `folder`; both absolute.
fn relative(folder: &Path, file: &Path) -> Result<String, Failure> {
    let shared = folder.components().zip(file.components()).take_while(|(a, b)| a == b).count();
    let up = folder.components().skip(shared).map(|_| Path::new("..").to_owned());
    let down = file.components().skip(shared).map(|part| PathBuf::from(part.as_os_str()));
    let path: PathBuf = up.chain(down).collect();
    let text = path.to_str().ok_or_else(|| {
        Failure::usage(format!("{} is not UTF-8, so no scenario can name it", file.display()))
    })?;
    Ok(serde_json::to_string(text).unwrap_or_default())
}

/// The file's name as a scenario's: letters, digits, `-`, `_` and `.`.
fn name(output: &Path) -> String {
    let stem = output.file_stem().unwrap_or_default().to_string_lossy();
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let name: String = stem.chars().map(plain).collect();
    let name = name.trim_start_matches(['.', '-']);
    if name.is_empty() { "sketch".to_owned() } else { name.to_owned() }
}

fn summary(sketch: &Sketch, tried: &[Suggestion], output: &Path) -> String {
    let services = count(sketch.fleet.spec.services.len(), "service");
    let kinds: Vec<&str> = sketch.faults.iter().map(|fault| fault.kind).collect();
    let faults = if kinds.is_empty() { "no fault".to_owned() } else { kinds.join(", ") };
    let met = tried.iter().filter(|suggestion| suggestion.met).count();
    let mut text = format!(
        "{}: {services}, {faults}, {} of it, {met} of {} met\n",
        output.display(),
        sketch.duration,
        count(tried.len(), "suggested expectation"),
    );
    for fault in &sketch.faults {
        text += &format!("  {} at {}: {}\n", fault.kind, fault.at, fault.why.join("; "));
    }
    for missed in tried.iter().filter(|suggestion| !suggestion.met) {
        text += &format!("  not met: {} (seen: {})\n", missed.sentence, missed.saw);
    }
    text
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("cannot write {}: {error}", path.display()))
}

fn cannot_read(path: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("cannot read {}: {error}", path.display()))
}
