//! A bounded copy of the metrics for plots.
//!
//! In: frames. Out: for each symptom, resource, traffic, restart and replica series at most
//! `MOST_POINTS` points. When the buffer is full, neighbours are joined and the stride doubles: a
//! point keeps the last value and the worst one of its stretch, so that short peaks stay visible.
//! Absent values leave no point. Limit: at most `MOST_TRACKS` series, the first in id order.

use serde::{Deserialize, Serialize};

use crate::model::{Direction, Frame, Role, SeriesCatalog, SeriesMeta, Topology};
use crate::unit::{Name, SeriesId, SimTime};

const MOST_POINTS: usize = 720;
const MOST_TRACKS: usize = 4000;

/// All tracks of a trial.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Tracks {
    /// In series order.
    pub tracks: Vec<Track>,
}

/// One series, downsampled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Track {
    /// The service, replica or node measured.
    pub entity: Name,
    /// What it is; its `entity` id is of the trial's topology.
    pub series: SeriesMeta,
    /// In time order.
    pub points: Vec<Point>,
}

/// One stretch of a series.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Its last instant.
    pub time: SimTime,
    /// The last value in it.
    pub last: f64,
    /// The worst value in it: the highest, or the lowest where lower is worse.
    pub worst: f64,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    last: f64,
    worst: f64,
}

/// Collects frames.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    known: usize,
    ids: Vec<SeriesId>,
    falls: Vec<bool>,
    /// A row per stretch, as long as there were series then: a frame is written along memory.
    rows: Vec<Vec<Bucket>>,
    times: Vec<SimTime>,
    stride: usize,
    in_last: usize,
}

const ABSENT: Bucket = Bucket { last: f64::NAN, worst: f64::NAN };

impl Recorder {
    /// Takes a frame in.
    pub(super) fn push(&mut self, frame: &Frame, series: &SeriesCatalog) {
        self.grow(series);
        self.stride = self.stride.max(1);
        if self.times.is_empty() || self.in_last == self.stride {
            if self.times.len() == MOST_POINTS {
                self.halve();
            }
            self.times.push(frame.time);
            self.rows.push(Vec::with_capacity(self.ids.len()));
            self.in_last = 0;
        }
        self.in_last += 1;
        if let Some(time) = self.times.last_mut() {
            *time = (*time).max(frame.time);
        }
        let Some(row) = self.rows.last_mut() else { return };
        row.resize(self.ids.len(), ABSENT);
        for ((bucket, id), falls) in row.iter_mut().zip(&self.ids).zip(&self.falls) {
            if let Some(value) = frame.get(*id) {
                *bucket = join(*bucket, Bucket { last: value, worst: value }, *falls);
            }
        }
    }

    /// The tracks so far; series without any value are left out.
    pub(super) fn finish(self, series: &SeriesCatalog, topology: &Topology) -> Tracks {
        let track = |(place, id): (usize, SeriesId)| {
            let meta = series.get(id).clone();
            let column = self.rows.iter().map(|row| row.get(place).copied().unwrap_or(ABSENT));
            let filled = self.times.iter().zip(column).filter(|(_, b)| !b.last.is_nan());
            let points: Vec<Point> = filled
                .map(|(time, b)| Point { time: *time, last: b.last, worst: b.worst })
                .collect();
            let entity = topology.name(meta.entity).clone();
            (!points.is_empty()).then_some(Track { entity, series: meta, points })
        };
        Tracks { tracks: self.ids.iter().copied().enumerate().filter_map(track).collect() }
    }

    fn grow(&mut self, series: &SeriesCatalog) {
        for (id, meta) in series.iter().skip(self.known) {
            self.known += 1;
            if self.ids.len() < MOST_TRACKS && shown(meta.role) {
                self.ids.push(id);
                self.falls.push(meta.direction() == Direction::Down);
            }
        }
    }

    fn halve(&mut self) {
        self.stride *= 2;
        self.times = self.times.chunks(2).map(|pair| pair[pair.len() - 1]).collect();
        let rows = std::mem::take(&mut self.rows);
        let mut rows = rows.into_iter();
        while let Some(first) = rows.next() {
            let mut joined = rows.next().unwrap_or_default();
            joined.resize(joined.len().max(first.len()), ABSENT);
            for ((later, earlier), falls) in joined.iter_mut().zip(&first).zip(&self.falls) {
                *later = join(*earlier, *later, *falls);
            }
            self.rows.push(joined);
        }
    }
}

fn shown(role: Role) -> bool {
    let further = matches!(role, Role::Traffic | Role::Restarts | Role::Replicas);
    role.is_symptom() || role.is_resource() || further
}

/// `f64::min` and `f64::max` prefer a number to NaN, which here says absent.
fn join(first: Bucket, second: Bucket, falls: bool) -> Bucket {
    let last = if second.last.is_nan() { first.last } else { second.last };
    let worst = if falls { first.worst.min(second.worst) } else { first.worst.max(second.worst) };
    Bucket { last, worst }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::names;

    fn record(frames: usize, value: impl Fn(usize) -> f64) -> Vec<Point> {
        let (mut topology, mut series) = (Topology::default(), SeriesCatalog::default());
        let web = topology.service("web");
        series.add(SeriesMeta::gauge(web, names::ERROR_RATIO, "1")).unwrap();
        series.add(SeriesMeta::gauge(web, "whatever", "")).unwrap();
        let mut recorder = Recorder::default();
        for index in 0..frames {
            let time = SimTime::from_secs(index as i64);
            recorder.push(&Frame { time, values: vec![value(index), 1.0] }, &series);
        }
        let mut tracks = recorder.finish(&series, &topology).tracks;
        assert!(tracks.len() <= 1, "a series with no known role is not shown");
        tracks.pop().map(|t| t.points).unwrap_or_default()
    }

    #[test]
    fn few_frames_are_kept_as_they_are() {
        let points = record(3, |i| i as f64);
        let values: Vec<f64> = points.iter().map(|p| p.last).collect();
        assert_eq!(values, [0.0, 1.0, 2.0]);
    }

    #[test]
    fn many_frames_are_bounded_and_a_short_peak_stays_visible() {
        let points = record(10_000, |i| if i == 7777 { 1.0 } else { 0.1 });
        assert!(points.len() <= MOST_POINTS && points.len() > MOST_POINTS / 2);
        assert_eq!(points.iter().filter(|p| p.worst == 1.0).count(), 1);
        assert_eq!(points[points.len() - 1].time, SimTime::from_secs(9999));
        assert!(points.is_sorted_by(|a, b| a.time < b.time));
    }

    #[test]
    fn absent_values_leave_no_point() {
        assert!(record(5, |_| f64::NAN).is_empty());
        assert_eq!(record(5, |i| if i == 2 { 0.5 } else { f64::NAN }).len(), 1);
    }
}
