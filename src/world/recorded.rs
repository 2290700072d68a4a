//! A recording as a world: plays a case's telemetry, tick by tick, in open loop.
//!
//! In: a case on disk. Out: a frame per tick (the last value of each series in the interval that
//! ends at the tick), logs, events and ended spans of that interval. Ticks keep the phase of the
//! samples; a gap of more than two intervals is jumped over. Actions are answered `Unknown`, for
//! nobody can know what they would have done; people never answer. Labels never enter a batch.
//! Known limit: rows are delivered at the tick that ends their interval, not at their own instant.

use std::path::Path;

use super::{World, WorldError};
use crate::model::{
    Action, Batch, Event, EventKind, LogRecord, Outcome, OutcomeStatus, SeriesCatalog, Span,
    Topology, Truth, WorldRecord,
};
use crate::timeline::{CaseReader, Rows, Sample, TimelineError};
use crate::unit::{SimDuration, SimTime, Window};

/// Intervals without data after which ticks are left out.
const GAP: i64 = 2;

/// A recording that is played.
pub struct Recorded {
    case: CaseReader,
    interval: SimDuration,
    samples: Stream<Sample>,
    logs: Stream<LogRecord>,
    spans: Stream<Span>,
    events: Stream<Event>,
    alerts: Stream<Event>,
    last_tick: Option<SimTime>,
    last_sample: Option<SimTime>,
    outcomes: Vec<Outcome>,
    ended: bool,
    record: WorldRecord,
}

impl Recorded {
    /// Opens a case for replay.
    ///
    /// # Errors
    /// Everything that can be found wrong without reading all rows.
    pub fn open(case: &Path, interval: SimDuration) -> Result<Self, Vec<TimelineError>> {
        let case = CaseReader::open(case, interval)?;
        Self::play(case).map_err(|error| vec![error])
    }

    fn play(case: CaseReader) -> Result<Self, TimelineError> {
        Ok(Self {
            interval: case.interval(),
            samples: Stream::new(case.samples()?, |s| s.time)?,
            logs: Stream::new(case.logs()?, |log| log.time)?,
            spans: Stream::new(case.spans()?, Span::end)?,
            events: Stream::new(case.events()?, |event| event.time)?,
            alerts: Stream::of(Vec::new(), |event: &Event| event.time),
            last_tick: None,
            last_sample: None,
            outcomes: Vec::new(),
            ended: false,
            record: WorldRecord { interval: case.interval(), ..WorldRecord::default() },
            case,
        })
    }

    /// Also hands the benchmark's alarms to the engine, as events, `shift` later than they rang.
    ///
    /// This is the "reported" protocol of the benchmarks: the engine is told when something is
    /// wrong and where it shows, as their methods are; never what the cause is.
    #[must_use]
    pub fn with_alarms(mut self, shift: SimDuration) -> Self {
        let incidents = self.case.truth().map(|t| t.incidents.as_slice()).unwrap_or_default();
        let mut alerts: Vec<Event> = incidents
            .iter()
            .filter_map(|incident| incident.alarm.as_ref())
            .map(|alarm| {
                let time = alarm.time + shift;
                let event = Event::new(time, EventKind::Alert, alarm.entity.clone(), "alert");
                match &alarm.metric {
                    Some(metric) => event.with("metric", metric.as_str()),
                    None => event,
                }
            })
            .collect();
        alerts.sort_by_key(|event| event.time);
        self.alerts = Stream::of(alerts, |event| event.time);
        self
    }

    fn earliest(&self) -> Option<SimTime> {
        let heads = [
            self.samples.time(),
            self.logs.time(),
            self.spans.time(),
            self.events.time(),
            self.alerts.time(),
        ];
        heads.into_iter().flatten().min()
    }

    fn next_tick(&self) -> Option<SimTime> {
        let Some(due) = self.earliest() else { return self.tick_after_the_end() };
        if let Some(last) = self.last_tick
            && due <= last + self.interval * GAP
        {
            return Some(last + self.interval);
        }
        let phase = self.samples.time().or(self.last_tick).unwrap_or_default();
        Some(
            due + SimDuration::from_nanos(
                phase.since(due).nanos().rem_euclid(self.interval.nanos()),
            ),
        )
    }

    /// One more tick carries the answers to actions that were begun at the last one.
    fn tick_after_the_end(&self) -> Option<SimTime> {
        let pending = !self.outcomes.is_empty() && !self.ended;
        self.last_tick.filter(|_| pending).map(|last| last + self.interval)
    }

