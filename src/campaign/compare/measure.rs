//! What two sides are compared by, which way is worse, and how much worse is tolerated.

use std::collections::BTreeMap;

use crate::catalog::{did_you_mean, nearest};
use crate::unit::SimDuration;

/// One number a trial is compared by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measure {
    /// Its name.
    pub name: &'static str,
    /// Whether it is in seconds.
    pub seconds: bool,
    /// Whether a higher value is worse.
    pub higher_is_worse: bool,
    /// How much worse, in its unit, is no regression.
    pub tolerance: f64,
}

const fn measure(
    name: &'static str,
    seconds: bool,
    higher_is_worse: bool,
    tolerance: f64,
) -> Measure {
    Measure { name, seconds, higher_is_worse, tolerance }
}

/// All of them, what matters most first.
pub const ALL: &[Measure] = &[
    measure("violations", false, true, 0.0),
    measure("recovered", false, false, 0.0),
    measure("mttr", true, true, 15.0),
    measure("mttd", true, true, 15.0),
    measure("bad_requests", false, true, 100.0),
    measure("diagnosis", false, false, 0.0),
    measure("right_action", false, false, 0.0),
    measure("pages", false, true, 0.0),
    measure("met", false, false, 0.0),
];

/// How much worse each measure may become.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tolerances(BTreeMap<&'static str, f64>);

impl Tolerances {
    /// Reads `mttr=30s` or `pages=1`; several may stand with commas between.
    ///
    /// # Errors
    /// What cannot be read, with the nearest name.
    pub fn read(texts: &[String]) -> Result<Self, String> {
        let mut all = BTreeMap::new();
        for text in texts.iter().flat_map(|text| text.split(',')) {
            let (name, value) = text.split_once('=').ok_or_else(|| {
                format!("expected MEASURE=VALUE, such as mttr=30s, found {text:?}")
            })?;
            let measure = ALL.iter().find(|measure| measure.name == name).ok_or_else(|| {
                let names: Vec<&str> = ALL.iter().map(|measure| measure.name).collect();
                let hint = did_you_mean(nearest(name, names.iter().copied()));
                format!("unknown measure {name:?}{hint} (there are {})", names.join(", "))
            })?;
            let number = if measure.seconds {
                value
                    .parse::<SimDuration>()
                    .map(SimDuration::secs_f64)
                    .map_err(|e| e.to_string())?
            } else {
                let number = value.parse::<f64>().ok().filter(|n| n.is_finite());
                number.ok_or_else(|| format!("expected a number for {name}, found {value:?}"))?
            };
            if number < 0.0 {
                return Err(format!("expected at least 0 for {name}, found {value}"));
            }
            all.insert(measure.name, number);
        }
        Ok(Self(all))
    }

    /// No tolerance for anything: what is seen counts.
    #[must_use]
    pub fn none() -> Self {
        Self(ALL.iter().map(|measure| (measure.name, 0.0)).collect())
    }

    /// How much worse `measure` may become.
    #[must_use]
    pub fn of(&self, measure: &Measure) -> f64 {
        self.0.get(measure.name).copied().unwrap_or(measure.tolerance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tolerances_are_read_in_the_unit_of_their_measure() {
        let read = |text: &str| Tolerances::read(&[text.to_owned()]);
        let found = read("mttr=2m,pages=1").unwrap();
        assert_eq!(found.of(&ALL[2]), 120.0);
        assert_eq!(found.of(&ALL[7]), 1.0);
        assert_eq!(found.of(&ALL[3]), 15.0);
        for (bad, message) in [
            ("mttr", "expected MEASURE=VALUE"),
            ("mtr=3s", "did you mean \"mttr\""),
            ("mttr=3", "expected a duration"),
            ("pages=many", "expected a number for pages"),
            ("pages=-1", "at least 0"),
        ] {
            assert!(read(bad).unwrap_err().contains(message), "{bad}");
        }
    }
}
