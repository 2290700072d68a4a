//! OTLP metrics -> samples.
//!
//! Gauges and running totals keep their values; amounts per interval (delta) become rates per
//! second. Histograms and summaries become `stat` mean, p50, p90, p99 and a rate, from what was
//! added since the point before, because totals since the start hide an incident.
//! Source: OpenTelemetry metrics data model (temporality, resets, gaps).
//! Known limit: the first point of a running histogram gives no value; there is none before it.

use std::collections::BTreeMap;

use super::total::{Distribution, Total};
use super::value::KeyValue;
use super::wire::{Metric, NumberPoint, Points, SummaryPoint};
use crate::import::draft::Draft;
use crate::model::SeriesMeta;
use crate::unit::{EntityId, SimTime};

/// The flag of a point that says: there is no value.
const NOT_RECORDED: i64 = 1;
const TEMPORALITIES: [&str; 3] = [
    "AGGREGATION_TEMPORALITY_UNSPECIFIED",
    "AGGREGATION_TEMPORALITY_DELTA",
    "AGGREGATION_TEMPORALITY_CUMULATIVE",
];
const DELTA: i64 = 1;

type Labels = BTreeMap<String, String>;
type Key = (EntityId, String, Labels);

/// Reads metrics; remembers the last point of every running total.
#[derive(Debug, Default)]
pub(super) struct Meter {
    totals: BTreeMap<Key, Total>,
}

/// Where samples of one metric go.
struct Target<'a> {
    draft: &'a mut Draft,
    entity: EntityId,
    name: &'a str,
    unit: &'a str,
}

impl Meter {
    /// Adds all points of one metric.
    pub(super) fn metric(&mut self, draft: &mut Draft, entity: EntityId, metric: &Metric) {
        let (name, unit) = (metric.name.0.as_str(), metric.unit.0.as_str());
        if name.is_empty() {
            return draft.tally.count("metrics without a name left out");
        }
        let mut to = Target { draft, entity, name, unit };
        if let Some(gauge) = &metric.gauge {
            gauge.each(|p| to.number(p, Value::Level));
        } else if let Some(sum) = &metric.sum {
            let value = match (sum.delta(), sum.is_monotonic.unwrap_or(false)) {
                (true, _) => Value::Amount,
                (false, true) => Value::Total,
                (false, false) => Value::Level,
            };
            sum.each(|p| to.number(p, value));
        } else if let Some(histogram) = &metric.histogram {
            histogram.each(|p| self.distribution(&mut to, p.into(), histogram.delta()));
        } else if let Some(histogram) = &metric.exponential_histogram {
            histogram.each(|p| self.distribution(&mut to, p.into(), histogram.delta()));
        } else if let Some(summary) = &metric.summary {
            summary.each(|p| {
                to.quantiles(p);
                self.distribution(&mut to, p.into(), false);
            });
        } else {
            to.draft.tally.count("metrics without points or of an unknown kind left out");
        }
    }

    fn distribution(&mut self, to: &mut Target<'_>, point: Distribution<'_>, delta: bool) {
        let Some(time) = to.time(point.total.time, point.flags) else { return };
        let labels = labels(point.attributes);
        let key = (to.entity, to.name.to_owned(), labels.clone());
        let grown = if delta { point.total.own() } else { self.since_last(to, key, point.total) };
        let Some((seconds, grown)) = grown else { return };
        to.put_rate(time, &labels, grown.count / seconds);
        if let (Some(sum), true) = (grown.sum, grown.count > 0.0) {
            to.put_stat(time, &labels, "mean", sum / grown.count);
        }
        for (stat, q) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)] {
            if let Some(value) = grown.histogram.as_ref().and_then(|h| h.quantile(q)) {
                to.draft
                    .tally
                    .say("quantiles of histograms are interpolated linearly within their bucket");
                to.put_stat(time, &labels, stat, value);
            }
        }
    }

    /// What `now` holds beyond the point before it, and over how many seconds.
    fn since_last(&mut self, to: &mut Target<'_>, key: Key, now: Total) -> Option<(f64, Total)> {
        let before = match self.totals.get(&key) {
            Some(before) if before.time >= now.time => {
                to.draft.tally.count("points of running histograms out of order left out");
                return None;
            }
            _ => self.totals.insert(key, now.clone())?,
        };
        let restarted = now.start != before.start || now.count < before.count;
        if restarted {
            to.draft.tally.count("restarts of running histograms");
            return now.own();
        }
        let seconds = now.time.saturating_sub(before.time) as f64 / 1e9;
        let grown = Total {
            count: now.count - before.count,
            sum: now.sum.zip(before.sum).map(|(now, before)| now - before),
            histogram: now.histogram.zip(before.histogram).and_then(|(a, b)| a.since(&b)),
            ..now
        };
        Some((seconds, grown))
    }
}