    fn step(&mut self, tick: SimTime, batch: &mut Batch) -> Result<(), TimelineError> {
        assert!(self.last_tick.is_none_or(|last| tick > last), "ticks go forward");
        self.ended = self.earliest().is_none();
        batch.frame.reset(tick, self.case.series().len());
        while let Some(sample) = self.samples.pop_until(tick)? {
            batch.frame.values[sample.series.index()] = sample.value;
            self.last_sample = Some(tick);
        }
        let lasting = |last: SimTime| tick <= last + self.interval * GAP;
        let more = self.samples.time().is_some();
        batch.has_frame =
            self.last_sample == Some(tick) || (more && self.last_sample.is_some_and(lasting));
        while let Some(log) = self.logs.pop_until(tick)? {
            batch.logs.push(log);
        }
        while let Some(span) = self.spans.pop_until(tick)? {
            batch.spans.push(span);
        }
        while let Some(event) = self.events.pop_until(tick)? {
            batch.events.push(event);
        }
        while let Some(alert) = self.alerts.pop_until(tick)? {
            batch.events.push(alert);
        }
        batch.events.sort_by_key(|event| event.time);
        self.last_tick = Some(tick);
        Ok(())
    }
}

impl World for Recorded {
    fn window(&self) -> Window {
        let Window { start, end } = self.case.window();
        Window { start, end: end + self.interval }
    }

    fn topology(&self) -> &Topology {
        self.case.topology()
    }

    fn series(&self) -> &SeriesCatalog {
        self.case.series()
    }

    fn next(&mut self) -> Option<SimTime> {
        self.next_tick()
    }

    fn advance(&mut self, to: SimTime, batch: &mut Batch) -> Result<(), WorldError> {
        while let Some(tick) = self.next_tick().filter(|tick| *tick <= to) {
            self.step(tick, batch)?;
        }
        batch.outcomes.append(&mut self.outcomes);
        Ok(())
    }

    fn apply(&mut self, now: SimTime, action: &Action) {
        self.outcomes.push(Outcome {
            action: action.id,
            time: now,
            status: OutcomeStatus::Unknown,
            detail: "recorded world: nobody can know what this would have done".to_owned(),
        });
    }

    fn ask(&mut self, _: SimTime, _: &Action) {}

    fn truth(&self) -> Option<Truth> {
        self.case.truth().cloned()
    }

    fn record(&self) -> &WorldRecord {
        &self.record
    }
}

/// Rows with the next one at hand.
struct Stream<T> {
    rows: Rows<T>,
    head: Option<Result<T, TimelineError>>,
    time_of: fn(&T) -> SimTime,
    last: SimTime,
}

