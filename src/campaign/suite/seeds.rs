//! Sentences about many seeds: run as few as the answer needs, in the order of the seeds.
//!
//! In: a scenario and its statistical sentences. Out: one judgement each. Seeds run in batches in
//! parallel, but are looked at one after the other, so that where it stops does not depend on the
//! number of threads. A share stops by the sequential test of `stats::sequential`; a quantile and
//! "every seed" stop when no seed that is left could change the answer (curtailed sampling, Wald,
//! Sequential Analysis, 1947). A mean needs all seeds.

use rayon::prelude::*;

use crate::campaign::judge::{self, Judged, Reading, Seen, shown};
use crate::campaign::{CaseFailure, incidents};
use crate::scenario::expect::{Form, Metric, Relation, Statement, Statistic};
use crate::stats::sequential::{Side, side};
use crate::stats::summary::{mean, quantile};
use crate::trial::Trial;

/// Seeds that are run at once.
const BATCH: u64 = 8;

/// Runs one seed.
pub(super) type Run<'a> = dyn Fn(u64) -> Result<Trial, CaseFailure> + Sync + 'a;

/// What a sentence has seen so far.
struct Tally<'s> {
    statement: &'s Statement,
    seeds: u64,
    hits: u64,
    values: Vec<f64>,
    absent: u64,
    first_bad: Option<(u64, String)>,
    answer: Option<Judged>,
}

/// Judges the sentences; says how many trials it took.
///
/// # Errors
/// If a trial does not end.
pub(super) fn judge_seeds(
    statements: &[&Statement],
    first: u64,
    run: &Run<'_>,
) -> Result<(Vec<Judged>, u64), CaseFailure> {
    let mut tallies: Vec<Tally<'_>> = statements.iter().map(|s| Tally::new(s)).collect();
    let most = statements.iter().filter_map(|s| s.form.seeds()).max().unwrap_or(0);
    let mut ran = 0;
    while ran < most && tallies.iter().any(|tally| tally.answer.is_none()) {
        let seeds: Vec<u64> =
            (ran..(ran + BATCH).min(most)).map(|n| first.wrapping_add(n)).collect();
        let trials: Vec<Result<Trial, CaseFailure>> = seeds.par_iter().map(|s| run(*s)).collect();
        for trial in trials {
            let trial = trial?;
            ran += 1;
            tallies.iter_mut().for_each(|tally| tally.look(&trial));
        }
    }
    Ok((tallies.into_iter().map(Tally::finish).collect(), ran))
}

impl<'s> Tally<'s> {
    fn new(statement: &'s Statement) -> Self {
        Self {
            statement,
            seeds: 0,
            hits: 0,
            values: Vec::new(),
            absent: 0,
            first_bad: None,
            answer: None,
        }
    }

    fn look(&mut self, trial: &Trial) {
        if self.answer.is_some() || Some(self.seeds) >= self.statement.form.seeds() {
            return;
        }
        self.seeds += 1;
        match &self.statement.form {
            Form::Holds(_) => {}
            Form::Every { predicate, seeds } => {
                let (met, saw) = judge::holds(predicate, trial);
                if !met {
                    let saw = format!("seed {}: {saw}", trial.seed);
                    self.settle(false, saw);
                } else if self.seeds == *seeds {
                    self.settle(true, format!("met by all {seeds} seeds"));
                }
            }
            Form::Probability { predicate, relation, share, level, .. } => {
                let (hit, saw) = judge::holds(predicate, trial);
                self.hits += u64::from(hit);
                let wanted = matches!(relation, Relation::AtLeast | Relation::More);
                if hit != wanted && self.first_bad.is_none() {
                    self.first_bad = Some((trial.seed, saw));
                }
                if let Some(found) = side(self.hits, self.seeds, *share, *level) {
                    let met = (found == Side::Above) == wanted;
                    self.settle(met, self.share_seen(true));
                }
            }
            Form::Statistic { statistic, metric, relation, limit, seeds } => {
                let read = incidents::read(trial);
                match Seen::new(trial, &read).reading(metric) {
                    Reading::Value(value) => self.values.push(value),
                    Reading::Beyond => self.values.push(f64::INFINITY),
                    Reading::Absent => self.absent += 1,
                }
                if let Some(met) = curtailed(*statistic, *relation, *limit, self, *seeds) {
                    self.settle(met, self.statistic_seen(*statistic, metric));
                }
            }
        }
    }

