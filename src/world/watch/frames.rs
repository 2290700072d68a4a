//! What distortions do to the columns of a scrape.
//!
//! In: a frame as it is true. Out: the frame as it is seen; a lost sample is NaN, never 0.

use std::collections::{BTreeMap, VecDeque};

use super::Watch;
use super::distortion::{Distortion, Reading, Signal, What};
use crate::model::{Frame, Instrument, SeriesCatalog, SeriesMeta, Topology, names};
use crate::unit::{SimDuration, SimTime};

/// Longest delay, and so the longest past that is kept.
const LONGEST_DELAY: SimDuration = SimDuration::from_secs(3600);

/// Frames as they were true, kept as long as something may ask for them.
#[derive(Debug, Default)]
pub(super) struct Past {
    frames: VecDeque<(SimTime, Vec<f64>)>,
}

impl Past {
    fn remember(&mut self, frame: &Frame) {
        self.frames.push_back((frame.time, frame.values.clone()));
        let until = frame.time - LONGEST_DELAY;
        while self.frames.front().is_some_and(|(time, _)| *time < until) {
            self.frames.pop_front();
        }
    }

    /// The value of a column at an instant, as far as remembered.
    fn at(&self, time: SimTime, column: usize) -> f64 {
        let frame = self.frames.iter().rev().find(|(when, _)| *when <= time);
        frame.and_then(|(_, values)| values.get(column)).copied().unwrap_or(f64::NAN)
    }

    fn latest(&self) -> Option<&Vec<f64>> {
        self.frames.back().map(|(_, values)| values)
    }
}

impl Watch {
    /// Shows a frame as it is seen.
    pub fn frame(
        &mut self,
        frame: &mut Frame,
        scrape: u64,
        series: &SeriesCatalog,
        map: &Topology,
    ) {
        let wanted = |d: &Distortion| d.signals.contains(&Signal::Metrics);
        if !self.distortions.values().any(wanted) {
            return;
        }
        let chance = self.chance;
        let truth = self.past.latest().cloned();
        for (number, distortion) in &mut self.distortions {
            let kept = self
                .frozen
                .entry(*number)
                .or_insert_with(|| truth.clone().unwrap_or_else(|| frame.values.clone()));
            let level = distortion.level;
            if let What::Reset { base: base @ None } = &mut distortion.what {
                *base = Some(frame.values.clone());
            }
            if !distortion.hits(Signal::Metrics) {
                continue;
            }
            let seen = Seen { frame: &mut *frame, series, map };
            match &distortion.what {
                What::Lose { share } => {
                    let chance = chance.child("lost").child(&number.to_string());
                    let share = share * level;
                    seen.each(distortion, |column, _, value| {
                        let lost = chance.uniform(column as u64, scrape) < share;
                        if lost { f64::NAN } else { value }
                    });
                }
                What::Delay { by } => {
                    let (past, then) = (&self.past, frame.time - *by);
                    let seen = Seen { frame: &mut *frame, series, map };
                    seen.each(distortion, |column, _, _| past.at(then, column));
                }
                What::Duplicate => seen.each(distortion, |_, meta, value| {
                    if meta.metric == names::REQUEST_RATE { value * 2.0 } else { value }
                }),
                What::Lie { metric, reads } => {
                    seen.each(distortion, |column, meta, value| match reads {
                        _ if meta.metric != *metric || value.is_nan() => value,
                        Reading::Frozen => kept.get(column).copied().unwrap_or(f64::NAN),
                        Reading::Constant(constant) => *constant,
                        Reading::Times(factor) => value * factor,
                    });
                }
                What::Reset { base: Some(base) } => {
                    seen.each(distortion, |column, meta, value| {
                        let counts = meta.instrument == Instrument::Counter;
                        if counts { (value - base[column]).max(0.0) } else { value }
                    });
                }
                What::Swap { with } => seen.swap(distortion.service_name(), with),
                What::Reset { base: None } | What::Behind { .. } | What::FlappingAlert { .. } => {}
            }
        }
    }

    /// Keeps a frame as it is true, before `frame` is called, if something may ask for it.
    pub fn remember(&mut self, frame: &Frame) {
        if self.keeps_past {
            self.past.remember(frame);
        }
    }
}

/// A frame that is being distorted.
struct Seen<'a> {
    frame: &'a mut Frame,
    series: &'a SeriesCatalog,
    map: &'a Topology,
}

impl Seen<'_> {
    fn each(self, distortion: &Distortion, see: impl Fn(usize, &SeriesMeta, f64) -> f64) {
        for (id, meta) in self.series.iter() {
            if distortion.reaches(self.map, meta) {
                let value = &mut self.frame.values[id.index()];
                *value = see(id.index(), meta, *value);
            }
        }
    }

    /// Exchanges the columns that two services have alike.
    fn swap(self, one: &str, other: &str) {
        type Key<'k> = (&'k str, Vec<&'k str>, Option<usize>);
        let columns = |service: &str| -> BTreeMap<Key<'_>, usize> {
            let mine = self.series.iter().filter(|(_, meta)| {
                self.map.name(self.map.service_of(meta.entity)).as_str() == service
            });
            mine.map(|(id, meta)| {
                let name = self.map.name(meta.entity).as_str();
                let slot = name.strip_prefix(service).and_then(|rest| rest[..].get(1..));
                let slot = slot.and_then(|slot| slot.parse().ok());
                let labels = meta.labels.values().map(String::as_str).collect();
                ((meta.metric.as_str(), labels, slot), id.index())
            })
            .collect()
        };
        let (mine, theirs) = (columns(one), columns(other));
        for (key, column) in &mine {
            if let Some(twin) = theirs.get(key) {
                self.frame.values.swap(*column, *twin);
            }
        }
    }
}
