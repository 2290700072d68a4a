//! How a fault comes on: at once, slowly, or again and again.
//!
//! In: the time since its injection. Out: its strength, 0..=1, by which its pull is scaled.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::unit::SimDuration;

/// The shape of a fault's strength over time.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Onset {
    /// In full at once.
    #[default]
    Step,
    /// Grows evenly from nothing to full strength in this time.
    Ramp(SimDuration),
    /// Full, then nothing, and so on.
    Flap {
        /// How long in full.
        on: SimDuration,
        /// How long not at all.
        off: SimDuration,
    },
}

impl Onset {
    /// The strength this long after the injection.
    #[must_use]
    pub fn level(self, since: SimDuration) -> f64 {
        match self {
            Self::Step => 1.0,
            Self::Ramp(time) => (since.secs_f64() / time.secs_f64().max(1e-9)).clamp(0.0, 1.0),
            Self::Flap { on, off } => {
                let turn = since.nanos().rem_euclid((on + off).nanos().max(1));
                if turn < on.nanos() { 1.0 } else { 0.0 }
            }
        }
    }

    /// What is out of bounds: path below `onset`, what was expected.
    #[must_use]
    pub fn problems(self) -> Vec<(&'static str, String)> {
        const SECOND: SimDuration = SimDuration::from_secs(1);
        let short = |name, value: SimDuration| {
            (value < SECOND).then(|| (name, format!("expected at least {SECOND}, found {value}")))
        };
        match self {
            Self::Step => Vec::new(),
            Self::Ramp(time) => short("ramp", time).into_iter().collect(),
            Self::Flap { on, off } => {
                [short("flap.on", on), short("flap.off", off)].into_iter().flatten().collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_ramps_and_flaps() {
        let read = |text: &str| serde_saphyr::from_str::<Onset>(text).unwrap();
        let at = |onset: Onset, secs: i64| onset.level(SimDuration::from_secs(secs));
        assert_eq!(at(read("step"), 0), 1.0);
        let ramp = read("{ ramp: 100s }");
        assert_eq!(
            [at(ramp, 0), at(ramp, 25), at(ramp, 100), at(ramp, 900)],
            [0.0, 0.25, 1.0, 1.0]
        );
        let flap = read("{ flap: { on: 10s, off: 20s } }");
        assert_eq!([0, 9, 10, 29, 30].map(|s| at(flap, s)), [1.0, 1.0, 0.0, 0.0, 1.0]);
        assert_eq!(read("{ ramp: 0s }").problems().len(), 1);
        assert!(serde_saphyr::from_str::<Onset>("sudden").is_err());
    }
}
