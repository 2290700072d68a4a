//! OpenTelemetry: JSON lines as the Collector's file exporter writes them.
//!
//! In: a file, or a folder of `*.json`, `*.jsonl` (plain or gzip); each line one export request
//! for metrics, logs or traces. Out: one case; the service is `service.name` (or the Kubernetes
//! workload), a replica is `k8s.pod.name` or `service.instance.id`; calls follow from spans whose
//! parent is a span of another service. Source: OpenTelemetry protocol 1.x; file exporter of the
//! Collector, `format: json`. Known limit: a recording has no truth, so nothing is scored.

mod histogram;
mod metrics;
mod signals;
mod total;
mod value;
mod wire;

use std::io::{BufRead, Read};
use std::path::Path;

use schemars::JsonSchema;
use serde::Deserialize;

use self::metrics::Meter;
use self::value::attribute;
use self::wire::{Export, Resource};
use super::draft::Draft;
use super::flaw::Flaw;
use super::{Build, ImportError, Request, Summary, files, store};
use crate::catalog::{Entry, schema_of};
use crate::model::EntityKind;
use crate::unit::{EntityId, SimDuration};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "otlp",
    summary: "OpenTelemetry metrics, logs and traces: JSON lines of the Collector's file exporter",
    help: "Reads a file, or all *.json, *.jsonl and *.ndjson below a folder (gzip too), into one \
           case. Histograms become mean, p50, p90 and p99 (interpolated linearly within their \
           bucket) and a rate, from what was added since the point before. Delta sums become \
           rates. Calls follow from spans whose parent is a span of another service. There is no \
           truth in such a recording: nothing is scored.",
    source: "OpenTelemetry protocol 1.x (JSON encoding); Collector file exporter, format: json",
    example: "{ interval: 10s }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters of `otlp`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Name of the dataset; absent: the source's name.
    name: Option<String>,
    /// Scrape interval, e.g. `10s`; absent: the median step of the series.
    interval: Option<SimDuration>,
}

fn build(request: &mut Request<'_>) -> Result<Summary, ImportError> {
    let config: Config = request.config("otlp")?;
    let mut reader = Reader::default();
    for path in files::below(request.source, &["json", "jsonl", "ndjson"])? {
        reader.file(&path, files::open(&path)?)?;
    }
    let draft = reader.finish();
    if draft.is_empty() {
        let problem = "expected metrics, logs or traces, found none";
        return Err(Flaw::file(request.source, problem).into());
    }
    store::single(request, config.name, config.interval, draft)
}

/// Where a service's name stands, the first that is there.
const SERVICE: [&str; 4] =
    ["service.name", "k8s.deployment.name", "k8s.statefulset.name", "k8s.daemonset.name"];
const REPLICA: [&str; 4] = ["k8s.pod.name", "service.instance.id", "container.id", "host.name"];
const NODE: [&str; 2] = ["k8s.node.name", "host.name"];
/// What the OpenTelemetry SDKs call a service that was given no name.
const NAMELESS: &str = "unknown_service";

/// Reads requests into a case; lines may come from several files.
#[derive(Debug, Default)]
struct Reader {
    draft: Draft,
    meter: Meter,
}

impl Reader {
    fn file(&mut self, path: &Path, mut bytes: impl BufRead) -> Result<(), Flaw> {
        let (mut text, mut line, mut requests) = (String::new(), 0, 0_u64);
        loop {
            text.clear();
            line += 1;
            match bytes.read_line(&mut text) {
                Ok(0) => return Ok(()),
                Ok(_) if text.trim().is_empty() => continue,
                Ok(_) => {}
                Err(e) => return Err(Flaw::line(path, line, format!("cannot be read: {e}"))),
            }
            match serde_json::from_str::<Export>(&text) {
                Ok(request) => self.request(&request).map_err(|p| Flaw::line(path, line, p))?,
                Err(e) if e.is_eof() && !text.ends_with('\n') && requests > 0 => {
                    self.draft.tally.count("last lines cut off, left out");
                    return Ok(());
                }
                Err(e) if e.is_eof() && requests == 0 => {
                    return self.whole(path, text, bytes);
                }
                Err(e) => return Err(no_request(path, line, &e)),
            }
            requests += 1;
        }
    }

    /// One document over many lines.
    fn whole(&mut self, path: &Path, mut text: String, mut rest: impl Read) -> Result<(), Flaw> {
        let failed = |e| Flaw::file(path, format!("cannot be read: {e}"));
        rest.read_to_string(&mut text).map_err(failed)?;
        let request: Export = serde_json::from_str(&text)
            .map_err(|e| no_request(path, u64::try_from(e.line()).unwrap_or(1), &e))?;
        self.request(&request).map_err(|problem| Flaw::file(path, problem))
    }