/// What a number means.
#[derive(Debug, Clone, Copy)]
enum Value {
    Level,
    Total,
    Amount,
}

impl Target<'_> {
    fn number(&mut self, point: &NumberPoint, value: Value) {
        let Some(time) = self.time(point.time_unix_nano.0, point.flags.0) else { return };
        let number = point.as_double.map(|d| d.0).or(point.as_int.map(|i| i.0 as f64));
        let Some(number) = number else {
            return self.draft.tally.count("points without a value left out");
        };
        let labels = labels(point.attributes.as_ref());
        match value {
            Value::Level => {
                let meta = SeriesMeta::gauge(self.entity, self.name, self.unit);
                self.put(time, meta, &labels, number);
            }
            Value::Total => {
                let meta = SeriesMeta::counter(self.entity, self.name, self.unit);
                self.put(time, meta, &labels, number);
            }
            Value::Amount => {
                let start = point.start_time_unix_nano.0;
                let seconds = time.nanos().saturating_sub(start) as f64 / 1e9;
                if start <= 0 || seconds <= 0.0 {
                    return self.draft.tally.count("delta points without a start time left out");
                }
                self.draft.tally.say("delta sums are kept as rates per second");
                self.put_rate(time, &labels, number / seconds);
            }
        }
    }

    fn quantiles(&mut self, point: &SummaryPoint) {
        let Some(time) = self.time(point.time_unix_nano.0, point.flags.0) else { return };
        let labels = labels(point.attributes.as_ref());
        for quantile in point.quantile_values.iter().flatten() {
            let (Some(q), Some(value)) = (quantile.quantile, quantile.value) else { continue };
            if (0.0..=1.0).contains(&q.0) {
                let stat = format!("p{}", (q.0 * 1e6).round() / 1e4);
                self.put_stat(time, &labels, &stat, value.0);
            }
        }
    }

    /// The instant of a point that has one and a value.
    fn time(&mut self, nanos: i64, flags: i64) -> Option<SimTime> {
        if flags & NOT_RECORDED != 0 {
            self.draft.tally.count("points flagged as not recorded");
            return None;
        }
        if nanos <= 0 {
            self.draft.tally.count("points without a time left out");
            return None;
        }
        Some(SimTime::from_nanos(nanos))
    }

    fn put(&mut self, time: SimTime, mut meta: SeriesMeta, labels: &Labels, value: f64) {
        meta.labels.extend(labels.clone());
        let series = self.draft.column(meta);
        self.draft.sample(time, series, value);
    }

    fn put_stat(&mut self, time: SimTime, labels: &Labels, stat: &str, value: f64) {
        let meta = SeriesMeta::gauge(self.entity, self.name, self.unit).label("stat", stat);
        self.put(time, meta, labels, value);
    }

    /// The rate beside a distribution or of a delta: `x.duration` -> `x.rate`.
    fn put_rate(&mut self, time: SimTime, labels: &Labels, value: f64) {
        let base = self.name.strip_suffix(".duration");
        let name = format!("{}.rate", base.unwrap_or(self.name));
        let unit = match (base, self.unit) {
            (Some(_), _) => "{request}/s".to_owned(),
            (None, "") => "1/s".to_owned(),
            (None, unit) => format!("{unit}/s"),
        };
        self.put(time, SeriesMeta::gauge(self.entity, &name, &unit), labels, value);
    }
}

impl<P> Points<P> {
    fn each(&self, visit: impl FnMut(&P)) {
        self.data_points.iter().flatten().for_each(visit);
    }

    fn delta(&self) -> bool {
        self.aggregation_temporality.number(&TEMPORALITIES) == Some(DELTA)
    }
}

fn labels(attributes: Option<&Vec<KeyValue>>) -> Labels {
    let pair = |a: &KeyValue| {
        (a.key.0.clone(), a.value.as_ref().map(super::value::AnyValue::render).unwrap_or_default())
    };
    attributes.into_iter().flatten().map(pair).collect()
}
