//! Nearness in time: onsets within a window, a change before the symptom.
//!
//! In: two clues. Out: a filter, 1 at once, falling to 0.5 at the edge of the window, then 0. Clues
//! that are both still going on overlap and lose only by the distance of their onsets. A change
//! may precede a symptom by `lookback`, and follow it by `grace` at most (clocks, scrapes).
//! Source: the article's "change before symptom" rule; Dogga et al., "Revelio" (2021) motivates
//! time as the first filter. Known limit: one window for every kind of signal.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Affinity, Build, Clue, Correlator, Part};
use crate::catalog::{Entry, schema_of};
use crate::model::Topology;
use crate::unit::SimDuration;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "temporal",
    summary: "onsets within a window; a change before the symptom",
    help: "A filter: signals that began far apart in time are not one incident, whatever else \
           speaks for it. A change is a suspect only for what began after it.",
    source: "change-before-symptom rule of the self-healing article; own weights",
    example: "{ window: 10m, lookback: 60m }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(Temporal { config: spec.read()? })),
};

/// Parameters of `temporal`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Largest gap between two signals of one incident.
    pub window: SimDuration,
    /// Longest time from a change to a symptom that it explains.
    pub lookback: SimDuration,
    /// A change may be seen this much after its symptom.
    pub grace: SimDuration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            window: SimDuration::from_secs(600),
            lookback: SimDuration::from_secs(3600),
            grace: SimDuration::from_secs(60),
        }
    }
}

/// See the file's head.
#[derive(Debug)]
pub struct Temporal {
    config: Config,
}

impl Temporal {
    fn symptoms(&self, a: &Clue, b: &Clue) -> Affinity {
        let (first, second) = if a.since <= b.since { (a, b) } else { (b, a) };
        let apart = second.since.since(first.since);
        let gap = second.since.since(first.until.max(first.since)).secs_f64().max(0.0);
        let window = self.config.window.secs_f64();
        let value = if gap > window {
            0.0
        } else {
            let lag = apart.secs_f64().min(6.0 * window) / (6.0 * window);
            (1.0 - 0.5 * gap / window).min(1.0 - 0.3 * lag)
        };
        Affinity { value, reason: format!("onsets {apart} apart") }
    }

    fn change(&self, change: &Clue, symptom: &Clue) -> Affinity {
        let lead = symptom.since.since(change.since);
        let lookback = self.config.lookback;
        let value = if lead > lookback || SimDuration::ZERO - lead > self.config.grace {
            0.0
        } else if lead < SimDuration::ZERO {
            0.6
        } else {
            1.0 - 0.5 * lead.secs_f64() / lookback.secs_f64().max(1.0)
        };
        Affinity { value, reason: format!("change {lead} before") }
    }
}

impl Correlator for Temporal {
    fn part(&self) -> Part {
        Part::Filter
    }

    fn affinity(&self, a: &Clue, b: &Clue, _topology: &Topology) -> Option<Affinity> {
        match (a.is_change, b.is_change) {
            (false, false) => Some(self.symptoms(a, b)),
            (true, false) => Some(self.change(a, b)),
            (false, true) => Some(self.change(b, a)),
            (true, true) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::SimTime;

    fn clue(since: i64, until: i64, is_change: bool) -> Clue {
        let (since, until) = (SimTime::from_secs(since), SimTime::from_secs(until));
        Clue { entity: None, since, until, is_change, words: Vec::new() }
    }

    #[track_caller]
    fn check(a: &Clue, b: &Clue, low: f64, high: f64) {
        let temporal = Temporal { config: Config::default() };
        for (x, y) in [(a, b), (b, a)] {
            let value = temporal.affinity(x, y, &Topology::default()).unwrap().value;
            assert!((low..=high).contains(&value), "{value}");
        }
    }

    #[test]
    fn near_onsets_and_overlap_are_near_and_old_news_is_not() {
        check(&clue(0, 10, false), &clue(0, 5, false), 1.0, 1.0);
        check(&clue(0, 10, false), &clue(310, 400, false), 0.7, 0.8);
        check(&clue(0, 10, false), &clue(620, 700, false), 0.0, 0.0);
        check(&clue(0, 2000, false), &clue(1800, 2000, false), 0.8, 0.9);
    }

    #[test]
    fn a_change_explains_what_comes_after_it() {
        check(&clue(0, 0, true), &clue(60, 90, false), 0.9, 1.0);
        check(&clue(0, 0, true), &clue(3700, 3800, false), 0.0, 0.0);
        check(&clue(100, 100, true), &clue(60, 900, false), 0.5, 0.7);
        check(&clue(500, 500, true), &clue(60, 900, false), 0.0, 0.0);
    }
}
