//! How far and for how long noise goes, learnt from the fleet at hand, kind by kind.
//!
//! A *run* is a signal that stays abnormal. In: which signals are watched at each frame, and every
//! run that ended without an alarm: how high its score went, how often it was seen. Out: the chance
//! that noise alone makes a run like one at hand, and whether that is rare enough: with `n` signals
//! watched `f` times a day and a budget of `b` false alarms a day for the whole fleet, a run alarms
//! if its chance is below `b / (n f)` (Bonferroni, "Teoria statistica delle classi", 1936: holds
//! however signals depend on each other). The chance is the share of watched samples at which a run
//! began that went as far, times the share of sightings after which a run went on, once for each
//! further sighting. Signals of one kind (detector, role, statistic, whose view) share what is
//! learnt. Before anything is learnt, `BELIEVED` samples with a power tail stand for it,
//! and a power tail goes on from the highest runs that were seen.
//!
//! Known limits: runs go on independently of their height; of a kind whose signals differ much, the
//! noisiest decide; nothing is forgotten.

use std::collections::BTreeMap;

use crate::model::{Role, SeriesMeta, SignalClass, StepInput};
use crate::unit::{SeriesId, SimDuration, SimTime};

/// Samples that what is believed in advance counts for: half an hour of a fleet of 9,000 series.
const BELIEVED: f64 = 1e6;
/// Runs with a score of 1 among them: a fleet that is not known yet may be as noisy as one whose
/// every signal leaves its band once in a million samples (a tenth of it cried six times on the
/// first day of 200 healthy services).
const BELIEVED_RUNS: f64 = 1.0;
/// Power with which runs get fewer as scores rise, at least: beyond what was seen, as many as a
/// tail of this power has after what was seen (the variance of anything heavier is infinite).
const POWER: f64 = 2.0;
/// Sightings that what is believed of going on counts for, and how many of them go on.
const BELIEVED_SIGHTINGS: (f64, f64) = (20.0, 1.0);
/// Steps of the score per doubling, and doublings that are told apart (up to a score of 128).
const STEPS: f64 = 5.0;
const BINS: usize = 36;
const DAY: f64 = 86_400.0;

/// Which signals are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    class: u8,
    role: Role,
    extreme: bool,
    view: bool,
}

/// A group as one detector sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kind {
    group: Group,
    detector: &'static str,
}

/// Runs of one kind that ended without an alarm.
#[derive(Debug, Clone)]
struct Tail {
    /// By how high the score went.
    runs: [u64; BINS],
    ended: u64,
    sightings: u64,
}

/// What is known of noise.
#[derive(Debug, Clone, Default)]
pub(super) struct Tails {
    groups: Vec<Group>,
    watched: BTreeMap<Group, u64>,
    samples: BTreeMap<Group, f64>,
    tails: BTreeMap<Kind, Tail>,
    /// Entities that may be found wanting, and samples of them.
    entities: (u64, f64),
    frame: Option<SimTime>,
    interval: Option<SimDuration>,
}

impl Tails {
    /// Takes note of what is watched in a step.
    pub(super) fn watch(&mut self, input: &StepInput<'_>) {
        for (_, meta) in input.series.iter().skip(self.groups.len()) {
            let group = of_series(meta);
            self.groups.push(group);
            *self.watched.entry(group).or_default() += 1;
        }
        self.entities.0 = input.topology.suspects().count() as u64;
        if !input.batch.has_frame {
            return;
        }
        if let Some(last) = self.frame.filter(|last| *last < input.now) {
            self.interval = Some(input.now.since(last));
        }
        self.frame = Some(input.now);
        self.entities.1 += self.entities.0 as f64;
        for (group, count) in &self.watched {
            *self.samples.entry(*group).or_default() += *count as f64;
        }
    }

    /// The kind of a series as a detector sees it.
    pub(super) fn series(&self, id: SeriesId, detector: &'static str) -> Kind {
        Kind { group: self.groups[id.index()], detector }
    }

    /// The kind of a finding in logs or traces.
    pub(super) fn finding(class: SignalClass, role: Role, detector: &'static str) -> Kind {
        let group = Group { class: 1 + class as u8, role, extreme: false, view: false };
        Kind { group, detector }
    }

    /// Learns from a run that ended without an alarm.
    pub(super) fn learn(&mut self, kind: Kind, highest: f64, sightings: u32) {
        let none = Tail { runs: [0; BINS], ended: 0, sightings: 0 };
        let tail = self.tails.entry(kind).or_insert(none);
        tail.runs[bin(highest)] += 1;
        tail.ended += 1;
        tail.sightings += u64::from(sightings);
    }

    /// The chance that noise makes a run that goes so high and is seen so often, at one sample.
    pub(super) fn chance(&self, kind: Kind, highest: f64, sightings: u32) -> f64 {
        let seen = self.samples.get(&kind.group).copied().unwrap_or(self.entities.1);
        let believed = BELIEVED_RUNS * highest.max(1.0).powf(-POWER);
        let tail = self.tails.get(&kind);
        let as_high = tail.map_or(0.0, |tail| tail.as_high(highest));
        let begins = (believed + as_high) / (BELIEVED + seen);
        let (all, on) = BELIEVED_SIGHTINGS;
        let (sighted, ended) = tail.map_or((0, 0), |tail| (tail.sightings, tail.ended));
        let goes_on = (on + (sighted - ended) as f64) / (all + sighted as f64);
        begins * goes_on.powf(f64::from(sightings.saturating_sub(1)))
    }

    /// The chance below which a run is rarer than noise may alarm, of so many false alarms a day.
    pub(super) fn bar(&self, per_day: f64) -> f64 {
        let frames = self.interval.map_or(1.0, |interval| DAY / interval.secs_f64().max(1e-3));
        let signals = self.groups.len() as u64 + self.entities.0;
        per_day / (frames * signals.max(1) as f64)
    }
}

impl Tail {
    /// Runs that went so high; where few did, as many as the tail of those below lets expect.
    fn as_high(&self, highest: f64) -> f64 {
        let (last, mut above, mut most) = (bin(highest), 0, 0.0_f64);
        for (at, runs) in self.runs.iter().enumerate().rev() {
            above += runs;
            let fall = (last.saturating_sub(at)) as f64 / STEPS * POWER;
            if at <= last {
                most = most.max(above as f64 * (-fall).exp2());
            }
        }
        most
    }
}

/// What a series tells, of whom.
fn of_series(meta: &SeriesMeta) -> Group {
    let extreme = matches!(meta.stat(), Some("p95" | "p99" | "p999" | "max" | "Maximum"));
    let view = meta.is_view();
    Group { class: 0, role: meta.role, extreme, view }
}

fn bin(score: f64) -> usize {
    let step = score.max(1.0).log2() * STEPS;
    (step as usize).min(BINS - 1)
}
