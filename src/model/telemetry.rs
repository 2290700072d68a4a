//! What an engine is given at one instant: everything that became visible since the last one.

use super::{Answer, Event, Frame, LogRecord, Outcome, SeriesCatalog, Span, Topology};
use crate::unit::SimTime;

/// Everything that became visible in one step. Reused from step to step: `clear` keeps capacity.
#[derive(Debug, Default)]
pub struct Batch {
    /// The scrape of this step, if there was one (`has_frame`); otherwise stale.
    pub frame: Frame,
    /// Whether `frame` is new in this step.
    pub has_frame: bool,
    /// Log records in order of arrival.
    pub logs: Vec<LogRecord>,
    /// Spans in order of arrival (at their end).
    pub spans: Vec<Span>,
    /// Events and changes in order of arrival.
    pub events: Vec<Event>,
    /// What the world answered to earlier actions.
    pub outcomes: Vec<Outcome>,
    /// What people answered to requests for approval.
    pub answers: Vec<Answer>,
    /// Texts of former log records, for whoever writes new ones to reuse their room.
    pub spare: Vec<String>,
}

/// Most texts kept for reuse: the ordinary lines of some thousand services at one scrape.
const MOST_SPARE: usize = 4096;
/// Bytes of a text that is worth keeping: an ordinary line, no stack trace.
const SHORT: usize = 160;

/// What an engine sees in one step: no truth, no world, no clock but `now`.
#[derive(Debug, Clone, Copy)]
pub struct StepInput<'a> {
    /// The simulated instant.
    pub now: SimTime,
    /// The service map as known now.
    pub topology: &'a Topology,
    /// The columns as known now.
    pub series: &'a SeriesCatalog,
    /// What became visible since the last step.
    pub batch: &'a Batch,
}

impl Batch {
    /// Empties it for the next step, keeping its allocations.
    pub fn clear(&mut self) {
        self.has_frame = false;
        let room = MOST_SPARE.saturating_sub(self.spare.len());
        let texts = self.logs.drain(..).map(|line| line.body);
        self.spare.extend(texts.filter(|text| text.capacity() <= SHORT).take(room));
        self.spans.clear();
        self.events.clear();
        self.outcomes.clear();
        self.answers.clear();
    }
}
