//! Prometheus: the JSON answer of an HTTP range query (or instant query).
//!
//! In: a file, or a folder of `*.json` (plain or gzip), each one answer of `/api/v1/query_range`
//! or `/api/v1/query`. Out: one case; the entity is the first known label, `pod` or `instance`
//! its replica, all other labels stay labels. Counters are told by their suffix. Times are kept to
//! the millisecond, as Prometheus does. Source: Prometheus documentation, "HTTP API" and "Metric
//! and label naming". Known limit: native histograms are left out (counted).

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;

use schemars::JsonSchema;
use serde::Deserialize;

use super::draft::{Draft, case_name};
use super::{Build, Flaw, ImportError, Request, Summary, clock, files, store, table};
use crate::catalog::{Entry, did_you_mean, nearest, schema_of};
use crate::model::{Instrument, SeriesMeta};
use crate::unit::SimDuration;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "prometheus",
    summary: "the JSON answers of Prometheus range queries",
    help: "Reads a file, or all *.json below a folder (gzip too), into one case. The entity of a \
           series is its label `entity_label`, or else the first of service, service_name, app, \
           job, deployment, pod and instance; series without any belong to a service named after \
           the file. Metrics ending in _total, _count, _sum or _bucket are counters. NaN is \
           absent; infinities are left out and counted. There is no truth in such a recording.",
    source: "Prometheus HTTP API, /api/v1/query_range; metric and label naming",
    example: "{ entity_label: app }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters of `prometheus`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// The label that names the service; absent: the first known one.
    entity_label: Option<String>,
    /// Name of the dataset; absent: the source's name.
    name: Option<String>,
    /// Scrape interval, e.g. `15s`; absent: the median step of the series.
    interval: Option<SimDuration>,
}

const ENTITY: [&str; 7] =
    ["service", "service_name", "app", "job", "deployment", "pod", "instance"];
const REPLICA: [&str; 2] = ["pod", "instance"];
const COUNTERS: [&str; 4] = ["_total", "_count", "_sum", "_bucket"];
const NAME: &str = "__name__";
/// What an OpenMetrics suffix says of the unit.
const UNITS: [(&str, &str); 6] = [
    ("seconds", "s"),
    ("milliseconds", "ms"),
    ("bytes", "By"),
    ("ratio", "1"),
    ("celsius", "Cel"),
    ("percent", "%"),
];

/// An answer of the HTTP API.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    status: String,
    data: Option<Data>,
    error_type: Option<String>,
    error: Option<String>,
    #[serde(default)]
    warnings: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    result_type: String,
}

/// The same answer again, once its type of result is known: this way errors keep their line.
#[derive(Debug, Deserialize)]
struct Results {
    data: Matrix,
}

#[derive(Debug, Deserialize)]
struct Matrix {
    result: Vec<Series>,
}

/// One series of a matrix or a vector.
#[derive(Debug, Deserialize)]
struct Series {
    metric: BTreeMap<String, String>,
    #[serde(default)]
    values: Vec<(f64, String)>,
    value: Option<(f64, String)>,
    #[serde(default)]
    histograms: Vec<serde::de::IgnoredAny>,
    histogram: Option<serde::de::IgnoredAny>,
}

fn build(request: &mut Request<'_>) -> Result<Summary, ImportError> {
    let config: Config = request.config("prometheus")?;
    let mut draft = Draft::default();
    for path in files::below(request.source, &["json"])? {
        parse(&path, files::open(&path)?, config.entity_label.as_deref(), &mut draft)?;
    }
    draft.settle();
    if draft.is_empty() {
        let problem = "expected series with values, found none: did the query match anything?";
        return Err(Flaw::file(request.source, problem).into());
    }
    store::single(request, config.name, config.interval, draft)
}

