//! Metrics as dense columns: one `SeriesMeta` per column, one `Frame` per scrape.
//!
//! A frame holds one `f64` per series, indexed by `SeriesId`; NaN says "no sample", never 0.
//! Catalogs only grow: an id once given keeps its meaning for the whole trial.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::role::{Direction, Role};
use crate::unit::{EntityId, SeriesId, SimTime};

/// Names of the metrics that windtunnel itself emits and that importers map to, after
/// OpenTelemetry semantic conventions (rates and ratios are our derivation of its histograms).
pub mod names {
    /// Requests per second served by an entity, unit `{request}/s`.
    pub const REQUEST_RATE: &str = "http.server.request.rate";
    /// Failed requests / all requests, unit `1`.
    pub const ERROR_RATIO: &str = "http.server.request.error_ratio";
    /// Request duration in seconds; label `stat` says mean, p50, p90, p95 or p99.
    pub const DURATION: &str = "http.server.request.duration";
    /// Label of series that tell of one operation of an entity only.
    pub const ROUTE: &str = "http.route";
    /// Good requests / all requests, unit `1`.
    pub const AVAILABILITY: &str = "http.server.request.availability";
    /// CPU in use / limit, unit `1`.
    pub const CPU_UTILIZATION: &str = "container.cpu.limit_utilization";
    /// Memory in use in bytes, unit `By`.
    pub const MEMORY_WORKING_SET: &str = "container.memory.working_set";
    /// Memory in use / limit, unit `1`.
    pub const MEMORY_UTILIZATION: &str = "container.memory.limit_utilization";
    /// Time in garbage collection / time, unit `1`.
    pub const GC_SHARE: &str = "process.runtime.gc.time_share";
    /// Requests being served or waiting, unit `{request}`.
    pub const QUEUE_LENGTH: &str = "http.server.queue.length";
    /// Restarts so far (counter), unit `{restart}`.
    pub const RESTARTS: &str = "k8s.container.restart.count";
    /// Replicas wanted, unit `{pod}`.
    pub const DESIRED_PODS: &str = "k8s.deployment.desired_pods";
    /// Replicas ready, unit `{pod}`.
    pub const AVAILABLE_PODS: &str = "k8s.deployment.available_pods";
    /// Seconds until the certificate expires, unit `s`.
    pub const CERTIFICATE_TIME_LEFT: &str = "tls.certificate.time_left";
    /// Live configuration keys that differ from the desired ones, unit `{key}`.
    pub const CONFIG_DRIFT: &str = "k8s.configmap.drift";
    /// Failed or slow calls of one caller to one callee: label `callee`; error share, unit `1`.
    pub const CLIENT_ERROR_RATIO: &str = "http.client.request.error_ratio";
    /// Connections in use / connections of the caller's pool: label `callee`; unit `1`.
    pub const POOL_UTILIZATION: &str = "db.client.connections.utilization";
    /// Connections held by callers / connections accepted, unit `1`.
    pub const CONNECTIONS_UTILIZATION: &str = "db.server.connections.utilization";
    /// Messages that wait for a consumer: label `producer`; unit `{message}`.
    pub const CONSUMER_LAG: &str = "messaging.consumer.lag";
    /// Look-ups that hit / all look-ups, unit `1`.
    pub const CACHE_HIT_RATIO: &str = "cache.hit_ratio";
    /// Workers in use or hung / workers, mean over replicas, unit `1`.
    pub const THREADS_UTILIZATION: &str = "process.threads.utilization";
    /// Files and sockets open / allowed, highest of the replicas, unit `1`.
    pub const FILES_UTILIZATION: &str = "process.open_file_descriptors.utilization";
    /// Disk in use / its size, unit `1`.
    pub const VOLUME_UTILIZATION: &str = "k8s.volume.utilization";
    /// Seconds until the lease of its credentials ends, unit `s`.
    pub const LEASE_TIME_LEFT: &str = "secret.lease.time_left";
    /// 1 if a feature flag is on: label `flag`; unit `1`.
    pub const FLAG_ENABLED: &str = "feature_flag.enabled";
    /// Processors of a node in use / there, unit `1`.
    pub const NODE_CPU: &str = "k8s.node.cpu.utilization";
    /// Memory of a node in use / there, unit `1`.
    pub const NODE_MEMORY: &str = "k8s.node.memory.utilization";
    /// Disk of a node in use / there, unit `1`.
    pub const NODE_DISK: &str = "k8s.node.filesystem.utilization";
    /// 1 if a node is ready, 0 if not, unit `1`.
    pub const NODE_READY: &str = "k8s.node.condition_ready";
    /// Duration of calls of one caller to one callee: labels `callee`, `stat`; seconds.
    pub const CLIENT_DURATION: &str = "http.client.request.duration";
}

/// Seconds in one of a unit of time; absent for what is no such unit.
#[must_use]
pub fn seconds_in(unit: &str) -> Option<f64> {
    match unit {
        "s" => Some(1.0),
        "ms" => Some(1e-3),
        "min" | "m" => Some(60.0),
        "h" => Some(3600.0),
        "d" => Some(86_400.0),
        _ => None,
    }
}

/// How a metric's numbers behave.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Instrument {
    /// A value that goes up and down.
    Gauge,
    /// A running total that only resets to zero.
    Counter,
}

/// What one column of the frames is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeriesMeta {
    /// The service, replica, node ... that it measures.
    pub entity: EntityId,
    /// Metric name.
    pub metric: String,
    /// Unit, UCUM as in OpenTelemetry (`s`, `By`, `1`, `{request}/s`); empty if unknown.
    pub unit: String,
    /// Gauge or counter.
    pub instrument: Instrument,
    /// What it tells, inferred from name and unit.
    pub role: Role,
    /// Further dimensions, e.g. `stat: p99`, `callee: cart`.
    pub labels: BTreeMap<String, String>,
}

