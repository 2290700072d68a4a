//! The two shapes of every number on a scorecard: an estimate and a spread, each with n.
//!
//! In: counts or values of single items. Out: value, n, a 95 % interval, and where there is one,
//! the score of pure chance. Nothing known is `None` (JSON null), never 0 or NaN. The bootstrap
//! draws from streams named after the measure, so that no number depends on the trial's seed or on
//! the order of trials.

use serde::{Deserialize, Serialize};

use crate::kernel::{Stream, Streams};
use crate::stats::interval::{self, Span};
use crate::stats::summary;

/// Confidence level of every interval.
pub const LEVEL: f64 = 0.95;
const REPLICATES: usize = 1000;

/// A number with what it rests on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Estimate {
    /// The number; null if `n` is 0.
    pub value: Option<f64>,
    /// How many items it rests on.
    pub n: u64,
    /// Lower end of its 95 % interval; null if there is none.
    pub low: Option<f64>,
    /// Upper end of its 95 % interval; null if there is none.
    pub high: Option<f64>,
    /// What pure chance would score; null if chance has no meaning here.
    pub chance: Option<f64>,
    /// `value / chance`.
    pub lift: Option<f64>,
}

/// How values are spread.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Spread {
    /// Their mean; null if `n` is 0.
    pub mean: Option<f64>,
    /// Their median.
    pub median: Option<f64>,
    /// Their 95th percentile.
    pub p95: Option<f64>,
    /// How many there are.
    pub n: u64,
    /// Lower end of the mean's 95 % interval; null with fewer than two values.
    pub low: Option<f64>,
    /// Upper end of the mean's 95 % interval.
    pub high: Option<f64>,
}

impl Estimate {
    /// A share, with Wilson's interval.
    #[must_use]
    pub fn proportion(hits: u64, n: u64) -> Self {
        let value = (n > 0).then(|| hits as f64 / n as f64);
        Self { value, n, ..Self::default() }.within(interval::wilson(hits, n, LEVEL))
    }

    /// A mean: Wilson's interval if every value is 0 or 1, else the BCa bootstrap.
    #[must_use]
    pub fn mean(values: &[f64], name: &str) -> Self {
        if values.iter().all(|v| *v == 0.0 || *v == 1.0) {
            let hits = values.iter().filter(|v| **v == 1.0).count();
            return Self::proportion(hits as u64, values.len() as u64);
        }
        Self::total(values, name)
    }

    /// A mean of amounts: always the bootstrap, because a 0 or 1 among amounts is no share.
    #[must_use]
    pub fn total(values: &[f64], name: &str) -> Self {
        let span = interval::bca_mean(values, LEVEL, REPLICATES, &mut stream(name));
        let (value, n) = (summary::mean(values), values.len() as u64);
        Self { value, n, ..Self::default() }.within(span)
    }

    /// Events per unit of `exposure`, with Garwood's interval; `n` counts the events.
    #[must_use]
    pub fn rate(count: u64, exposure: f64) -> Self {
        if exposure <= 0.0 {
            return Self { n: count, ..Self::default() };
        }
        let span = interval::poisson(count, LEVEL);
        let span = Span { low: span.low / exposure, high: span.high / exposure };
        let value = Some(count as f64 / exposure);
        Self { value, n: count, ..Self::default() }.within(Some(span))
    }

    /// Any statistic of items, with a percentile bootstrap. The items must come in a fixed order.
    #[must_use]
    pub fn of<T: Copy>(items: &[T], name: &str, statistic: fn(&[T]) -> Option<f64>) -> Self {
        let value = statistic(items);
        let span = value.and_then(|_| {
            interval::percentile(items, LEVEL, REPLICATES, &mut stream(name), statistic)
        });
        let n = if value.is_some() { items.len() as u64 } else { 0 };
        Self { value, n, ..Self::default() }.within(span)
    }

    /// The same beside what chance would score.
    #[must_use]
    pub fn beside(mut self, chance: Option<f64>) -> Self {
        self.chance = chance.filter(|_| self.n > 0);
        self.lift = self.chance.filter(|c| *c > 0.0).and_then(|c| self.value.map(|v| v / c));
        self
    }

    fn within(mut self, span: Option<Span>) -> Self {
        (self.low, self.high) = (span.map(|s| s.low), span.map(|s| s.high));
        self
    }
}

impl Spread {
    /// The spread of some values.
    #[must_use]
    pub fn of(values: &[f64], name: &str) -> Self {
        let span = interval::bca_mean(values, LEVEL, REPLICATES, &mut stream(name));
        Self {
            mean: summary::mean(values),
            median: summary::median(values),
            p95: summary::p95(values),
            n: values.len() as u64,
            low: span.map(|s| s.low),
            high: span.map(|s| s.high),
        }
    }
}

fn stream(name: &str) -> Stream {
    Streams::new(0).stream(&format!("referee/{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_known_is_null_and_never_zero() {
        let none = Estimate::proportion(0, 0).beside(Some(0.1));
        assert_eq!(none, Estimate::default());
        assert_eq!(Estimate::mean(&[], "x"), Estimate::default());
        assert_eq!(Estimate::rate(3, 0.0), Estimate { n: 3, ..Estimate::default() });
        assert_eq!(Spread::of(&[], "x"), Spread::default());
        let text = serde_json::to_string(&none).unwrap();
        assert!(text.starts_with(r#"{"value":null,"n":0,"low":null"#), "{text}");
    }

    #[test]
    fn zeros_and_ones_are_a_proportion_and_lift_is_value_over_chance() {
        let found = Estimate::mean(&[1.0, 0.0, 1.0, 1.0], "x").beside(Some(0.25));
        assert_eq!((found.value, found.n, found.lift), (Some(0.75), 4, Some(3.0)));
        assert_eq!(found.low, Estimate::proportion(3, 4).low);
        let graded = Estimate::mean(&[0.5, 0.0, 1.0], "x");
        assert!(graded.low.unwrap() < 0.5 && graded.high.unwrap() > 0.5);
    }
}
