//! One fault of the telemetry: what it reaches and what it does to it.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::{SeriesMeta, Topology};
use crate::unit::{EntityId, SimDuration};

/// A sort of telemetry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// Samples of scrapes.
    Metrics,
    /// Log records.
    Logs,
    /// Spans.
    Spans,
    /// Events and changes.
    Events,
}

/// What an untrue metric reads.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// The last value before the fault, for ever.
    Frozen,
    /// This number, in the metric's unit.
    Constant(f64),
    /// The true value times this.
    Times(f64),
}

/// What happens to the telemetry.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// A share of it never arrives.
    Lose {
        /// The share.
        share: f64,
    },
    /// It arrives this much later.
    Delay {
        /// How much.
        by: SimDuration,
    },
    /// Everything arrives twice; rates are counted twice.
    Duplicate,
    /// It stands under the name of another service, and that one's under this one's.
    Swap {
        /// The other service.
        with: String,
    },
    /// A metric reads something else than the truth.
    Lie {
        /// Its name.
        metric: String,
        /// What it reads.
        reads: Reading,
    },
    /// Times of logs, spans and events are stamped by a clock that is this much behind.
    Behind {
        /// How much.
        by: SimDuration,
    },
    /// Counters begin anew at 0: the exporter was restarted.
    Reset {
        /// Value of each column at the reset; filled at the first scrape.
        base: Option<Vec<f64>>,
    },
    /// A monitor from outside raises and clears its alarm again and again.
    FlappingAlert {
        /// From one alarm to the next.
        period: SimDuration,
        /// The period in which it rang last.
        rang: Option<i64>,
    },
}

/// One fault of the telemetry.
#[derive(Debug, Clone, PartialEq)]
pub struct Distortion {
    /// Whose telemetry; `None`: everybody's.
    pub service: Option<String>,
    /// Which sorts.
    pub signals: Vec<Signal>,
    /// What happens to it.
    pub what: What,
    /// How strong it is now, 0..1; a fault that flaps is off at 0.
    pub level: f64,
}

impl Distortion {
    /// Something that happens to all telemetry of a service, or of all.
    #[must_use]
    pub fn of(service: Option<&str>, what: What) -> Self {
        let signals = vec![Signal::Metrics, Signal::Logs, Signal::Spans, Signal::Events];
        Self { service: service.map(str::to_owned), signals, what, level: 1.0 }
    }

    pub(super) fn hits(&self, signal: Signal) -> bool {
        self.level > 0.0 && self.signals.contains(&signal)
    }

    pub(super) fn owns(&self, map: &Topology, entity: EntityId) -> bool {
        let owner = || map.name(map.service_of(entity)).as_str() == self.service_name();
        self.service.is_none() || owner()
    }

    pub(super) fn reaches(&self, map: &Topology, meta: &SeriesMeta) -> bool {
        self.owns(map, meta.entity)
    }

    pub(super) fn service_name(&self) -> &str {
        self.service.as_deref().unwrap_or_default()
    }
}