/// All columns of a timeline. Grows only.
#[derive(Debug, Clone, Default)]
pub struct SeriesCatalog {
    series: Vec<SeriesMeta>,
    index: BTreeMap<SeriesKey, SeriesId>,
}

type SeriesKey = (EntityId, String, Vec<(String, String)>);

/// Why a series was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("duplicate series: entity {entity}, metric {metric:?}, labels {labels:?}")]
pub struct SeriesError {
    /// Its entity.
    pub entity: EntityId,
    /// Its metric.
    pub metric: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
}

/// One scrape: a value per series, NaN where there is none.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Frame {
    /// When the values were true (not when they arrived).
    pub time: SimTime,
    /// Indexed by `SeriesId`; may be shorter than the catalog, the rest is absent.
    pub values: Vec<f64>,
}

impl SeriesMeta {
    /// A gauge whose role follows from its name and unit.
    #[must_use]
    pub fn gauge(entity: EntityId, metric: &str, unit: &str) -> Self {
        Self {
            entity,
            metric: metric.to_owned(),
            unit: unit.to_owned(),
            instrument: Instrument::Gauge,
            role: Role::infer(metric, unit),
            labels: BTreeMap::new(),
        }
    }

    /// The same as a counter.
    #[must_use]
    pub fn counter(entity: EntityId, metric: &str, unit: &str) -> Self {
        Self { instrument: Instrument::Counter, ..Self::gauge(entity, metric, unit) }
    }

    /// The same with one more label.
    #[must_use]
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.labels.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Whether it tells how somebody else sees the entity, or it somebody else.
    #[must_use]
    pub fn is_view(&self) -> bool {
        ["callee", "caller"].iter().any(|label| self.labels.contains_key(*label))
    }

    /// The operation whose requests alone it tells of.
    #[must_use]
    pub fn route(&self) -> Option<&str> {
        self.labels.get(names::ROUTE).map(String::as_str)
    }

    /// The statistic (`mean`, `p99` ...) if labelled.
    #[must_use]
    pub fn stat(&self) -> Option<&str> {
        self.labels.get("stat").map(String::as_str)
    }

    /// Which way is bad.
    #[must_use]
    pub fn direction(&self) -> Direction {
        self.role.direction()
    }
}

impl SeriesCatalog {
    /// Adds a column.
    ///
    /// # Errors
    /// If the same entity, metric and labels are there already.
    pub fn add(&mut self, meta: SeriesMeta) -> Result<SeriesId, SeriesError> {
        let labels = meta.labels.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        let key = (meta.entity, meta.metric.clone(), labels);
        if self.index.contains_key(&key) {
            let SeriesMeta { entity, metric, labels, .. } = meta;
            return Err(SeriesError { entity, metric, labels });
        }
        let id = SeriesId(u32::try_from(self.series.len()).expect("fewer than 2^32 series"));
        self.index.insert(key, id);
        self.series.push(meta);
        Ok(id)
    }

    /// Number of columns.
    #[must_use]
    pub fn len(&self) -> usize {
        self.series.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.series.is_empty()
    }

    /// What a column is. Panics on an id of another catalog.
    #[must_use]
    pub fn get(&self, id: SeriesId) -> &SeriesMeta {
        &self.series[id.index()]
    }

    /// All columns in id order.
    pub fn iter(&self) -> SeriesIter<'_> {
        SeriesIter(self.series.iter().enumerate())
    }
}

/// Columns in id order; to skip those that are known costs nothing.
#[derive(Debug, Clone)]
pub struct SeriesIter<'a>(std::iter::Enumerate<std::slice::Iter<'a, SeriesMeta>>);

impl<'a> Iterator for SeriesIter<'a> {
    type Item = (SeriesId, &'a SeriesMeta);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(i, meta)| (SeriesId(i as u32), meta))
    }

    // Of a `map` it would ask for each one that is passed over.
    fn nth(&mut self, n: usize) -> Option<Self::Item> {
        self.0.nth(n).map(|(i, meta)| (SeriesId(i as u32), meta))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl Frame {
    /// The value of a series, if there is one.
    #[must_use]
    pub fn get(&self, id: SeriesId) -> Option<f64> {
        self.values.get(id.index()).copied().filter(|v| !v.is_nan())
    }

    /// Makes room for `len` values, all of which will be written.
    pub fn renew(&mut self, time: SimTime, len: usize) {
        self.time = time;
        self.values.resize(len, f64::NAN);
    }

    /// Empties the frame and makes room for `len` absent values.
    pub fn reset(&mut self, time: SimTime, len: usize) {
        self.time = time;
        self.values.clear();
        self.values.resize(len, f64::NAN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_series_twice_is_refused() {
        let mut catalog = SeriesCatalog::default();
        let meta = SeriesMeta::gauge(EntityId(0), names::DURATION, "s").label("stat", "p99");
        assert_eq!(catalog.add(meta.clone()), Ok(SeriesId(0)));
        assert!(catalog.add(meta.clone()).is_err());
        assert_eq!(catalog.add(meta.label("callee", "cart")), Ok(SeriesId(1)));
    }

    #[test]
    fn absent_is_absent() {
        let mut frame = Frame::default();
        frame.reset(SimTime::default(), 2);
        frame.values[1] = 0.0;
        assert_eq!((frame.get(SeriesId(0)), frame.get(SeriesId(1))), (None, Some(0.0)));
        assert_eq!(frame.get(SeriesId(7)), None);
    }
}
