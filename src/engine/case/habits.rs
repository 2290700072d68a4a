//! Which habits of visits broke: calls and log lines that appeared, vanished or became usual.
//!
//! In: minutes of visits before and since the onset. Out: per kind of visit and item the share of
//! visits that had it, before and since, with a z-score: a binomial test against the pooled past,
//! widened by how much the share moved from minute to minute. Minutes of the past that are far
//! from the usual minute (an earlier trouble) are left out; usual is the median, for warnings,
//! errors and failures the lower quartile: an hour full of trouble does not make them healthy. The
//! strongest run of minutes that reaches until now counts, so that an alarm told too early or too
//! late changes little. Source: Yu et al., "Nezha" (ESEC/FSE 2023) for events per request; binomial
//! test with overdispersion. Limit: a kind of visit never seen before the onset has no habits.

use super::strength;
use crate::engine::visits::{Item, Kind, Tally, Visits, Window};
use crate::model::severity;
use crate::unit::{EntityId, SimDuration, SimTime};

/// Visits before the onset from which there are habits.
const LEAST_BEFORE: u32 = 4;
/// Visits since the onset from which they can break.
const LEAST_NOW: u32 = 2;
/// Minutes since the onset at most in which the trouble may begin.
const LATEST_BEGIN: usize = 3;
/// Distance from the median minute, in binomial deviations, from which a minute of the past is
/// another state and left out.
const OTHER_STATE: f64 = 3.0;
/// Half a visit is added to seen and unseen, so that never and always stay uncertain (Jeffreys).
const PRIOR: f64 = 0.5;
/// Which minute of the past is usual: the one in the middle.
const MIDDLE: f64 = 0.5;
/// The same for what is trouble by itself: earlier troubles may fill up to three quarters.
const LOWER_QUARTILE: f64 = 0.25;
/// Habits below this are not told: chance alone goes so far among hundreds.
const LEAST_Z: f64 = 3.0;
/// Minutes next to the onset that belong to neither side: alarms ring late.
pub(super) const BREWING: SimDuration = SimDuration::from_secs(60);

/// One habit that broke.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Habit {
    /// The sort of visit.
    pub kind: Kind,
    /// What it did or did not do.
    pub item: Item,
    /// Positive: more often than before; negative: less.
    pub z: f64,
    /// Share of visits that had it before, 0..=1.
    pub before: f64,
    /// Share of visits that have it since, 0..=1.
    pub after: f64,
    /// Visits since.
    pub visits: u32,
    /// When the run of minutes began.
    pub since: SimTime,
}

impl Habit {
    /// How much it tells, 0..=1: how sure, and how large a share of the visits (as its root, so
    /// that a defect that hits a quarter of them counts half).
    #[must_use]
    pub fn strength(&self) -> f64 {
        strength(self.z.abs()) * (self.after - self.before).abs().sqrt()
    }

    /// The service.
    #[must_use]
    pub const fn entity(&self) -> EntityId {
        self.kind.entity
    }
}

/// The minutes before and since the onset.
pub(super) fn sides(visits: &Visits, onset: SimTime) -> [Vec<&Window>; 2] {
    let length = crate::engine::visits::WINDOW;
    let now: Vec<&Window> = visits.windows().filter(|w| w.start + length > onset).collect();
    let before = |end: SimTime| -> Vec<&Window> {
        visits.windows().filter(|w| w.start + length <= end).collect()
    };
    let early = before(onset - BREWING);
    let past = if early.is_empty() { before(onset) } else { early };
    [past, now]
}

/// All habits that broke, by kind and item.
pub(super) fn read(visits: &Visits, onset: SimTime) -> Vec<Habit> {
    let [past, now] = sides(visits, onset);
    let mut kinds: Vec<Kind> = now.iter().flat_map(|w| w.kinds().keys().copied()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let mut broken = Vec::new();
    for kind in kinds {
        let of = |windows: &[&'_ Window]| -> Vec<(SimTime, Tally)> {
            let with = |w: &&Window| w.kinds().get(&kind).map(|tally| (w.start, tally.clone()));
            windows.iter().filter_map(with).collect()
        };
        let (before, since) = (of(&past), of(&now));
        let visited: u32 = before.iter().map(|(_, tally)| tally.visits).sum();
        if visited < LEAST_BEFORE {
            continue;
        }
        let all = before.iter().chain(&since);
        let mut items: Vec<Item> = all.flat_map(|(_, t)| t.items.keys().copied()).collect();
        items.sort_unstable();
        items.dedup();
        let found = items.into_iter().filter_map(|item| {
            let usual = if is_bad(visits, item) { LOWER_QUARTILE } else { MIDDLE };
            compare(kind, item, usual, &before, &since)
        });
        broken.extend(found.filter(|habit| habit.z.abs() >= LEAST_Z));
    }
    broken
}

fn compare(
    kind: Kind,
    item: Item,
    usual: f64,
    before: &[(SimTime, Tally)],
    since: &[(SimTime, Tally)],
) -> Option<Habit> {
    let count = |(_, tally): &(SimTime, Tally)| {
        (f64::from(tally.visits), f64::from(tally.items.get(&item).map_or(0, |seen| seen.visits)))
    };
    let past = Past::of(&before.iter().map(count).collect::<Vec<_>>(), usual)?;
    let begins = 0..since.len().min(LATEST_BEGIN);
    let best = begins.filter_map(|first| {
        let (n, k) =
            since[first..].iter().map(count).fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
        let habit = || Habit {
            kind,
            item,
            z: past.z(n, k),
            before: past.share,
            after: k / n,
            visits: n as u32,
            since: since[first].0,
        };
        (n >= f64::from(LEAST_NOW)).then(habit)
    });
    best.max_by(|a, b| a.strength().total_cmp(&b.strength()))
}

/// What was usual.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Past {
    visits: f64,
    share: f64,
    between: f64,
}

