//! OTLP as JSON: the parts of the three export requests that an import needs.
//!
//! The protobuf JSON mapping: lowerCamelCase keys, `null` for a default, unknown keys ignored.
//! Source: OpenTelemetry protocol 1.x, section "JSON Protobuf Encoding".
//! Known limit: exemplars, links and instrumentation scopes are not kept.

use serde::Deserialize;

use super::value::{AnyValue, Double, Enum, Int, KeyValue, Text};

/// One line of the file exporter: any of the three requests.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Export {
    pub(super) resource_metrics: Option<Vec<ResourceMetrics>>,
    pub(super) resource_logs: Option<Vec<ResourceLogs>>,
    pub(super) resource_spans: Option<Vec<ResourceSpans>>,
}

/// Metrics of one resource.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ResourceMetrics {
    pub(super) resource: Option<Resource>,
    pub(super) scope_metrics: Option<Vec<ScopeMetrics>>,
}

/// Logs of one resource.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ResourceLogs {
    pub(super) resource: Option<Resource>,
    pub(super) scope_logs: Option<Vec<ScopeLogs>>,
}

/// Spans of one resource.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ResourceSpans {
    pub(super) resource: Option<Resource>,
    pub(super) scope_spans: Option<Vec<ScopeSpans>>,
}

/// Who speaks.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Resource {
    pub(super) attributes: Option<Vec<KeyValue>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ScopeMetrics {
    pub(super) metrics: Option<Vec<Metric>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ScopeLogs {
    pub(super) log_records: Option<Vec<Log>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ScopeSpans {
    pub(super) spans: Option<Vec<WireSpan>>,
}

/// One metric: at most one of the five kinds is there.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Metric {
    pub(super) name: Text,
    pub(super) unit: Text,
    pub(super) gauge: Option<Points<NumberPoint>>,
    pub(super) sum: Option<Points<NumberPoint>>,
    pub(super) histogram: Option<Points<HistogramPoint>>,
    pub(super) exponential_histogram: Option<Points<ExponentialPoint>>,
    pub(super) summary: Option<Points<SummaryPoint>>,
}

/// The points of one metric, with how they add up.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Points<P> {
    #[serde(default = "Option::default")]
    pub(super) data_points: Option<Vec<P>>,
    #[serde(default)]
    pub(super) aggregation_temporality: Enum,
    #[serde(default)]
    pub(super) is_monotonic: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct NumberPoint {
    pub(super) attributes: Option<Vec<KeyValue>>,
    pub(super) start_time_unix_nano: Int,
    pub(super) time_unix_nano: Int,
    pub(super) as_double: Option<Double>,
    pub(super) as_int: Option<Int>,
    pub(super) flags: Int,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct HistogramPoint {
    pub(super) attributes: Option<Vec<KeyValue>>,
    pub(super) start_time_unix_nano: Int,
    pub(super) time_unix_nano: Int,
    pub(super) count: Int,
    pub(super) sum: Option<Double>,
    pub(super) bucket_counts: Option<Vec<Int>>,
    pub(super) explicit_bounds: Option<Vec<Double>>,
    pub(super) flags: Int,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ExponentialPoint {
    pub(super) attributes: Option<Vec<KeyValue>>,
    pub(super) start_time_unix_nano: Int,
    pub(super) time_unix_nano: Int,
    pub(super) count: Int,
    pub(super) sum: Option<Double>,
    pub(super) scale: Int,
    pub(super) zero_count: Int,
    pub(super) zero_threshold: Option<Double>,
    pub(super) positive: Option<Buckets>,
    pub(super) negative: Option<Buckets>,
    pub(super) flags: Int,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Buckets {
    pub(super) offset: Int,
    pub(super) bucket_counts: Option<Vec<Int>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct SummaryPoint {
    pub(super) attributes: Option<Vec<KeyValue>>,
    pub(super) start_time_unix_nano: Int,
    pub(super) time_unix_nano: Int,
    pub(super) count: Int,
    pub(super) sum: Option<Double>,
    pub(super) quantile_values: Option<Vec<Quantile>>,
    pub(super) flags: Int,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Quantile {
    pub(super) quantile: Option<Double>,
    pub(super) value: Option<Double>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Log {
    pub(super) time_unix_nano: Int,
    pub(super) observed_time_unix_nano: Int,
    pub(super) severity_number: Enum,
    pub(super) severity_text: Text,
    pub(super) body: Option<AnyValue>,
    pub(super) attributes: Option<Vec<KeyValue>>,
    pub(super) trace_id: Text,
    pub(super) span_id: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct WireSpan {
    pub(super) trace_id: Text,
    pub(super) span_id: Text,
    pub(super) parent_span_id: Text,
    pub(super) name: Text,
    pub(super) kind: Enum,
    pub(super) start_time_unix_nano: Int,
    pub(super) end_time_unix_nano: Int,
    pub(super) status: Option<Status>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Status {
    pub(super) code: Enum,
}
