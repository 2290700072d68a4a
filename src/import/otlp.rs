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
mod wire;

use std::io::{BufRead, Read};
use std::path::Path;

use schemars::JsonSchema;
use serde::Deserialize;

use self::metrics::Meter;
use self::wire::{Export, Resource, attribute};
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
const REPLICA: [&str; 3] = ["k8s.pod.name", "service.instance.id", "container.id"];
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
    use proptest::prelude::*;

    fn read(text: &[u8]) -> Result<Draft, Flaw> {
        let mut reader = Reader::default();
        reader.file(Path::new("otel.jsonl"), text)?;
        Ok(reader.finish())
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
        }
    }
}
