//! Columns of RCAEval's wide tables -> series.
//!
//! In: `<service>_<metric>`. The service is the longest known one that the name begins with, else
//! what stands before the last `_`. Names that the benchmark's authors fixed get a canonical name
//! and unit (latencies in seconds); the rest keep theirs without a unit.
//! Known limit: `cpu` is CPU time per second in cores, not a share of a limit, and stays that.

use std::collections::BTreeSet;
use std::io::Read;

use crate::import::draft::Draft;
use crate::import::table::Table;
use crate::model::{SeriesMeta, names};
use crate::unit::SeriesId;

/// The columns that are series, by number.
pub(super) struct Wide {
    pub(super) columns: Vec<(usize, SeriesId)>,
}

impl Wide {
    /// Every column but the time; columns without a service are counted.
    pub(super) fn of<R: Read>(
        table: &Table<R>,
        time: usize,
        known: &BTreeSet<String>,
        draft: &mut Draft,
    ) -> Self {
        let known = services(table.headers(), known);
        let mut columns: Vec<(usize, SeriesId)> = Vec::new();
        for (column, header) in table.headers().iter().enumerate() {
            if column == time {
                continue;
            }
            let Some((service, metric)) = split(header, &known) else {
                draft.tally.count("columns without a service left out");
                continue;
            };
            let entity = draft.service(service);
            let (name, unit, stat) = canonical(metric);
            let meta = SeriesMeta::gauge(entity, name, unit);
            let series = draft.column(stat.into_iter().fold(meta, |m, stat| m.label("stat", stat)));
            let twice = columns.iter().any(|(_, id)| *id == series);
            let plain = SeriesMeta::gauge(entity, metric, "");
            columns.push((column, if twice { draft.column(plain) } else { series }));
        }
        Self { columns }
    }
}

/// The known services, with those that a column with a canonical metric names.
fn services(headers: &[String], known: &BTreeSet<String>) -> BTreeSet<String> {
    let named = headers.iter().filter_map(|header| {
        let (service, metric) = header.rsplit_once('_')?;
        (!service.is_empty() && is_canonical(metric)).then(|| service.to_owned())
    });
    named.chain(known.iter().cloned()).collect()
}

/// Service and metric of a column.
fn split<'a>(header: &'a str, known: &BTreeSet<String>) -> Option<(&'a str, &'a str)> {
    let begins = |service: &&String| {
        header
            .strip_prefix(service.as_str())
            .is_some_and(|rest| rest.len() > 1 && rest.starts_with('_'))
    };
    let longest = known.iter().filter(begins).map(String::len).max();
    let parts = match longest {
        Some(at) => Some((&header[..at], &header[at + 1..])),
        None => header.rsplit_once('_'),
    };
    parts.filter(|(service, metric)| !service.is_empty() && !metric.is_empty())
}

fn is_canonical(metric: &str) -> bool {
    canonical(metric).0 != metric || matches!(metric, "diskio" | "socket")
}

/// Name, unit and statistic of a metric.
fn canonical(metric: &str) -> (&str, &'static str, Option<&'static str>) {
    match metric {
        "cpu" => ("container.cpu.usage", "{cpu}", None),
        "mem" => (names::MEMORY_WORKING_SET, "By", None),
        "load" | "workload" => (names::REQUEST_RATE, "{request}/s", None),
        "error" => ("http.server.request.errors", "", None),
        "latency" => (names::DURATION, "s", Some("mean")),
        "latency-50" => (names::DURATION, "s", Some("p50")),
        "latency-90" => (names::DURATION, "s", Some("p90")),
        "latency-95" => (names::DURATION, "s", Some("p95")),
        "latency-99" => (names::DURATION, "s", Some("p99")),
        other => (other, "", None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(header: &str, known: &[&str], expected: Option<(&str, &str)>) {
        let known = known.iter().map(|s| (*s).to_owned()).collect();
        assert_eq!(split(header, &known), expected);
    }

    #[test]
    fn the_longest_known_service_wins_over_the_last_underscore() {
        check("cartservice_cpu", &[], Some(("cartservice", "cpu")));
        check("front-end_latency-90", &[], Some(("front-end", "latency-90")));
        check("cart_http_errors", &["cart"], Some(("cart", "http_errors")));
        check("cart_db_cpu", &["cart", "cart_db"], Some(("cart_db", "cpu")));
        check("carts_cpu", &["cart"], Some(("carts", "cpu")));
        check("cart_", &["cart"], None);
        check("time", &[], None);
    }

    #[test]
    fn two_columns_with_one_canonical_name_stay_two() {
        let text = "time,cart_load,cart_workload\n";
        let table = Table::read(std::path::Path::new("t"), text.as_bytes(), b',').unwrap();
        let mut draft = Draft::default();
        let wide = Wide::of(&table, 0, &BTreeSet::new(), &mut draft);
        assert_ne!(wide.columns[0].1, wide.columns[1].1);
        assert_eq!(draft.series.get(wide.columns[1].1).metric, "workload");
    }

    #[test]
    fn canonical_metrics_name_their_services() {
        let headers = ["cart_db_cpu".to_owned(), "cart_db_odd".to_owned()];
        assert_eq!(services(&headers, &BTreeSet::new()), BTreeSet::from(["cart_db".to_owned()]));
    }
}
