//! The metric files of one day: pods, the front, and latencies of call edges.
//!
//! In: `metric/*.csv.gz`. Out: columns of values by the minute, in our names and units. The scrape
//! jitters by seconds; times are put on the day's common phase, so that a frame holds one scrape.

use std::path::{Path, PathBuf};

use super::super::ImportError;
use super::MINUTE;
use super::minutes::{open_csv, rows_of};
use crate::model::names;
use crate::unit::{SimDuration, SimTime};

/// What a column measures.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Owner {
    /// One pod.
    Pod(String),
    /// A service as a whole, as seen by its users.
    Front,
    /// A call edge as the caller saw it.
    CallerSide(String, String),
    /// A call edge as the callee saw it.
    CalleeSide(String, String),
}

/// One column of the day.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) owner: Owner,
    pub(super) metric: String,
    pub(super) unit: &'static str,
    pub(super) stat: Option<&'static str>,
    pub(super) values: Vec<(SimTime, f64)>,
}

/// Where a source column goes: metric, unit, factor, statistic.
type Target = (&'static str, &'static str, f64, Option<&'static str>);

/// Columns of a pod that go to other names or units; others keep their name.
const POD: [(&str, Target); 18] = [
    ("CpuUsage(m)", ("container.cpu.usage", "{cpu}", 1e-3, None)),
    ("CpuUsageRate(%)", (names::CPU_UTILIZATION, "1", 1e-2, None)),
    ("MemoryUsage(Mi)", (names::MEMORY_WORKING_SET, "By", 1_048_576.0, None)),
    ("MemoryUsageRate(%)", (names::MEMORY_UTILIZATION, "1", 1e-2, None)),
    ("SyscallRead", ("container.syscall.read", "{call}", 1.0, None)),
    ("SyscallWrite", ("container.syscall.write", "{call}", 1.0, None)),
    ("NetworkReceiveBytes", ("container.network.receive", "By", 1.0, None)),
    ("NetworkTransmitBytes", ("container.network.transmit", "By", 1.0, None)),
    ("PodClientLatencyP90(s)", (names::CLIENT_DURATION, "s", 1.0, Some("p90"))),
    ("PodClientLatencyP95(s)", (names::CLIENT_DURATION, "s", 1.0, Some("p95"))),
    ("PodClientLatencyP99(s)", (names::CLIENT_DURATION, "s", 1.0, Some("p99"))),
    ("PodServerLatencyP90(s)", (names::DURATION, "s", 1.0, Some("p90"))),
    ("PodServerLatencyP95(s)", (names::DURATION, "s", 1.0, Some("p95"))),
    ("PodServerLatencyP99(s)", (names::DURATION, "s", 1.0, Some("p99"))),
    ("PodWorkload(Ops)", (names::REQUEST_RATE, "{request}/s", 1.0, None)),
    ("NodeCpuUsageRate(%)", ("node.cpu.utilization", "1", 1e-2, None)),
    ("NodeMemoryUsageRate(%)", ("node.memory.utilization", "1", 1e-2, None)),
    ("NodeNetworkReceiveBytes", ("node.network.receive", "By", 1.0, None)),
];

const FRONT: [(&str, Target); 5] = [
    ("SuccessRate(%)", (names::AVAILABILITY, "1", 1e-2, None)),
    ("LatencyP50(s)", (names::DURATION, "s", 1.0, Some("p50"))),
    ("LatencyP90(s)", (names::DURATION, "s", 1.0, Some("p90"))),
    ("LatencyP95(s)", (names::DURATION, "s", 1.0, Some("p95"))),
    ("LatencyP99(s)", (names::DURATION, "s", 1.0, Some("p99"))),
];

/// Columns that hold no measurement.
const NO_VALUE: [&str; 6] =
    ["Time", "TimeStamp", "PodName", "ServiceName", "PodSuccessRate(%)", "timestamp"];

/// All columns of a day; `skipped` counts rows that cannot be used.
pub(super) fn read(folder: &Path, skipped: &mut u64) -> Result<Vec<Column>, ImportError> {
    let fail = |e: std::io::Error| ImportError::file(folder, e, "a folder with metric files");
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        paths.push(entry.map_err(fail)?.path());
    }
    paths.sort();
    let mut columns = Vec::new();
    for path in paths {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let stem = name.trim_end_matches(".gz").trim_end_matches(".csv");
        match stem {
            "dependency" => {}
            "front_service" | "source_50" | "destination_50" => {
                columns.extend(read_table(&path, stem, skipped)?);
            }
            _ if stem.ends_with("_metric") => {
                columns.extend(read_table(&path, stem, skipped)?);
            }
            _ => *skipped += 1,
        }
    }
    align(&mut columns);
    Ok(columns)
}

