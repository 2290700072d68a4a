//! Points of histograms and summaries in one shape: count, sum and buckets over some time.
//!
//! In: a point of any of the three kinds. Out: a `Total`, from its start to its time, in
//! nanoseconds. Source: OpenTelemetry metrics data model.
//! Known limit: least and largest values of a point are not kept.

use super::histogram::Histogram;
use super::value::{Double, Int, KeyValue};
use super::wire::{ExponentialPoint, HistogramPoint, SummaryPoint};

/// What a histogram or summary holds, since its start or over some time.
#[derive(Debug, Clone)]
pub(super) struct Total {
    pub(super) start: i64,
    pub(super) time: i64,
    pub(super) count: f64,
    pub(super) sum: Option<f64>,
    pub(super) histogram: Option<Histogram>,
}

impl Total {
    /// Itself, over the time since its start; `None` if it does not say when it started.
    pub(super) fn own(self) -> Option<(f64, Self)> {
        let seconds = self.time.saturating_sub(self.start) as f64 / 1e9;
        (self.start > 0 && seconds > 0.0).then_some((seconds, self))
    }
}

/// A histogram's or summary's point, whatever its kind.
pub(super) struct Distribution<'a> {
    pub(super) attributes: Option<&'a Vec<KeyValue>>,
    pub(super) flags: i64,
    pub(super) total: Total,
}

fn total(start: Int, time: Int, count: Int, sum: Option<Double>) -> Total {
    let sum = sum.map(|s| s.0).filter(|s| s.is_finite());
    Total { start: start.0, time: time.0, count: count.0 as f64, sum, histogram: None }
}

impl<'a> From<&'a HistogramPoint> for Distribution<'a> {
    fn from(p: &'a HistogramPoint) -> Self {
        let histogram = Histogram::explicit(p);
        let total = total(p.start_time_unix_nano, p.time_unix_nano, p.count, p.sum);
        let total = Total { histogram, ..total };
        Self { attributes: p.attributes.as_ref(), flags: p.flags.0, total }
    }
}

impl<'a> From<&'a ExponentialPoint> for Distribution<'a> {
    fn from(p: &'a ExponentialPoint) -> Self {
        let histogram = Histogram::exponential(p);
        let total = total(p.start_time_unix_nano, p.time_unix_nano, p.count, p.sum);
        let total = Total { histogram, ..total };
        Self { attributes: p.attributes.as_ref(), flags: p.flags.0, total }
    }
}

impl<'a> From<&'a SummaryPoint> for Distribution<'a> {
    fn from(p: &'a SummaryPoint) -> Self {
        let total = total(p.start_time_unix_nano, p.time_unix_nano, p.count, p.sum);
        Self { attributes: p.attributes.as_ref(), flags: p.flags.0, total }
    }
}
