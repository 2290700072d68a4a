//! Tiny inputs for the tests of detectors, gate and correlators: one series, one or two services.

use super::History;
use super::detect::{Detector, Finding, Scored, Scores};
use crate::model::{Batch, Event, LogRecord, SeriesCatalog, SeriesMeta, Span, StepInput, Topology};
use crate::unit::{EntityId, SimTime};

/// One series of service `cart` (called by `web`), fed value by value.
pub(crate) struct Series {
    meta: SeriesMeta,
}

/// `n` values around `mean`, with a fixed pattern of deviations up to `spread`.
pub(crate) fn noisy(n: usize, mean: f64, spread: f64) -> Vec<f64> {
    (0..n).map(|i| mean + spread * ((i * 7 % 11) as f64 / 5.0 - 1.0)).collect()
}

/// `web` calls `cart`; ids 0 and 1.
pub(crate) fn topology() -> Topology {
    let mut topology = Topology::default();
    let (web, cart) = (topology.service("web"), topology.service("cart"));
    topology.call(web, cart);
    topology
}

impl Series {
    pub(crate) fn gauge(metric: &str, unit: &str) -> Self {
        Self { meta: SeriesMeta::gauge(EntityId(1), metric, unit) }
    }

    pub(crate) fn counter(metric: &str, unit: &str) -> Self {
        Self { meta: SeriesMeta::counter(EntityId(1), metric, unit) }
    }

    /// What the detector says at each frame, if anything.
    pub(crate) fn scores(
        &self,
        detector: &mut dyn Detector,
        values: &[f64],
    ) -> Vec<Option<Scored>> {
        let topology = topology();
        let mut series = SeriesCatalog::default();
        series.add(self.meta.clone()).unwrap();
        let (mut history, mut batch) = (History::new(4096), Batch::default());
        let mut scores = Scores::default();
        let mut said = Vec::new();
        for (i, value) in values.iter().enumerate() {
            let now = SimTime::from_secs(i as i64 * 15);
            batch.clear();
            scores.clear();
            batch.frame.reset(now, 1);
            batch.frame.values[0] = *value;
            batch.has_frame = true;
            history.push(&batch.frame, &series);
            let input = StepInput { now, topology: &topology, series: &series, batch: &batch };
            detector.observe(&input, &history, &mut scores);
            said.push(scores.series.first().copied());
        }
        said
    }

    /// The score of the last value; 0 if nothing was said.
    pub(crate) fn last_score(&self, detector: &mut dyn Detector, values: &[f64]) -> f64 {
        self.scores(detector, values).last().and_then(|s| *s).map_or(0.0, |s| s.score)
    }
}

/// What becomes visible at a second.
pub(crate) type Step = (i64, Vec<LogRecord>, Vec<Span>, Vec<Event>);

/// What a detector finds in steps of logs, spans and events, at the given seconds.
pub(crate) fn findings(detector: &mut dyn Detector, steps: Vec<Step>) -> Vec<(i64, Finding)> {
    let (topology, series) = (topology(), SeriesCatalog::default());
    let history = History::new(1);
    let mut found = Vec::new();
    for (secs, logs, spans, events) in steps {
        let batch = Batch { logs, spans, events, ..Batch::default() };
        let now = SimTime::from_secs(secs);
        let mut scores = Scores::default();
        let input = StepInput { now, topology: &topology, series: &series, batch: &batch };
        detector.observe(&input, &history, &mut scores);
        found.extend(scores.findings.into_iter().map(|finding| (secs, finding)));
    }
    found
}