    fn settle(&mut self, met: bool, saw: String) {
        let expectation = self.statement.to_string();
        self.answer = Some(Judged { expectation, met, saw });
    }

    fn share_seen(&self, clear: bool) -> String {
        let clear = if clear { "clear after" } else { "not clear after" };
        let seen = format!("{} of {}, {clear} {} seeds", self.hits, self.seeds, self.seeds);
        match &self.first_bad {
            Some((seed, saw)) => format!("{seen}; first at seed {seed}: {saw}"),
            None => seen,
        }
    }

    fn statistic_seen(&self, statistic: Statistic, metric: &Metric) -> String {
        let of = match statistic {
            Statistic::Mean => mean(&self.values),
            Statistic::Quantile(q) => quantile(&self.values, q).filter(|v| !v.is_nan()),
        };
        let lost = self.values.iter().filter(|v| v.is_infinite()).count();
        let value = match of {
            Some(value) if value.is_finite() => shown(value, metric),
            Some(_) => "beyond the end of the trial".to_owned(),
            None => "absent".to_owned(),
        };
        let lost = if lost > 0 { format!(", {lost} never recovered") } else { String::new() };
        let absent =
            if self.absent > 0 { format!(", {} absent", self.absent) } else { String::new() };
        format!("{value} over {} seeds (n = {}{lost}{absent})", self.seeds, self.values.len())
    }

    fn finish(mut self) -> Judged {
        if self.answer.is_none() {
            let saw = match &self.statement.form {
                Form::Statistic { statistic, metric, .. } => {
                    self.statistic_seen(*statistic, metric)
                }
                _ => self.share_seen(false),
            };
            self.settle(false, saw);
        }
        self.answer.expect("settled above")
    }
}

/// The answer, if no seed that is left can change it.
fn curtailed(
    statistic: Statistic,
    relation: Relation,
    limit: f64,
    tally: &Tally<'_>,
    seeds: u64,
) -> Option<bool> {
    let left = seeds - tally.seeds;
    let whole = |values: &[f64]| match statistic {
        Statistic::Mean => mean(values),
        Statistic::Quantile(q) => quantile(values, q).filter(|v| !v.is_nan()),
    };
    if left == 0 {
        return Some(whole(&tally.values).is_some_and(|value| relation.keeps(value, limit)));
    }
    let Statistic::Quantile(_) = statistic else { return None };
    // What is left could all be as low, as high, or as absent as can be; a quantile moves with it.
    let with = |value: f64| {
        let mut values = tally.values.clone();
        values.extend(std::iter::repeat_n(value, usize::try_from(left).unwrap_or(usize::MAX)));
        whole(&values).is_some_and(|value| relation.keeps(value, limit))
    };
    let now = whole(&tally.values).is_some_and(|value| relation.keeps(value, limit));
    let (low, high) = (with(f64::MIN), with(f64::MAX));
    (low == high && low == now && !tally.values.is_empty()).then_some(now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::expect::read;

    fn tally(statement: &Statement, values: &[f64]) -> Option<bool> {
        let Form::Statistic { statistic, relation, limit, seeds, .. } = &statement.form else {
            panic!("a statistic")
        };
        let mut tally = Tally::new(statement);
        tally.values = values.to_vec();
        tally.seeds = values.len() as u64;
        curtailed(*statistic, *relation, *limit, &tally, *seeds)
    }

    #[test]
    fn a_quantile_stops_when_nothing_left_can_change_it() {
        let statement = read("p50(mttr) <= 100s over 9 seeds").unwrap();
        assert_eq!(tally(&statement, &[10.0; 4]), None, "five slow ones could still come");
        assert_eq!(tally(&statement, &[10.0; 5]), Some(true));
        assert_eq!(tally(&statement, &[200.0; 5]), Some(false));
        let statement = read("mean(mttr) <= 100s over 3 seeds").unwrap();
        assert_eq!(tally(&statement, &[10.0, 10.0]), None);
        assert_eq!(tally(&statement, &[10.0, 10.0, f64::INFINITY]), Some(false));
    }
}
