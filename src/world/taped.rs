//! A world on tape: whatever it hands over is also written as a case of a dataset.
//!
//! In: any world and an open case. Out: the same world; its frames, logs, spans and events on disk.
//! Rows are held from scrape to scrape and written in time order. What arrives later than rows
//! that are written already is stamped on arrival, and counted, so that a replay shows it when it
//! was seen. Known limit: a replay hands rows over at scrapes, the live run also in between.

use super::layer::Layer;
use super::{World, WorldError};
use crate::model::{Batch, Event, LogRecord, Span, WorldRecord};
use crate::timeline::{CaseCounts, CaseWriter, TimelineError};
use crate::unit::{SimDuration, SimTime};

/// A world that is recorded while it runs.
pub struct Taped<'w> {
    world: &'w mut dyn World,
    case: CaseWriter,
    logs: Held<LogRecord>,
    spans: Held<Span>,
    events: Held<Event>,
}

/// Rows that wait for the next scrape.
struct Held<T> {
    rows: Vec<T>,
    written: SimTime,
    late: u64,
}

/// A row with the time at which it becomes visible in a replay.
trait Row {
    fn visible(&self) -> SimTime;
    fn move_to(&mut self, time: SimTime);
}

impl Row for LogRecord {
    fn visible(&self) -> SimTime {
        self.time
    }
    fn move_to(&mut self, time: SimTime) {
        self.time = time;
    }
}

impl Row for Span {
    fn visible(&self) -> SimTime {
        self.end()
    }
    fn move_to(&mut self, time: SimTime) {
        self.start = time - self.duration;
    }
}

impl Row for Event {
    fn visible(&self) -> SimTime {
        self.time
    }
    fn move_to(&mut self, time: SimTime) {
        self.time = time;
    }
}

impl<T: Row> Held<T> {
    const fn new() -> Self {
        Self { rows: Vec::new(), written: SimTime::from_nanos(i64::MIN), late: 0 }
    }

    /// Everything that is visible by `now`, in time order and not before what is written.
    fn due(&mut self, now: SimTime) -> Vec<T> {
        self.rows.sort_by_key(Row::visible);
        let later = self.rows.partition_point(|row| row.visible() <= now);
        let rest = self.rows.split_off(later);
        let mut due = std::mem::replace(&mut self.rows, rest);
        let arrived = self.written + SimDuration::from_nanos(1);
        for row in due.iter_mut().filter(|row| row.visible() <= self.written) {
            row.move_to(arrived);
            self.late += 1;
        }
        due.sort_by_key(Row::visible);
        self.written = now;
        due
    }
}

impl<'w> Taped<'w> {
    /// Records `world` into `case`.
    #[must_use]
    pub fn new(world: &'w mut dyn World, case: CaseWriter) -> Self {
        let (logs, spans, events) = (Held::new(), Held::new(), Held::new());
        Self { world, case, logs, spans, events }
    }

    fn write(&mut self, now: SimTime) -> Result<(), TimelineError> {
        self.logs.due(now).iter().try_for_each(|log| self.case.log(log))?;
        self.spans.due(now).iter().try_for_each(|span| self.case.span(span))?;
        self.events.due(now).iter().try_for_each(|event| self.case.event(event))
    }

    fn take(&mut self, now: SimTime, batch: &Batch) -> Result<(), TimelineError> {
        self.logs.rows.extend(batch.logs.iter().cloned());
        self.spans.rows.extend(batch.spans.iter().cloned());
        self.events.rows.extend(batch.events.iter().cloned());
        if batch.has_frame {
            self.case.frame(&batch.frame)?;
            self.write(now)?;
        }
        Ok(())
    }

    /// Ends the recording, with the world's labels.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn finish(mut self) -> Result<CaseCounts, TimelineError> {
        self.write(SimTime::from_nanos(i64::MAX))?;
        let late = self.logs.late + self.spans.late + self.events.late;
        if late > 0 {
            self.case.note(format!("{late} rows arrived late and are stamped on arrival"));
        }
        if let Some(truth) = self.world.truth() {
            self.case.truth(truth)?;
        }
        self.case.finish()
    }
}

impl Layer for Taped<'_> {
    fn inner(&self) -> &dyn World {
        self.world
    }

    fn inner_mut(&mut self) -> &mut dyn World {
        self.world
    }

    // The labels are written when the tape ends, and are told from the record.
    fn take_record(&mut self) -> WorldRecord {
        self.world.record().clone()
    }

    fn advance(&mut self, to: SimTime, batch: &mut Batch) -> Result<(), WorldError> {
        self.world.advance(to, batch)?;
        Ok(self.take(to, batch)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::EntityId;

    fn log(secs: i64) -> LogRecord {
        let (time, entity) = (SimTime::from_secs(secs), EntityId(0));
        LogRecord { time, entity, severity: 0, body: String::new(), trace_id: 0, span_id: 0 }
    }

    #[test]
    fn rows_are_sorted_and_late_ones_are_stamped_on_arrival() {
        let mut held = Held::new();
        held.rows = vec![log(9), log(3), log(12)];
        let times = |rows: Vec<LogRecord>| -> Vec<i64> {
            rows.iter().map(|row| row.time.nanos() / 1_000_000_000).collect()
        };
        assert_eq!(times(held.due(SimTime::from_secs(10))), [3, 9]);
        held.rows.push(log(5));
        let due = held.due(SimTime::from_secs(20));
        assert_eq!(due[0].time, SimTime::from_secs(10) + SimDuration::from_nanos(1));
        assert_eq!((times(due), held.late), (vec![10, 12], 1));
    }
}
