//! The labels: one line of `faults.csv` per fault.

use std::path::Path;

use super::super::ImportError;
use crate::model::Cause;
use crate::unit::SimTime;

/// One injected fault.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fault {
    pub(super) system: String,
    pub(super) date: String,
    /// When it was injected, as far as the label can be trusted.
    pub(super) time: SimTime,
    pub(super) service: String,
    pub(super) cause: Option<Cause>,
}

/// All faults, by system and time.
pub(super) fn read(path: &Path) -> Result<Vec<Fault>, ImportError> {
    let fail = |e: csv::Error| ImportError::file(path, e, "a file with columns and faults");
    let mut reader = csv::Reader::from_path(path).map_err(fail)?;
    let header = reader.headers().map_err(fail)?.clone();
    let column = |name: &'static str| {
        header.iter().position(|found| found == name).ok_or_else(|| {
            let found: Vec<&str> = header.iter().collect();
            ImportError::line(path, 1, found.join(","), &format!("a column {name}"))
        })
    };
    let columns = [
        column("system")?,
        column("date")?,
        column("inject_time_utc")?,
        column("service")?,
        column("type")?,
    ];
    let mut faults = Vec::new();
    for record in reader.records() {
        let record = record.map_err(fail)?;
        let line = record.position().map_or(0, csv::Position::line);
        let [system, date, time, service, kind] =
            columns.map(|index| record.get(index).unwrap_or_default().to_owned());
        let time = format!("{}Z", time.replacen(' ', "T", 1)).parse().map_err(|_| {
            ImportError::line(path, line, format!("{time:?}"), "a time such as 2022-08-22 03:53:54")
        })?;
        faults.push(Fault { system, date, time, service, cause: cause(&kind) });
    }
    if faults.is_empty() {
        return Err(ImportError::file(path, "not one fault", "a line per fault"));
    }
    faults.sort_by(|a, b| (&a.system, a.time, &a.service).cmp(&(&b.system, b.time, &b.service)));
    Ok(faults)
}

fn cause(kind: &str) -> Option<Cause> {
    match kind {
        "cpu_contention" | "cpu_consumed" => Some(Cause::ResourceExhaustion),
        "network_delay" => Some(Cause::NetworkFault),
        "return" | "exception" => Some(Cause::CodeDefect),
        _ => None,
    }
}