    fn request(&mut self, request: &Export) -> Result<(), String> {
        let Self { draft, meter } = self;
        for group in request.resource_metrics.iter().flatten() {
            let entity = entity(draft, group.resource.as_ref());
            let scopes = group.scope_metrics.iter().flatten();
            for metric in scopes.flat_map(|s| s.metrics.iter().flatten()) {
                meter.metric(draft, entity, metric);
            }
        }
        for group in request.resource_logs.iter().flatten() {
            let entity = entity(draft, group.resource.as_ref());
            let scopes = group.scope_logs.iter().flatten();
            for log in scopes.flat_map(|s| s.log_records.iter().flatten()) {
                signals::log(draft, entity, log)?;
            }
        }
        for group in request.resource_spans.iter().flatten() {
            let entity = entity(draft, group.resource.as_ref());
            let scopes = group.scope_spans.iter().flatten();
            for span in scopes.flat_map(|s| s.spans.iter().flatten()) {
                signals::span(draft, entity, span)?;
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Draft {
        self.draft.calls_from_spans();
        self.draft.settle();
        self.draft
    }
}

fn no_request(path: &Path, line: u64, error: &serde_json::Error) -> Flaw {
    let problem =
        format!("expected an OTLP export request as JSON, as of `format: json`; found {error}");
    Flaw::line(path, line, problem)
}

/// The replica, service or node that a resource is.
fn entity(draft: &mut Draft, resource: Option<&Resource>) -> EntityId {
    let attributes = resource.and_then(|r| r.attributes.as_ref());
    let first = |keys: &[&str]| keys.iter().find_map(|key| attribute(attributes, key));
    let Some(service) = first(&SERVICE) else {
        return match first(&NODE) {
            Some(node) => draft.entity(&node, EntityKind::Node),
            None => draft.service(NAMELESS),
        };
    };
    let service = draft.service(&service);
    match first(&REPLICA) {
        Some(replica) => draft.replica(service, &replica),
        None => service,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Instrument, SpanKind, SpanStatus};
    use proptest::prelude::*;

    fn read(text: &[u8]) -> Result<Draft, Flaw> {
        let mut reader = Reader::default();
        reader.file(Path::new("otel.jsonl"), text)?;
        Ok(reader.finish())
    }

    const LINES: &str = include_str!("../../tests/fixtures/import/otlp/export.jsonl");

    /// `metric[stat] unit = value` of every sample.
    fn samples(draft: &Draft) -> Vec<String> {
        let show = |s: &crate::timeline::Sample| {
            let meta = draft.series.get(s.series);
            let stat = meta.stat().map(|stat| format!("[{stat}]")).unwrap_or_default();
            format!("{}{stat} {} = {:.3}", meta.metric, meta.unit, s.value)
        };
        draft.samples().iter().map(show).collect()
    }

    #[test]
    fn metrics_are_kept_or_become_rates_and_quantiles() {
        let draft = read(LINES.as_bytes()).unwrap();
        assert_eq!(
            samples(&draft),
            [
                "process.memory.usage By = 150000000.000",
                "requests.rate {request}/s = 4.000",
                "cpu.time s = 12.500",
                "process.memory.usage By = 151000000.000",
                "http.server.request.rate {request}/s = 2.000",
                "http.server.request.duration[mean] s = 0.150",
                "http.server.request.duration[p50] s = 0.150",
                "http.server.request.duration[p90] s = 0.190",
                "http.server.request.duration[p99] s = 0.199",
                "gc.pause[p99] ms = 5.000",
            ]
        );
        let counter = draft.series.iter().find(|(_, m)| m.metric == "cpu.time").unwrap().1;
        assert_eq!(counter.instrument, Instrument::Counter);
        let pod = draft.topology.get(counter.entity);
        assert_eq!((pod.name.as_str(), pod.kind), ("cart-0", EntityKind::Replica));
        assert!(draft.tally.notes().contains(&"points flagged as not recorded: 1".to_owned()));
    }

    #[test]
    fn logs_spans_and_calls_are_kept() {
        let draft = read(LINES.as_bytes()).unwrap();
        let severities: Vec<u8> = draft.logs.iter().map(|log| log.severity).collect();
        assert_eq!(severities, [17, 13]);
        assert_eq!(draft.logs[1].body, r#"{"left":3}"#);
        assert_eq!(draft.logs[0].span_id, 0xeee1_9b7e_c3c1_b174);
        assert_eq!(draft.spans[0].kind, SpanKind::Server);
        assert_eq!(draft.spans[1].status, SpanStatus::Error);
        let (web, cart) =
            (draft.topology.find("web").unwrap(), draft.topology.find("cart").unwrap());
        assert_eq!(draft.topology.callees(web).collect::<Vec<_>>(), [cart]);
    }

    #[test]
    fn a_last_line_that_is_cut_off_is_counted_and_one_in_the_middle_is_refused() {
        let cut = &LINES.as_bytes()[..LINES.len() - 40];
        let draft = read(cut).unwrap();
        assert!(draft.tally.notes().contains(&"last lines cut off, left out: 1".to_owned()));
        let broken = "{}\n{\"resourceLogs\":[\n{}\n";
        let error = read(broken.as_bytes()).unwrap_err();
        assert_eq!(error.line, Some(2), "{error}");
    }

    #[test]
    fn a_document_over_many_lines_and_unknown_keys_are_read() {
        let value: serde_json::Value = serde_json::from_str(LINES.lines().nth(2).unwrap()).unwrap();
        let mut pretty = serde_json::to_string_pretty(&value).unwrap();
        pretty.insert_str(1, "\"newKey\": 1,");
        assert_eq!(read(pretty.as_bytes()).unwrap().logs.len(), 2);
    }

    #[test]
    fn messages_say_where_and_what() {
        for (text, expected) in [
            (
                "not json\n",
                "otel.jsonl:1: expected an OTLP export request as JSON, as of `format: json`; \
                 found expected ident at line 1 column 2",
            ),
            (
                "{}\n{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"timeUnixNano\":1,\
                 \"spanId\":\"7\"}]}]}]}\n",
                "otel.jsonl:2: expected an id of 16 hex digits, found \"7\"",
            ),
        ] {
            assert_eq!(read(text.as_bytes()).unwrap_err().to_string(), expected);
        }
    }

    proptest! {
        #[test]
        fn mutated_lines_are_read_or_refused(at in any::<usize>(), byte in any::<u8>()) {
            let mut bytes = LINES.as_bytes().to_vec();
            let at = at % bytes.len();
            bytes[at] = byte;
            let _ = read(&bytes);
            let _ = read(&bytes[at..]);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
        }
    }
}