fn parse(
    path: &Path,
    mut bytes: impl Read,
    entity_label: Option<&str>,
    draft: &mut Draft,
) -> Result<(), Flaw> {
    let mut text = Vec::new();
    let failed = |e| Flaw::file(path, format!("cannot be read: {e}"));
    bytes.read_to_end(&mut text).map_err(failed)?;
    check(path, &text, draft)?;
    let results: Results = serde_json::from_slice(&text).map_err(|e| Flaw::json(path, &e))?;
    // Series that fell on one column for want of a label keep all of theirs.
    let mut seen = BTreeSet::new();
    for series in results.data.result {
        let lost = series.histograms.len() + usize::from(series.histogram.is_some());
        draft.tally.add("values of native histograms left out", lost as u64);
        let meta = column(path, &series.metric, entity_label, draft)?;
        let mut id = draft.column(meta.clone());
        if !seen.insert(id) {
            let labels = meta.labels.into_iter().chain(series.metric.clone()).collect();
            id = draft.column(SeriesMeta { labels, ..meta });
        }
        for (at, text) in series.values.iter().chain(&series.value) {
            let wrong = |found: &str, expected: &str| {
                let problem =
                    format!("series {}: expected {expected}, found {found}", show(&series));
                Flaw::file(path, problem)
            };
            let time = clock::from_secs_f64(*at)
                .ok_or_else(|| wrong(&at.to_string(), "seconds since 1970"))?;
            let cell = table::number(text)
                .ok_or_else(|| wrong(&format!("{text:?}"), "a number as text"))?;
            draft.cell(time, id, cell);
        }
    }
    Ok(())
}

/// Refuses all but a matrix or vector; a failed query is told in Prometheus' own words.
fn check(path: &Path, text: &[u8], draft: &mut Draft) -> Result<(), Flaw> {
    let answer: Answer = serde_json::from_slice(text).map_err(|e| Flaw::json(path, &e))?;
    for warning in &answer.warnings {
        draft.tally.say(format!("Prometheus warned: {warning}"));
    }
    if answer.status != "success" {
        let kind = answer.error_type.as_deref().unwrap_or("no error type");
        let error = answer.error.as_deref().unwrap_or("no error text");
        let status = &answer.status;
        let problem =
            format!("the query itself failed, status {status:?}: Prometheus says {kind}: {error}");
        return Err(Flaw::file(path, problem));
    }
    match answer.data.as_ref().map(|data| data.result_type.as_str()) {
        Some("matrix" | "vector") => Ok(()),
        Some(other) => {
            let problem = format!("expected resultType matrix or vector, found {other:?}");
            Err(Flaw::file(path, problem))
        }
        None => Err(Flaw::file(path, "expected a key \"data\", found none")),
    }
}

/// What a series is, from its labels.
fn column(
    path: &Path,
    labels: &BTreeMap<String, String>,
    entity_label: Option<&str>,
    draft: &mut Draft,
) -> Result<SeriesMeta, Flaw> {
    let mut rest = labels.clone();
    let metric = rest.remove(NAME).unwrap_or_else(|| files::stem(path));
    let known = ENTITY.iter().copied().find(|label| labels.contains_key(*label));
    let service = match (entity_label, known) {
        (Some(wanted), _) => Some(rest.remove(wanted).ok_or_else(|| {
            let near = did_you_mean(nearest(wanted, labels.keys().map(String::as_str)));
            let names: Vec<String> = labels.keys().cloned().collect();
            let found = table::listed(&names);
            let problem = format!("expected a label {wanted:?} on {metric:?}{near}, found {found}");
            Flaw::file(path, problem)
        })?),
        (None, Some(known)) => rest.remove(known),
        (None, None) => None,
    };
    let entity = match service.filter(|s| !s.is_empty()) {
        Some(name) => draft.service(&name),
        None => {
            draft.tally.count("series without a label that names a service");
            draft.service(&case_name(&[&files::stem(path)]))
        }
    };
    let replica = REPLICA.iter().find_map(|label| rest.remove(*label)).filter(|r| !r.is_empty());
    let entity = replica.map_or(entity, |name| draft.replica(entity, &name));
    let mut meta = SeriesMeta::gauge(entity, &metric, unit(&metric));
    if COUNTERS.iter().any(|suffix| metric.ends_with(suffix)) {
        meta.instrument = Instrument::Counter;
    }
    if let Some(q) = rest.get("quantile").and_then(|q| q.parse::<f64>().ok()) {
        meta.labels.insert("stat".to_owned(), format!("p{}", (q * 1e6).round() / 1e4));
    }
    meta.labels.extend(rest);
    Ok(meta)
}

