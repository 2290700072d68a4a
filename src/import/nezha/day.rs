//! One day of one system: its faults, metrics, minutes and what a map of it needs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::super::{ImportError, Summary};
use super::faults::Fault;
use super::metrics::{self, Column, Owner};
use super::minutes::{Minute, open_csv, rows_of};
use crate::unit::SimTime;

/// One day of one system.
pub(super) struct Day {
    pub(super) system: String,
    pub(super) date: String,
    pub(super) faults: Vec<Fault>,
    pub(super) columns: Vec<Column>,
    pub(super) minutes: Vec<Minute>,
    /// The fault-free minute, if there is one.
    pub(super) normal: Option<Minute>,
    /// Caller and callee services that the system's own map lists.
    pub(super) dependencies: Vec<(String, String)>,
    skipped: u64,
}

/// Paths of trace and log file by `HH_MM`.
type Files = BTreeMap<String, [Option<PathBuf>; 2]>;

/// All days that have faults.
pub(super) fn read_all(source: &Path, faults: &[Fault]) -> Result<Vec<Day>, ImportError> {
    let mut days: BTreeMap<(&str, &str), Vec<Fault>> = BTreeMap::new();
    for fault in faults {
        days.entry((&fault.system, &fault.date)).or_default().push(fault.clone());
    }
    days.into_iter()
        .map(|((system, date), faults)| {
            let folder = source.join(system).join(date);
            Day::read(&folder, system, date, faults)
        })
        .collect()
}

impl Day {
    fn read(
        folder: &Path,
        system: &str,
        date: &str,
        faults: Vec<Fault>,
    ) -> Result<Self, ImportError> {
        let mut skipped = 0;
        let columns = metrics::read(&folder.join("metric"), &mut skipped)?;
        let mut files = Files::new();
        list(&folder.join("trace"), "_trace.csv.gz", 0, &mut files);
        list(&folder.join("log"), "_log.csv.gz", 1, &mut files);
        let mut quiet = Files::new();
        list(&folder.join("normal"), "_trace.csv.gz", 0, &mut quiet);
        list(&folder.join("normal"), "_log.csv.gz", 1, &mut quiet);
        let minutes = read_minutes(folder, date, &files)?;
        let normal = read_minutes(folder, date, &quiet)?.into_iter().next();
        skipped += minutes.iter().chain(&normal).map(|minute| minute.skipped).sum::<u64>();
        let dependencies = dependencies(&folder.join("metric").join("dependency.csv.gz"))?;
        let (system, date) = (system.to_owned(), date.to_owned());
        Ok(Self { system, date, faults, columns, minutes, normal, dependencies, skipped })
    }

    /// All pods that the day names, sorted.
    pub(super) fn pods(&self) -> BTreeSet<&str> {
        let mut pods = BTreeSet::new();
        for column in &self.columns {
            if let Owner::Pod(pod) = &column.owner {
                pods.insert(pod.as_str());
            }
        }
        for minute in self.minutes.iter().chain(&self.normal) {
            pods.extend(minute.spans.iter().map(|span| &*span.pod));
            pods.extend(minute.logs.iter().map(|log| &*log.pod));
        }
        pods
    }

    /// Says what was left out.
    pub(super) fn tell(&self, summary: &mut Summary) {
        let what = format!(
            "rows of {} {} left out: malformed, or with a clock before 2000",
            self.system, self.date
        );
        summary.skip(self.skipped, &what);
        if self.normal.is_none() {
            summary.skipped.push(format!(
                "{} {}: no fault-free minute of traces and logs in the source",
                self.system, self.date
            ));
        }
    }
}

fn list(folder: &Path, ending: &str, place: usize, files: &mut Files) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(minute) = name.strip_suffix(ending) {
            files.entry(minute.to_owned()).or_default()[place] = Some(entry.path());
        }
    }
}

fn read_minutes(folder: &Path, date: &str, files: &Files) -> Result<Vec<Minute>, ImportError> {
    let files: Vec<_> = files.iter().collect();
    files
        .par_iter()
        .map(|(name, [traces, logs])| {
            let clock = name.replacen('_', ":", 1);
            let start: SimTime = format!("{date}T{clock}:00Z").parse().map_err(|_| {
                ImportError::file(folder, format!("a minute file {name:?}"), "a name like 08_43")
            })?;
            Minute::read(traces.as_deref(), logs.as_deref(), start)
        })
        .collect()
}

/// Call edges of the system's own map; edges to machines are listed with them and left to the
/// caller to tell apart.
fn dependencies(path: &Path) -> Result<Vec<(String, String)>, ImportError> {
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let mut reader = open_csv(path)?;
    let edges = rows_of(&mut reader)
        .flatten()
        .filter_map(|row| Some((row.get(0)?.to_owned(), row.get(1)?.to_owned())));
    Ok(edges.collect())
}

/// The service of a pod: its name without the hashes of deployment and replica.
pub(super) fn service_of(pod: &str) -> &str {
    let hashed = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&part.len())
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    let Some((rest, replica)) = pod.rsplit_once('-') else { return pod };
    let Some((service, deployment)) = rest.rsplit_once('-') else { return pod };
    if hashed(replica, 5..=5) && hashed(deployment, 7..=10) { service } else { pod }
}

/// Call edges among services that the minutes show before `until`.
pub(super) fn calls_before<'a>(
    minutes: impl Iterator<Item = &'a Minute>,
    until: SimTime,
) -> BTreeSet<(&'a str, &'a str)> {
    let mut edges = BTreeSet::new();
    for ((caller, callee), seen) in minutes.flat_map(|minute| &minute.calls) {
        let (caller, callee): (&Arc<str>, &Arc<str>) = (caller, callee);
        if *seen < until && service_of(caller) != service_of(callee) {
            edges.insert((service_of(caller), service_of(callee)));
        }
    }
    edges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_without_its_hashes_is_its_service() {
        for (pod, service) in [
            ("frontend-579b9bff58-t2dbm", "frontend"),
            ("ts-ui-dashboard-5477b965f-2chkr", "ts-ui-dashboard"),
            ("ts-food-service-f5756978c-k8vqf", "ts-food-service"),
            ("rabbitmq-0", "rabbitmq-0"),
            ("ts-auth-mongo-0", "ts-auth-mongo-0"),
        ] {
            assert_eq!(service_of(pod), service);
        }
    }
}
