//! What a sweep leaves: manifest, parts, and a marker when it is complete.
//!
//! In: a plan and which parts of it. Out: `sweep.json`, `parts/part-00000.parquet` and, at the end,
//! a marker with a digest of every part. A part is there whole or not at all, so that an
//! interruption leaves whole parts only; `resume` keeps those that are there. A thread runs a part
//! at a time: memory does not grow with the number of trials.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::super::whole_file;
use super::place::Place;
use super::plan::Plan;
use super::row::Row;
use super::run::Runner;
use super::shard::Shard;
use super::table;
use crate::campaign::{Progress, pool};

/// The manifest's name.
pub const MANIFEST: &str = "sweep.json";
/// The marker of a complete sweep.
pub const COMPLETE: &str = "complete.json";

/// Why a sweep could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// A file or folder cannot be written or read.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A file is not what it must be.
    #[error("{}: {problem}", path.display())]
    Content {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// Parts do not make one sweep.
    #[error("{}", .0.join("\n"))]
    Parts(Vec<String>),
}

/// What was made, for the marker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// Digest of the plan.
    pub sweep: String,
    /// Version that made it.
    pub windtunnel: String,
    /// Which shard, of how many.
    pub shard: Shard,
    /// Digest of each part.
    pub parts: BTreeMap<usize, String>,
}

/// What running came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rows written.
    pub rows: usize,
    /// Trials run for them.
    pub ran: usize,
    /// Rows of trials that could not be run.
    pub failed: usize,
    /// Parts that were there already.
    pub kept: usize,
}

/// The name of a part's file, below the folder.
#[must_use]
pub fn part_name(part: usize) -> String {
    format!("parts/part-{part:05}.parquet")
}

/// Runs the parts of a shard into a place.
///
/// # Errors
/// If the place holds another sweep, or holds this one and `resume` was not asked for, or cannot
/// be written.
pub fn run(
    plan: &Plan,
    shard: Shard,
    place: &dyn Place,
    resume: bool,
    jobs: usize,
    progress: &Progress<'_>,
) -> Result<Tally, SweepError> {
    let digest = plan.digest();
    prepare(plan, &digest, place, resume, shard)?;
    let runner = Runner::new(plan, false).map_err(|p| content(&place.path(MANIFEST), p))?;
    let mine: Vec<usize> = (0..plan.parts()).filter(|part| shard.has(*part)).collect();
    let mut tally = Tally::default();
    let mut marker = Marker {
        sweep: digest.clone(),
        windtunnel: env!("CARGO_PKG_VERSION").to_owned(),
        shard,
        parts: BTreeMap::new(),
    };
    let mut missing = Vec::new();
    for part in mine {
        let name = part_name(part);
        match place.read(&name)? {
            Some(bytes) => {
                let print = fingerprint(&bytes);
                table::decode(bytes, &digest).map_err(|p| content(&place.path(&name), p))?;
                marker.parts.insert(part, print);
                tally.kept += 1;
            }
            None => missing.push(part),
        }
    }
    // A part is written as soon as it is done: an interruption loses only the parts under way.
    let name = |part: &usize| format!("part {part}");
    let work = |part: &usize| make(&runner, plan, &digest, place, *part);
    for made in pool::map(&missing, jobs, progress, name, work) {
        let (part, print, own) = made?;
        marker.parts.insert(part, print);
        tally.rows += own.rows;
        tally.ran += own.ran;
        tally.failed += own.failed;
    }
    place.write(&shard.marker(), &json(&marker))?;
    Ok(tally)
}