impl Past {
    /// Of minutes with visits and how many of them had the item.
    fn of(minutes: &[(f64, f64)], usual: f64) -> Option<Self> {
        let middle = weighted_quantile(minutes, usual)?;
        let usual: Vec<(f64, f64)> = minutes
            .iter()
            .copied()
            .filter(|(n, k)| {
                let p = (middle * n + PRIOR) / (n + 2.0 * PRIOR);
                let sigma = (n * p * (1.0 - p)).sqrt();
                (k - n * middle).abs() <= OTHER_STATE * sigma + 1.0
            })
            .collect();
        let (n, k) = usual.iter().fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
        if n <= 0.0 {
            return None;
        }
        let share = k / n;
        let moved: f64 = usual.iter().map(|(n, k)| n * (k / n - share).powi(2)).sum::<f64>() / n;
        let chance = share * (1.0 - share) * usual.len() as f64 / n;
        Some(Self { visits: n, share, between: (moved - chance).max(0.0) })
    }

    /// How far `k` of `n` visits are from what was usual.
    fn z(self, n: f64, k: f64) -> f64 {
        let p = (self.share * self.visits + PRIOR) / (self.visits + 2.0 * PRIOR);
        let within = n * p * (1.0 - p) * (1.0 + n / self.visits);
        (k - n * p) / (within + n * n * self.between + 0.25).sqrt()
    }
}

/// Whether it is trouble by itself.
fn is_bad(visits: &Visits, item: Item) -> bool {
    match item {
        Item::Failure => true,
        Item::Log(message) => visits.severity(message) >= severity::WARN,
        Item::Call(..) => false,
    }
}

/// The share below which a part `q` of the minutes lies. A minute weighs the root of its visits,
/// as its share is known: one busy minute is no better than a few quiet ones.
fn weighted_quantile(minutes: &[(f64, f64)], q: f64) -> Option<f64> {
    let mut shares: Vec<(f64, f64)> =
        minutes.iter().filter(|(n, _)| *n > 0.0).map(|(n, k)| (k / n, n.sqrt())).collect();
    shares.sort_by(|a, b| a.0.total_cmp(&b.0));
    let goal = shares.iter().map(|(_, weight)| weight).sum::<f64>() * q;
    let mut sum = 0.0;
    shares.into_iter().find_map(|(share, weight)| {
        sum += weight;
        (sum >= goal).then_some(share)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(past: &[(f64, f64)], now: (f64, f64), low: f64, high: f64) {
        let z = Past::of(past, MIDDLE).unwrap().z(now.0, now.1);
        assert!((low..=high).contains(&z), "{z}");
    }

    #[test]
    fn a_new_line_and_a_vanished_one_are_far_from_usual() {
        check(&[(10.0, 0.0); 6], (10.0, 10.0), 10.0, 30.0);
        check(&[(10.0, 10.0); 6], (10.0, 0.0), -30.0, -10.0);
        check(&[(10.0, 5.0); 6], (10.0, 5.0), -0.1, 0.1);
    }

    #[test]
    fn an_earlier_trouble_in_the_past_does_not_hide_the_next() {
        let mut past = vec![(10.0, 0.0); 6];
        past.extend([(10.0, 10.0); 3]);
        check(&past, (10.0, 10.0), 9.0, 30.0);
    }

    #[test]
    fn errors_that_filled_most_of_the_past_are_still_errors() {
        let mut past = vec![(6.0, 0.0); 4];
        past.extend([(8.0, 8.0); 6]);
        let z = |usual| Past::of(&past, usual).unwrap().z(12.0, 12.0);
        assert!(z(LOWER_QUARTILE) > 9.0 && z(MIDDLE) < 1.0, "{}", z(LOWER_QUARTILE));
    }

    #[test]
    fn what_comes_and_goes_anyway_counts_less() {
        check(&[(10.0, 2.0), (10.0, 6.0), (10.0, 4.0), (10.0, 7.0)], (10.0, 9.0), 1.0, 3.0);
    }

    #[test]
    fn few_visits_say_little() {
        check(&[(1.0, 0.0); 4], (2.0, 2.0), 1.0, 3.5);
    }
}