impl<T: Send + 'static> Stream<T> {
    fn new(mut rows: Rows<T>, time_of: fn(&T) -> SimTime) -> Result<Self, TimelineError> {
        let head = rows.next().transpose()?.map(Ok);
        Ok(Self { rows, head, time_of, last: SimTime::from_nanos(i64::MIN) })
    }

    fn of(rows: Vec<T>, time_of: fn(&T) -> SimTime) -> Self {
        let mut rows: Rows<T> = Box::new(rows.into_iter().map(Ok));
        let head = rows.next();
        Self { rows, head, time_of, last: SimTime::from_nanos(i64::MIN) }
    }

    /// When the next row is due; a row that cannot be read is due at once.
    fn time(&self) -> Option<SimTime> {
        self.head.as_ref().map(|head| head.as_ref().map_or(self.last, self.time_of))
    }

    fn pop_until(&mut self, until: SimTime) -> Result<Option<T>, TimelineError> {
        if self.time().is_none_or(|time| time > until) {
            return Ok(None);
        }
        let next = self.rows.next();
        let head = std::mem::replace(&mut self.head, next).transpose()?;
        self.last = head.as_ref().map_or(self.last, self.time_of);
        Ok(head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Alarm, SeriesMeta, TrueIncident};
    use crate::timeline::{DatasetMeta, DatasetWriter};
    use crate::unit::SeriesId;

    const MINUTE: SimDuration = SimDuration::from_secs(60);

    fn at(secs: i64) -> SimTime {
        SimTime::from_secs(secs)
    }

    /// A case with samples of one series and logs at the given seconds.
    fn recorded(samples: &[(i64, f64)], logs: &[i64]) -> (tempfile::TempDir, Recorded) {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("set");
        let meta = DatasetMeta::recorded("set", "test", "none", MINUTE);
        let dataset = DatasetWriter::create(&target, meta).unwrap();
        let (mut map, mut series) = (Topology::default(), SeriesCatalog::default());
        let web = map.service("web");
        series.add(SeriesMeta::gauge(web, "rps", "")).unwrap();
        let mut case = dataset.case("case", &map, &series).unwrap();
        for (time, value) in samples {
            case.sample(at(*time), SeriesId(0), *value).unwrap();
        }
        for time in logs {
            let (body, time) = (format!("at {time}"), at(*time));
            let log = LogRecord { time, entity: web, severity: 0, body, trace_id: 0, span_id: 0 };
            case.log(&log).unwrap();
        }
        case.truth(truth()).unwrap();
        case.finish().unwrap();
        dataset.finish().unwrap();
        let world = Recorded::open(&target.join("case"), MINUTE).unwrap();
        (folder, world)
    }

    fn truth() -> Truth {
        let alarm =
            Alarm { time: at(130), entity: Some("web".into()), metric: Some("rps".to_owned()) };
        let incident = TrueIncident {
            id: "one".to_owned(),
            window: Window { start: at(100), end: at(200) },
            onset: None,
            root_causes: vec!["web".into()],
            cause: None,
            acceptable: Vec::new(),
            forbidden: Vec::new(),
            tolerance_before: SimDuration::ZERO,
            tolerance_after: SimDuration::ZERO,
            alarm: Some(alarm),
        };
        Truth { incidents: vec![incident], ignore: Vec::new() }
    }

    /// Ticks as (second, value of the frame if there is one, logs).
    #[track_caller]
    fn check(samples: &[(i64, f64)], logs: &[i64], expected: &[(i64, Option<f64>, usize)]) {
        let (_folder, mut world) = recorded(samples, logs);
        let mut batch = Batch::default();
        let mut ticks = Vec::new();
        while let Some(tick) = world.next() {
            batch.clear();
            world.advance(tick, &mut batch).unwrap();
            let value = batch.has_frame.then(|| batch.frame.values[0]);
            ticks.push((tick.nanos() / 1_000_000_000, value, batch.logs.len()));
        }
        assert_eq!(format!("{ticks:?}"), format!("{expected:?}"));
    }

    #[test]
    fn the_last_value_of_an_interval_wins_and_a_short_gap_is_an_empty_frame() {
        let samples = [(7, 1.0), (30, 2.0), (67, 3.0), (187, 4.0)];
        let expected = [(7, Some(1.0), 0), (67, Some(3.0), 0), (127, Some(f64::NAN), 0)];
        check(&samples, &[], &[&expected[..], &[(187, Some(4.0), 0)]].concat());
    }

    #[test]
    fn a_long_gap_is_jumped_over_and_the_phase_follows_the_samples() {
        check(
            &[(7, 1.0), (1000, 2.0), (1060, 3.0)],
            &[],
            &[(7, Some(1.0), 0), (1000, Some(2.0), 0), (1060, Some(3.0), 0)],
        );
    }

    #[test]
    fn logs_alone_make_ticks_without_frames() {
        check(&[], &[61, 100, 121], &[(120, None, 2), (180, None, 1)]);
        check(&[(600, 1.0)], &[10, 400], &[(60, None, 1), (420, None, 1), (600, Some(1.0), 0)]);
    }

    #[test]
    fn a_row_at_the_tick_belongs_to_it() {
        check(&[(60, 1.0), (120, 2.0)], &[60, 120], &[(60, Some(1.0), 1), (120, Some(2.0), 1)]);
    }

    #[test]
    fn actions_are_answered_unknown_once_and_the_replay_still_ends() {
        use crate::model::{Operation, Risk};
        use crate::unit::{ActionId, IncidentId};
        let (_folder, mut world) = recorded(&[(60, 1.0)], &[]);
        let mut batch = Batch::default();
        let action = Action {
            id: ActionId(1),
            incident: IncidentId(1),
            target: "web".into(),
            operation: Operation::Restart,
            risk: Risk::Reversible,
            dry_run: false,
            reason: String::new(),
        };
        let mut ticks = 0;
        while let Some(tick) = world.next() {
            batch.clear();
            world.advance(tick, &mut batch).unwrap();
            assert!(batch.outcomes.iter().all(|o| o.status == OutcomeStatus::Unknown));
            assert_eq!(batch.outcomes.len(), ticks);
            world.apply(tick, &action);
            ticks += 1;
        }
        assert_eq!(ticks, 2);
        assert_eq!(world.record().objective, None);
    }

    #[test]
    fn alarms_reach_the_engine_only_if_asked_for() {
        let alerts = |world: &mut Recorded| {
            let mut batch = Batch::default();
            let mut seen = Vec::new();
            while let Some(tick) = world.next() {
                batch.clear();
                world.advance(tick, &mut batch).unwrap();
                seen.extend(batch.events.drain(..).map(|event| (tick, event)));
            }
            seen
        };
        let samples = [(60, 1.0), (120, 1.0), (180, 1.0), (240, 1.0)];
        let (_folder, mut world) = recorded(&samples, &[]);
        assert!(alerts(&mut world).is_empty());
        let (_folder, world) = recorded(&samples, &[]);
        let seen = alerts(&mut world.with_alarms(MINUTE));
        let [(tick, event)] = &seen[..] else { panic!("{seen:?}") };
        assert_eq!((*tick, event.time, event.kind), (at(240), at(190), EventKind::Alert));
        assert_eq!(event.attributes["metric"], "rps");
    }
}