/// Runs one part and writes it; returns its digest and what it came to.
fn make(
    runner: &Runner<'_>,
    plan: &Plan,
    digest: &str,
    place: &dyn Place,
    part: usize,
) -> Result<(usize, String, Tally), SweepError> {
    let mut tally = Tally::default();
    let mut rows: Vec<Row> = Vec::new();
    for unit in plan.part(part) {
        let done = runner.unit(unit);
        tally.ran += done.ran;
        rows.extend(done.rows);
    }
    tally.rows = rows.len();
    tally.failed = rows.iter().filter(|row| row.problem.is_some()).count();
    let name = part_name(part);
    let bytes = table::encode(plan, digest, &rows).map_err(|p| content(&place.path(&name), p))?;
    place.write(&name, &bytes)?;
    Ok((part, fingerprint(&bytes), tally))
}

/// The digest of a part, as markers list it.
pub(super) fn fingerprint(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex()[..32].to_owned()
}

/// Reads a manifest that is a file of its own.
///
/// # Errors
/// If it cannot be read, or is of another version.
pub fn read_plan(path: &Path) -> Result<Plan, SweepError> {
    let bytes = std::fs::read(path).map_err(|error| file(path, error))?;
    plan_of(path, &bytes)
}

/// The manifest of a place.
///
/// # Errors
/// If there is none, or it is of another version.
pub fn plan_in(place: &dyn Place) -> Result<Plan, SweepError> {
    plan_of(&place.path(MANIFEST), &place.need(MANIFEST)?)
}

fn plan_of(path: &Path, bytes: &[u8]) -> Result<Plan, SweepError> {
    let plan: Plan = serde_json::from_slice(bytes).map_err(|e| content(path, e.to_string()))?;
    let version = env!("CARGO_PKG_VERSION");
    if plan.windtunnel != version || plan.format != super::plan::FORMAT {
        let (ours, format, found) = (super::plan::FORMAT, plan.format, &plan.windtunnel);
        let problem = format!(
            "expected a manifest of windtunnel {version}, format {ours}, found {found}, format \
             {format}"
        );
        return Err(content(path, problem));
    }
    Ok(plan)
}

/// Writes a manifest to a file of its own.
///
/// # Errors
/// If it cannot be written.
pub fn write_plan(path: &Path, plan: &Plan) -> Result<(), SweepError> {
    whole_file::write(path, json(plan)).map_err(|error| file(path, error))
}

/// Every row of a complete sweep, part by part.
///
/// # Errors
/// If a part is missing or damaged.
pub fn each_row(
    plan: &Plan,
    place: &dyn Place,
    mut each: impl FnMut(&Row),
) -> Result<(), SweepError> {
    let digest = plan.digest();
    for part in 0..plan.parts() {
        let name = part_name(part);
        let rows = table::decode(place.need(&name)?, &digest)
            .map_err(|problem| content(&place.path(&name), problem))?;
        rows.iter().for_each(&mut each);
    }
    Ok(())
}

fn prepare(
    plan: &Plan,
    digest: &str,
    place: &dyn Place,
    resume: bool,
    shard: Shard,
) -> Result<(), SweepError> {
    let names = place.names()?;
    if names.iter().any(|name| name == MANIFEST) {
        let there = plan_in(place)?.digest();
        if there != digest {
            let problem = format!("holds another sweep, {there}: expected {digest}");
            return Err(content(&place.path(""), problem));
        }
        let begun = (0..plan.parts()).filter(|part| shard.has(*part));
        let begun = begun.filter(|part| names.binary_search(&part_name(*part)).is_ok()).count();
        if begun > 0 && !resume {
            let problem = format!("holds {begun} parts of this sweep already: add --resume");
            return Err(content(&place.path(""), problem));
        }
        return Ok(());
    }
    if !names.is_empty() {
        return Err(content(&place.path(""), "holds something that is no sweep".to_owned()));
    }
    place.write(MANIFEST, &json(plan))
}

pub(super) fn json(value: &impl Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(value).expect("plain data serialises");
    text.push(b'\n');
    text
}

pub(super) fn file(path: &Path, error: std::io::Error) -> SweepError {
    SweepError::File { path: path.to_owned(), error }
}

pub(super) fn content(path: &Path, problem: String) -> SweepError {
    SweepError::Content { path: path.to_owned(), problem }
}
