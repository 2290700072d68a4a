//! When users were served again.
//!
//! In: SLI intervals and the objective from the world's record. Out: which intervals were bad, and
//! for one incident the end of its last bad interval after which the objective held for
//! `sustained`. A relapse before another incident's onset moves the recovery back: a remedy that
//! helped for a while did not heal. An interval without requests proves nothing and is not good.
//! A blip is no relapse: bad intervals that make up at most a twentieth of the `sustained` stretch
//! before and of the one after them count for the error budget, but not here; where a stretch has
//! fewer than twenty intervals, every bad one counts.

use crate::model::{Objective, SliSample, WorldRecord};
use crate::unit::SimTime;

/// How users fared after an onset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Recovery {
    /// The world keeps no SLI, or has no objective.
    Unknown,
    /// The objective was never missed.
    NeverFelt,
    /// Missed, and not held for long enough by the end.
    NotYet,
    /// Held from this instant on.
    At(SimTime),
}

/// Whether users were not served as promised in this interval.
#[must_use]
pub(super) fn is_bad(sli: &SliSample, objective: &Objective) -> bool {
    if sli.requests <= 0.0 {
        return true;
    }
    let slow = sli.latency_p99_s.is_some_and(|s| s > objective.latency_p99.secs_f64());
    slow || sli.failed / sli.requests > 1.0 - objective.availability + 1e-12
}

/// The recovery from what began at `onset`; `others` are the onsets of other incidents, and `end`
/// is the end of the run.
#[must_use]
pub(super) fn recovery(
    record: &WorldRecord,
    onset: SimTime,
    others: &[SimTime],
    end: SimTime,
) -> Recovery {
    let Some(objective) = record.objective.as_ref().filter(|_| !record.sli.is_empty()) else {
        return Recovery::Unknown;
    };
    let mut horizons: Vec<SimTime> = others.iter().copied().filter(|t| *t > onset).collect();
    horizons.push(end);
    horizons.sort_unstable();
    let violated = violations(record, objective);
    let samples = || record.sli.iter().zip(&violated);
    let mut found = Recovery::NeverFelt;
    for horizon in horizons {
        let within = |s: &SliSample| s.time > onset && s.time <= horizon;
        let last = samples().filter(|(s, bad)| **bad && within(s)).map(|(s, _)| s.time).last();
        let Some(last) = last else { continue };
        let seen = record.sli.iter().rfind(within).map_or(last, |s| s.time);
        if seen.since(last) >= objective.sustained {
            return Recovery::At(last);
        }
        found = Recovery::NotYet;
    }
    found
}

/// Which intervals are bad and no mere blip.
fn violations(record: &WorldRecord, objective: &Objective) -> Vec<bool> {
    let bad: Vec<bool> = record.sli.iter().map(|s| is_bad(&s, objective)).collect();
    let mut before = vec![0usize];
    for is in &bad {
        before.push(before[before.len() - 1] + usize::from(*is));
    }
    let stretch = objective.sustained.nanos() / record.interval.nanos().max(1);
    let stretch = usize::try_from(stretch).unwrap_or(1).clamp(1, bad.len().max(1));
    let many = |from: usize, to: usize| (before[to] - before[from]) * 20 > stretch;
    let violates = |i: usize| {
        many(i, (i + stretch).min(bad.len())) || many((i + 1).saturating_sub(stretch), i + 1)
    };
    (0..bad.len()).map(|i| bad[i] && violates(i)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::{Name, SimDuration};

    fn at(index: usize) -> SimTime {
        SimTime::from_secs(10 * (index as i64 + 1))
    }

    /// One letter per 10 s interval: `.` good, `x` failing, `s` slow, `0` no requests.
    fn record(picture: &str) -> WorldRecord {
        let sample = |(index, c): (usize, char)| SliSample {
            time: at(index),
            requests: if c == '0' { 0.0 } else { 100.0 },
            failed: if c == 'x' { 50.0 } else { 0.5 },
            latency_p99_s: (c != '0').then_some(if c == 's' { 9.0 } else { 0.1 }),
        };
        let objective = Objective {
            service: Name::from("web"),
            availability: 0.99,
            latency_p99: SimDuration::from_millis(500),
            sustained: SimDuration::from_secs(30),
        };
        let sli = picture.chars().enumerate().map(sample).collect();
        let interval = SimDuration::from_secs(10);
        WorldRecord { objective: Some(objective), interval, sli, ..WorldRecord::default() }
    }

    #[track_caller]
    fn check(picture: &str, others: &[usize], expected: Recovery) {
        let record = record(picture);
        let others: Vec<SimTime> = others.iter().map(|i| at(*i)).collect();
        let end = at(picture.len());
        assert_eq!(recovery(&record, SimTime::from_secs(0), &others, end), expected, "{picture}");
    }

    #[test]
    fn recovery_is_the_end_of_the_last_bad_interval_once_the_objective_held() {
        check("..xx....", &[], Recovery::At(at(3)));
        check("..ss....", &[], Recovery::At(at(3)));
        check("..xx..", &[], Recovery::NotYet);
        check("........", &[], Recovery::NeverFelt);
        check("..xx....x....", &[], Recovery::At(at(8)));
        check("..xx....xx..", &[], Recovery::NotYet);
    }

    #[test]
    fn a_blip_is_no_relapse_and_the_end_of_an_outage_is_no_blip() {
        let long = |bad: &[usize]| {
            let letter = |i| if bad.contains(&i) { 'x' } else { '.' };
            let mut record = record(&(0..200).map(letter).collect::<String>());
            record.objective.as_mut().unwrap().sustained = SimDuration::from_secs(400);
            recovery(&record, SimTime::from_secs(0), &[], at(200))
        };
        let outage: Vec<usize> = (20..40).collect();
        let and = |more: &[usize]| [&outage, more].concat();
        assert_eq!(long(&outage), Recovery::At(at(39)));
        assert_eq!(long(&and(&[100, 101])), Recovery::At(at(39)));
        assert_eq!(long(&and(&[100, 101, 102])), Recovery::At(at(102)));
        assert_eq!(long(&[100, 101]), Recovery::NeverFelt);
    }

    #[test]
    fn another_fault_does_not_take_a_recovery_away() {
        check("..xx....xx..", &[7], Recovery::At(at(3)));
        check("..xx..xxx....", &[5], Recovery::At(at(8)));
    }

    #[test]
    fn a_fleet_without_users_has_not_recovered() {
        check("..xx0000", &[], Recovery::NotYet);
        let nothing = WorldRecord::default();
        assert_eq!(recovery(&nothing, at(0), &[], at(9)), Recovery::Unknown);
    }
}