fn read_table(path: &Path, stem: &str, skipped: &mut u64) -> Result<Vec<Column>, ImportError> {
    let mut reader = open_csv(path)?;
    let header =
        reader.headers().map_err(|e| ImportError::file(path, e, "a line of columns"))?.clone();
    let mut columns: Vec<(usize, f64, Column)> = Vec::new();
    for (index, name) in header.iter().enumerate() {
        if let Some((factor, column)) = column_of(stem, name) {
            columns.push((index, factor, column));
        }
    }
    for record in rows_of(&mut reader) {
        let time = record.as_ref().and_then(|record| record.get(0)).and_then(read_time);
        let (Some(record), Some(time)) = (record, time) else {
            *skipped += 1;
            continue;
        };
        for (index, factor, column) in &mut columns {
            let value = record.get(*index).and_then(|text| text.trim().parse::<f64>().ok());
            let no_request = column.unit == "s" && value == Some(0.0);
            if let Some(value) = value.filter(|v| v.is_finite() && !no_request) {
                column.values.push((time, value * *factor));
            }
        }
    }
    // A success rate that is 0 all day long is not measured: nothing would have worked.
    let dead = |c: &Column| c.metric == names::AVAILABILITY && c.values.iter().all(|v| v.1 == 0.0);
    Ok(columns.into_iter().map(|(_, _, column)| column).filter(|c| !dead(c)).collect())
}

fn column_of(stem: &str, name: &str) -> Option<(f64, Column)> {
    if NO_VALUE.contains(&name) || name == "time" {
        return None;
    }
    let edge = || name.split_once('_').map(|(from, to)| (from.to_owned(), to.to_owned()));
    let (owner, targets): (Owner, &[(&str, Target)]) = match stem {
        "front_service" => (Owner::Front, &FRONT),
        "source_50" => edge().map(|(from, to)| (Owner::CallerSide(from, to), &[][..]))?,
        "destination_50" => edge().map(|(from, to)| (Owner::CalleeSide(from, to), &[][..]))?,
        _ => (Owner::Pod(stem.trim_end_matches("_metric").to_owned()), &POD),
    };
    let known = targets.iter().find(|(source, _)| *source == name).map(|(_, target)| *target);
    let (metric, unit, factor, stat) = match (&owner, known) {
        (_, Some((metric, unit, factor, stat))) => (metric.to_owned(), unit, factor, stat),
        (Owner::CallerSide(..), _) => (names::CLIENT_DURATION.to_owned(), "s", 1.0, Some("p50")),
        (Owner::CalleeSide(..), _) => (names::DURATION.to_owned(), "s", 1.0, Some("p50")),
        _ => (name.to_owned(), "", 1.0, None),
    };
    Some((factor, Column { owner, metric, unit, stat, values: Vec::new() }))
}

/// Reads `2022-08-22 03:51:19.607158889 +0000 UTC m=+0.113112869`.
fn read_time(text: &str) -> Option<SimTime> {
    let mut words = text.split_whitespace();
    let (day, clock) = (words.next()?, words.next()?);
    format!("{day}T{clock}Z").parse().ok()
}

/// Puts all times on one phase: the median second of the minute, rounded up.
fn align(columns: &mut [Column]) {
    let mut phases: Vec<i64> = columns
        .iter()
        .flat_map(|column| &column.values)
        .map(|(time, _)| time.nanos().rem_euclid(MINUTE.nanos()))
        .collect();
    if phases.is_empty() {
        return;
    }
    let middle = phases.len() / 2;
    let (_, median, _) = phases.select_nth_unstable(middle);
    let second = SimDuration::from_secs(1).nanos();
    let phase = (*median + second - 1).div_euclid(second) * second;
    let snap = |time: SimTime| {
        let minutes = (time.nanos() - phase + MINUTE.nanos() / 2).div_euclid(MINUTE.nanos());
        SimTime::from_nanos(minutes * MINUTE.nanos() + phase)
    };
    for (time, _) in columns.iter_mut().flat_map(|column| &mut column.values) {
        *time = snap(*time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scrape_that_jitters_over_the_full_second_stays_one_scrape() {
        let times = ["03:51:19.6", "03:52:20.1", "03:53:21.2", "03:54:19.9"];
        let values = times
            .map(|clock| read_time(&format!("2022-08-22 {clock} +0000 UTC m=+1")).unwrap())
            .map(|time| (time, 1.0));
        let mut columns = [Column {
            owner: Owner::Front,
            metric: String::new(),
            unit: "",
            stat: None,
            values: values.to_vec(),
        }];
        align(&mut columns);
        let snapped: Vec<String> =
            columns[0].values.iter().map(|(time, _)| time.to_string()).collect();
        assert!(snapped.iter().all(|time| time.ends_with(":21Z")), "{snapped:?}");
        assert_eq!(snapped[1], "2022-08-22T03:52:21Z");
    }

    #[test]
    fn columns_find_their_name_and_unit_and_useless_ones_are_left_out() {
        let (factor, column) = column_of("x-1_metric", "CpuUsageRate(%)").unwrap();
        assert_eq!((factor, column.metric.as_str()), (0.01, names::CPU_UTILIZATION));
        let (_, column) = column_of("source_50", "frontend_cartservice").unwrap();
        assert_eq!(column.owner, Owner::CallerSide("frontend".into(), "cartservice".into()));
        assert!(column_of("x-1_metric", "PodSuccessRate(%)").is_none());
    }
}
