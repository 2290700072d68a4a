//! What becomes visible, and when.
//!
//! In: the fleet and its outbox. Out: the batch of a step: logs, spans and a frame at a scrape;
//! events, outcomes and last words whenever there are some. Events of what is not ours stay unseen.

use super::Synthetic;
use crate::model::{Batch, Event};
use crate::unit::SimTime;
use crate::world::chaos::NOT_THE_ENGINES;

impl Synthetic {
    pub(super) fn scrape(&mut self, now: SimTime, batch: &mut Batch) {
        self.scrapes += 1;
        self.hand_over(batch);
        let (spec, scrape) = (&self.spec.scrape, self.scrapes);
        let (first_log, first_span) = (batch.logs.len(), batch.spans.len());
        if self.read {
            self.fleet.show();
            let paper = (&mut batch.logs, &mut batch.spare);
            self.fleet.write_logs(spec, now, scrape, paper);
            let spans = (self.streams.child("spans"), self.operations.as_slice());
            self.fleet.sample_spans(self.entry, spec, spans, (now, scrape), &mut batch.spans);
        }
        let frame = &mut batch.frame;
        self.telemetry.scrape(&mut self.fleet, frame, now, scrape, spec.interval);
        let (watch, map) = (&mut self.around.watch, &self.topology);
        watch.logs(&mut batch.logs, first_log, now, map);
        watch.spans(&mut batch.spans, first_span, now, map);
        watch.remember(frame);
        watch.frame(frame, scrape, &self.telemetry.series, map);
        batch.has_frame = true;
        self.next_scrape = now + spec.interval;
    }

    /// Gives the batch what became visible; what nobody can see stays unseen.
    pub(super) fn hand_over(&mut self, batch: &mut Batch) {
        let (first_log, first_event) = (batch.logs.len(), batch.events.len());
        batch.logs.append(&mut self.out.logs);
        self.out.outcomes.retain(|outcome| outcome.action.0 < NOT_THE_ENGINES);
        batch.outcomes.append(&mut self.out.outcomes);
        let map = &self.topology;
        let seen =
            |event: &Event| event.entity.as_ref().is_none_or(|name| map.lookup(name).is_some());
        batch.events.extend(self.out.events.drain(..).filter(seen));
        let (watch, now) = (&mut self.around.watch, self.out.now);
        watch.logs(&mut batch.logs, first_log, now, map);
        watch.events(&mut batch.events, first_event, now, map);
    }
}