/// The unit that a metric's suffix tells; empty if none.
fn unit(metric: &str) -> &'static str {
    let base = COUNTERS.iter().find_map(|suffix| metric.strip_suffix(suffix)).unwrap_or(metric);
    let counts = metric.ends_with("_count") || metric.ends_with("_bucket");
    let last = base.rsplit(['_', ':']).next().unwrap_or_default();
    let known = UNITS.iter().find(|(word, _)| *word == last && !counts);
    known.map_or("", |(_, unit)| unit)
}

fn show(series: &Series) -> String {
    let labels: Vec<String> = series.metric.iter().map(|(k, v)| format!("{k}={v:?}")).collect();
    format!("{{{}}}", labels.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::EntityKind;
    use proptest::prelude::*;

    const GOOD: &str = include_str!("../../tests/fixtures/import/prometheus/range.json");

    fn read(text: &str, label: Option<&str>) -> Result<Draft, Flaw> {
        let mut draft = Draft::default();
        parse(Path::new("query.json"), text.as_bytes(), label, &mut draft)?;
        draft.settle();
        Ok(draft)
    }

    #[test]
    fn labels_become_entities_replicas_and_counters() {
        let draft = read(GOOD, None).unwrap();
        let cart = draft.topology.find("cart").unwrap();
        let pod = draft.topology.get(draft.topology.find("cart-0").unwrap());
        assert_eq!((pod.kind, pod.parent), (EntityKind::Replica, Some(cart)));
        let metas: Vec<&SeriesMeta> = draft.series.iter().map(|(_, meta)| meta).collect();
        assert_eq!(metas[0].instrument, Instrument::Counter);
        assert_eq!((metas[1].unit.as_str(), metas[1].stat()), ("s", Some("p99")));
        assert_eq!(draft.step(), Some(SimDuration::from_secs(15)));
        assert_eq!(
            draft.tally.notes(),
            ["absent values (empty or NaN): 1", "infinite values left out: 1"]
        );
    }

    #[test]
    fn series_without_labels_are_named_after_the_file() {
        let text = r#"{"status":"success","data":{"resultType":"vector","result":[
            {"metric":{},"value":[1700000000.123,"1"]}]}}"#;
        let draft = read(text, None).unwrap();
        assert_eq!(draft.samples()[0].time.to_string(), "2023-11-14T22:13:20.123Z");
        assert!(draft.topology.find("query").is_ok());
    }

    #[test]
    fn series_that_differ_only_in_the_entity_label_stay_apart() {
        let text = r#"{"status":"success","data":{"resultType":"vector","result":[
            {"metric":{"service":"a"},"value":[1,"1"]},
            {"metric":{"job":"a"},"value":[1,"2"]}]}}"#;
        assert_eq!(read(text, None).unwrap().samples().len(), 2);
    }

    #[test]
    fn messages_say_what_was_found_and_expected() {
        for (text, label, expected) in [
            (
                r#"{"status":"error","errorType":"bad_data","error":"parse error: 1:5"}"#,
                None,
                "query.json: the query itself failed, status \"error\": Prometheus says \
                 bad_data: parse error: 1:5",
            ),
            (
                r#"{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}"#,
                None,
                "query.json: expected resultType matrix or vector, found \"scalar\"",
            ),
            (
                r#"{"status":"success","data":{"resultType":"matrix","result":[
                    {"metric":{"app":"a"},"values":[[1,"much"]]}]}}"#,
                None,
                "query.json: series {app=\"a\"}: expected a number as text, found \"much\"",
            ),
            (
                r#"{"status":"success","data":{"resultType":"matrix","result":[
                    {"metric":{"app":"a","__name__":"m"},"values":[[1,"1"]]}]}}"#,
                Some("ap"),
                "query.json: expected a label \"ap\" on \"m\", did you mean \"app\"?, \
                 found __name__, app",
            ),
            ("{", None, "query.json:1: EOF while parsing an object at line 1 column 1"),
        ] {
            assert_eq!(read(text, label).unwrap_err().to_string(), expected);
        }
    }

    proptest! {
        #[test]
        fn mutated_answers_are_read_or_refused(at in 0_usize..2000, byte in any::<u8>()) {
            let mut bytes = GOOD.as_bytes().to_vec();
            let at = at % bytes.len();
            bytes[at] = byte;
            let _ = parse(Path::new("x"), bytes.as_slice(), None, &mut Draft::default());
            let _ = parse(Path::new("x"), &bytes[at..], None, &mut Draft::default());
        }
    }
}
