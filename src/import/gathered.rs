//! One case in memory, in any order, until it is put in order and written.
//!
//! In: rows as a foreign file gives them. Out: a case, sorted by time, and what was left out:
//! NaN and infinite samples, second values of one series at one instant (the first stays), spans
//! without id. Sorting is stable, so that equal times keep the order of the source.

use crate::import::ImportError;
use crate::model::{Event, LogRecord, SeriesCatalog, Span, Topology, Truth};
use crate::timeline::{CaseCounts, DatasetWriter, Sample};
use crate::unit::{SeriesId, SimDuration, SimTime};

/// One case in memory.
#[derive(Debug, Default)]
pub struct Gathered {
    /// Its service map.
    pub topology: Topology,
    /// Its columns.
    pub series: SeriesCatalog,
    /// Its labels, if there are any.
    pub truth: Option<Truth>,
    /// Samples so far, in any order.
    pub samples: Vec<Sample>,
    /// Log records so far, in any order.
    pub logs: Vec<LogRecord>,
    /// Spans so far, in any order.
    pub spans: Vec<Span>,
    /// Events so far, in any order.
    pub events: Vec<Event>,
    /// What was shifted, dropped or assumed.
    pub notes: Vec<String>,
}

impl Gathered {
    /// Adds a sample.
    pub fn sample(&mut self, time: SimTime, series: SeriesId, value: f64) {
        self.samples.push(Sample { time, series, value });
    }

    /// Puts everything in order and writes it as the case `name`.
    ///
    /// # Errors
    /// If the case is refused or cannot be written.
    pub fn write(mut self, dataset: &DatasetWriter, name: &str) -> Result<CaseCounts, ImportError> {
        self.clean();
        let mut case = dataset.case(name, &self.topology, &self.series)?;
        for sample in &self.samples {
            case.sample(sample.time, sample.series, sample.value)?;
        }
        self.logs.iter().try_for_each(|log| case.log(log))?;
        self.spans.iter().try_for_each(|span| case.span(span))?;
        self.events.iter().try_for_each(|event| case.event(event))?;
        if let Some(truth) = self.truth {
            case.truth(truth)?;
        }
        for note in self.notes {
            case.note(note);
        }
        Ok(case.finish()?)
    }

    fn clean(&mut self) {
        let read = self.samples.len();
        self.samples.retain(|s| s.value.is_finite());
        self.tell(read - self.samples.len(), "samples that are not finite numbers left out");
        self.samples.sort_by_key(|s| (s.time, s.series));
        let finite = self.samples.len();
        self.samples.dedup_by_key(|s| (s.time, s.series));
        self.tell(finite - self.samples.len(), "second samples of one instant left out");
        let spans = self.spans.len();
        let whole = |s: &Span| s.span_id != 0 && s.trace_id != 0 && s.duration >= SimDuration::ZERO;
        self.spans.retain(whole);
        self.tell(spans - self.spans.len(), "spans without id or of negative length left out");
        self.spans.sort_by_key(Span::end);
        self.logs.sort_by_key(|log| log.time);
        self.events.sort_by_key(|event| event.time);
    }

    fn tell(&mut self, count: usize, what: &str) {
        if count > 0 {
            self.notes.push(format!("{count} {what}"));
        }
    }
}
