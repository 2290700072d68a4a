//! What users saw, interval by interval, in a tenth of the room.
//!
//! In: single samples, and strides over which only the load differed from interval to interval.
//! Out: the samples: of a stride what is common is kept once, and each interval's share of its
//! requests (to seven digits). In files it is a plain list of samples.

use serde::de::Deserializer;
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::unit::{SimDuration, SimTime};

/// What users saw in one interval that ended at `time`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SliSample {
    /// End of the interval.
    pub time: SimTime,
    /// Requests in it.
    pub requests: f64,
    /// Failed ones among them.
    pub failed: f64,
    /// p99 latency in seconds; NaN-free: absent if there were no requests.
    pub latency_p99_s: Option<f64>,
}

/// All of it, in time order.
#[derive(Debug, Clone, Default)]
pub struct SliLog {
    strides: Vec<Stride>,
    /// Shares of the intervals of all strides of more than one.
    shares: Vec<f32>,
    len: usize,
}

/// Intervals in a row in which all but the load was the same. A week has tens of thousands.
#[derive(Debug, Clone, Copy)]
struct Stride {
    /// End of the first interval, and its length.
    time: SimTime,
    interval: SimDuration,
    /// Sums over the stride.
    requests: f64,
    failed: f64,
    /// NaN if there is none.
    latency_p99_s: f64,
    count: u32,
    first_share: u32,
}

impl Stride {
    fn of(saw: SliSample, interval: SimDuration, count: usize, first_share: usize) -> Self {
        let fits = |n: usize| u32::try_from(n).expect("a run has fewer than 2^32 intervals");
        let SliSample { time, requests, failed, latency_p99_s } = saw;
        let latency_p99_s = latency_p99_s.unwrap_or(f64::NAN);
        let (count, first_share) = (fits(count), fits(first_share));
        Self { time, interval, requests, failed, latency_p99_s, count, first_share }
    }
}

impl SliLog {
    /// Appends one interval.
    pub fn push(&mut self, sample: SliSample) {
        self.strides.push(Stride::of(sample, SimDuration::ZERO, 1, self.shares.len()));
        self.len += 1;
    }

    /// Appends the intervals of a stride, the first of which ends at `saw.time`: each has its
    /// share of what was seen in all of it. No shares: nothing.
    pub fn push_stride(&mut self, saw: SliSample, interval: SimDuration, shares: &[f64]) {
        match shares {
            [] => {}
            [1.0] => self.push(saw),
            _ => {
                self.strides.push(Stride::of(saw, interval, shares.len(), self.shares.len()));
                self.shares.extend(shares.iter().map(|share| *share as f32));
                self.len += shares.len();
            }
        }
    }

    /// The samples in time order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = SliSample> + Clone + '_ {
        self.strides.iter().flat_map(|stride| (0..stride.count).map(|at| self.sample(stride, at)))
    }

    /// How many samples there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether nobody saw anything.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The last sample.
    #[must_use]
    pub fn last(&self) -> Option<SliSample> {
        self.iter().next_back()
    }

    fn sample(&self, stride: &Stride, at: u32) -> SliSample {
        let alone = stride.count == 1 && stride.interval == SimDuration::ZERO;
        let share = || f64::from(self.shares[stride.first_share as usize + at as usize]);
        let share = if alone { 1.0 } else { share() };
        SliSample {
            time: stride.time + stride.interval * i64::from(at),
            requests: stride.requests * share,
            failed: stride.failed * share,
            latency_p99_s: Some(stride.latency_p99_s).filter(|p99| !p99.is_nan()),
        }
    }
}

impl PartialEq for SliLog {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other.iter())
    }
}

impl FromIterator<SliSample> for SliLog {
    fn from_iter<T: IntoIterator<Item = SliSample>>(samples: T) -> Self {
        let mut log = Self::default();
        samples.into_iter().for_each(|sample| log.push(sample));
        log
    }
}

impl Serialize for SliLog {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for SliLog {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<SliSample>::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: SimDuration = SimDuration::from_secs(1);

    fn sample(secs: i64, requests: f64) -> SliSample {
        let time = SimTime::from_secs(secs);
        SliSample { time, requests, failed: requests / 10.0, latency_p99_s: Some(0.2) }
    }

    #[test]
    fn strides_come_out_as_the_samples_that_they_stand_for() {
        let mut log = SliLog::default();
        log.push(sample(1, 7.0));
        log.push_stride(sample(2, 30.0), SECOND, &[0.2, 0.5, 0.3]);
        log.push_stride(sample(5, 4.0), SECOND, &[1.0]);
        log.push_stride(sample(6, 8.0), SECOND, &[0.25]);
        log.push_stride(sample(7, 8.0), SECOND, &[]);
        let plain: SliLog = [(1, 7.0), (2, 30.0 * 0.2), (3, 15.0), (4, 30.0 * 0.3), (5, 4.0)]
            .into_iter()
            .chain([(6, 2.0)])
            .map(|(secs, requests)| SliSample { failed: requests / 10.0, ..sample(secs, requests) })
            .collect();
        let close = |a: SliSample, b: SliSample| {
            a.time == b.time
                && (a.requests - b.requests).abs() < 1e-5
                && (a.failed - b.failed).abs() < 1e-6
        };
        assert!(log.iter().zip(plain.iter()).all(|(a, b)| close(a, b)), "{log:?}");
        assert_eq!((log.len(), log.last().map(|s| s.time)), (6, Some(SimTime::from_secs(6))));
        let times: Vec<i64> = log.iter().rev().map(|s| s.time.nanos() / 1_000_000_000).collect();
        assert_eq!(times, [6, 5, 4, 3, 2, 1]);
        assert_ne!(log, log.iter().take(5).collect());
    }

    #[test]
    fn a_file_has_the_plain_samples() {
        let mut log = SliLog::default();
        log.push_stride(sample(1, 30.0), SECOND, &[0.25, 0.75]);
        let plain: Vec<SliSample> = log.iter().collect();
        let text = serde_json::to_string(&log).unwrap();
        assert_eq!(text, serde_json::to_string(&plain).unwrap());
        assert_eq!(serde_json::from_str::<SliLog>(&text).unwrap(), log);
    }
}
