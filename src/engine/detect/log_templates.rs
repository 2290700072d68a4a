//! New log templates after a learning time, and bursts of known ones.
//!
//! In: log records. Out: one finding per template and entity at the end of each window (at least
//! `window` long; as long as the step where steps are rarer): *novelty* grows with the logarithm of
//! how often a template that was never seen while learning has come since, *burst* compares a
//! window's count with the template's own past rate. Both are weighed by how much the line sounds
//! like trouble. Source: Drain (`engine/templates.rs`); bursts as Poisson counts with
//! overdispersion. Known limit: a template that falls silent is not reported.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Build, Detector, Finding, Scores};
use crate::catalog::{Entry, schema_of};
use crate::engine::History;
use crate::engine::by_entity::ByEntity;
use crate::engine::lexicon::{Concept, concepts, trouble, words};
use crate::engine::templates::{Miner, TemplateId};
use crate::model::{Direction, LogRecord, Role, SignalClass, StepInput};
use crate::unit::{EntityId, SimDuration, SimTime};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "log_templates",
    summary: "new log templates after a learning time, bursts of known ones",
    help: "Mines templates from log lines online. A template never seen during `learn` scores by \
           how unlikely its lines are after the silence before: many in a short time after a long \
           silence; a known one by how far a window's count exceeds its own past. \
           Errors and warnings weigh most; new informational lines hardly count.",
    source: "He, Zhu, Zheng and Lyu, Drain, ICWS 2017",
    example: "{ window: 30s, learn: 5m }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(LogTemplates::new(spec.read()?))),
};

/// Parameters of `log_templates`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Shortest time over which lines are counted.
    pub window: SimDuration,
    /// Time from the first line on during which every template counts as known.
    pub learn: SimDuration,
    /// How long after its first line a template is new.
    pub novel_for: SimDuration,
    /// Chance, as a power of ten, of so many lines after so long a silence at which novelty scores
    /// 1: 3 is one false alarm in a thousand templates that ever appear.
    pub surprise: f64,
    /// Standard deviations above its past rate at which a burst scores 1.
    pub sigmas: f64,
    /// Multiple of its past rate at which a burst scores 1.
    pub factor: f64,
    /// Lines in a window below which nothing is a burst.
    pub least: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            window: SimDuration::from_secs(30),
            learn: SimDuration::from_secs(45),
            novel_for: SimDuration::from_secs(600),
            surprise: 3.0,
            sigmas: 6.0,
            factor: 3.0,
            least: 6,
        }
    }
}

/// See the file's head.
#[derive(Debug)]
pub struct LogTemplates {
    config: Config,
    miner: Miner,
    streams: ByEntity<TemplateId, Stream>,
    /// By number of the entity.
    writers: Vec<Writer>,
    learning_until: Option<SimTime>,
    window_start: Option<SimTime>,
}

/// How long an entity was heard, in seconds; `heard` by the window at hand.
#[derive(Debug, Clone, Copy, Default)]
struct Writer {
    seconds: f64,
    heard: bool,
}

/// One template of one entity.
#[derive(Debug, Clone)]
struct Stream {
    text: String,
    trouble: f64,
    /// Severities that `trouble` is the worst of, a bit each.
    severities: u64,
    role: Role,
    first: SimTime,
    novel: bool,
    /// Seconds for which its entity had been heard before its first line.
    silent: f64,
    last_trace: u128,
    seen: u32,
    in_window: u32,
    first_in_window: SimTime,
    windows: u32,
    held: u32,
    rate: f64,
    variance: f64,
    peak: f64,
}

/// Streams kept; lines of further ones are not counted.
const MOST_STREAMS: usize = 16_384;
/// Weight of the newest window in the past rate.
const LEARNING_RATE: f64 = 0.05;
/// Windows of a burst that the past rate does not learn from.
const MOST_HELD: u32 = 60;
/// Scores beyond this say no more.
const HIGHEST: f64 = 10.0;
/// A burst exceeds the highest past window by so much.
const ABOVE_PEAK: f64 = 1.5;
/// Share of the highest past window that is left after one more.
const PEAK_FADES: f64 = 0.995;

impl LogTemplates {
    /// With nothing learnt.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let (miner, streams, writers) = (Miner::new(0.5), ByEntity::default(), Vec::new());
        Self { config, miner, streams, writers, learning_until: None, window_start: None }
    }

    fn count(&mut self, record: &LogRecord, entity: EntityId) {
        let until = *self.learning_until.get_or_insert(record.time + self.config.learn);
        let (template, _) = self.miner.learn(&record.body);
        if self.writers.len() <= entity.index() {
            self.writers.resize(entity.index() + 1, Writer::default());
        }
        let writer = &mut self.writers[entity.index()];
        writer.heard = true;
        if let Some(stream) = self.streams.get_mut(entity, &template) {
            stream.count(record);
        } else if self.streams.len() < MOST_STREAMS {
            let (text, novel) = (self.miner.text(template), record.time >= until);
            let new = Stream::new(text, record, novel, writer.seconds);
            self.streams.insert(entity, template, new).count(record);
        }
    }

    fn close_window(&mut self, now: SimTime, length: f64, out: &mut Scores) {
        let config = &self.config;
        for writer in self.writers.iter_mut().filter(|writer| writer.heard) {
            writer.seconds += length;
        }
        for (entity, _, stream) in self.streams.iter_mut() {
            let writer = self.writers[entity.index()];
            if !writer.heard {
                continue;
            }
            let novelty = stream.novelty(now, writer.seconds, config);
            let burst = stream.burst(length, config);
            let score = novelty.max(burst);
            if score >= super::FLOOR {
                let since = if novelty >= burst { stream.first } else { stream.first_in_window };
                out.finding(stream.finding(entity, since, score, length));
            }
            stream.learn(burst, length);
        }
        self.writers.iter_mut().for_each(|writer| writer.heard = false);
    }
}

impl Detector for LogTemplates {
    fn observe(&mut self, input: &StepInput<'_>, _history: &History, out: &mut Scores) {
        for record in &input.batch.logs {
            self.count(record, input.topology.service_of(record.entity));
        }
        let start = *self.window_start.get_or_insert(input.now);
        let length = input.now.since(start);
        if length >= self.config.window && length > SimDuration::ZERO {
            self.close_window(input.now, length.secs_f64(), out);
            self.window_start = Some(input.now);
        }
    }
}

impl Stream {
    fn new(text: String, record: &LogRecord, novel: bool, silent: f64) -> Self {
        let trouble = trouble(record.severity, &text);
        let role = role(&text, trouble);
        Self {
            text,
            trouble,
            severities: bit(record.severity),
            role,
            first: record.time,
            novel,
            silent,
            last_trace: 0,
            seen: 0,
            in_window: 0,
            first_in_window: record.time,
            windows: 0,
            held: 0,
            rate: 0.0,
            variance: 0.0,
            peak: 0.0,
        }
    }

    /// Counts a line.
    fn count(&mut self, record: &LogRecord) {
        self.hear(record.severity);
        if self.in_window == 0 {
            self.first_in_window = record.time;
        }
        // One failed request may write a dozen lines: they are one occurrence.
        if record.trace_id == 0 || record.trace_id != self.last_trace || self.seen == 0 {
            self.last_trace = record.trace_id;
            self.seen = self.seen.saturating_add(1);
            self.in_window += 1;
        }
    }

    /// Takes in how severe its writer finds a line.
    fn hear(&mut self, severity: u8) {
        if self.severities & bit(severity) == 0 {
            self.severities |= bit(severity);
            self.trouble = self.trouble.max(trouble(severity, &self.text));
        }
    }

    /// How unlikely the lines since the first are, given the silence before it; `heard` is how long
    /// its entity has been heard by now, in seconds.
    fn novelty(&self, now: SimTime, heard: f64, config: &Config) -> f64 {
        let fresh = self.novel && now.since(self.first) <= config.novel_for;
        if !fresh || self.in_window == 0 || self.silent <= 0.0 {
            return 0.0;
        }
        // After one line in `silent` seconds, the chance of at least k more in `since` seconds is
        // (since / (silent + since))^k, whatever the rate.
        let since = (heard - self.silent).max(1.0);
        let surprise = f64::from(self.seen - 1) * (1.0 + self.silent / since).log10();
        (self.trouble * surprise / config.surprise).min(HIGHEST)
    }

    fn burst(&self, length: f64, config: &Config) -> f64 {
        if self.windows < 2 || self.in_window < config.least {
            return 0.0;
        }
        let expected = self.rate * length;
        let sigma = (expected + self.variance * length * length + 1.0).sqrt();
        let bar = (config.sigmas * sigma)
            .max((config.factor - 1.0) * expected)
            .max(ABOVE_PEAK * self.peak * length - expected)
            .max(f64::from(config.least));
        (self.trouble * (f64::from(self.in_window) - expected) / bar).min(HIGHEST)
    }

    /// Takes the window into the past rate, unless it was a burst.
    fn learn(&mut self, burst: f64, length: f64) {
        let rate = f64::from(std::mem::take(&mut self.in_window)) / length;
        if burst >= 1.0 && self.held < MOST_HELD {
            self.held += 1;
            return;
        }
        self.held = 0;
        self.windows = self.windows.saturating_add(1);
        let share = LEARNING_RATE.max(1.0 / f64::from(self.windows));
        let step = rate - self.rate;
        self.rate += share * step;
        self.peak = rate.max(PEAK_FADES * self.peak);
        self.variance = (1.0 - share) * (self.variance + share * step * step);
    }

    fn finding(&self, entity: EntityId, since: SimTime, score: f64, length: f64) -> Finding {
        Finding {
            detector: ENTRY.kind,
            class: SignalClass::Log,
            entity,
            instance: None,
            signal: self.text.clone(),
            role: self.role,
            since,
            score,
            direction: Direction::Up,
            observed: Some(f64::from(self.in_window) / length),
            expected: Some(self.rate),
            unit: "{line}/s",
            at_once: false,
        }
    }
}

/// OpenTelemetry's severities go up to 24; whoever goes beyond shares a bit.
const fn bit(severity: u8) -> u64 {
    1 << (if severity < 63 { severity } else { 63 })
}

/// The role that a line of trouble plays.
fn role(text: &str, trouble: f64) -> Role {
    if trouble < 0.5 {
        return Role::Other;
    }
    match concepts(&words(text)).first() {
        Some(Concept::Memory) => Role::Memory,
        Some(Concept::Certificate) => Role::Expiry,
        Some(Concept::Cpu) => Role::Cpu,
        Some(Concept::Disk) => Role::Disk,
        _ => Role::Errors,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::testing::findings;
    use crate::model::severity;

    fn line(secs: i64, severity: u8, body: &str) -> LogRecord {
        let (time, body) = (SimTime::from_secs(secs), body.to_owned());
        LogRecord { time, entity: EntityId(1), severity, body, trace_id: 0, span_id: 0 }
    }

    /// `counts[i]` lines in the i-th quarter of a minute -> the highest score in each.
    fn scores(severity: u8, body: &str, counts: &[usize]) -> Vec<(i64, f64)> {
        let mut detector = LogTemplates::new(Config::default());
        let steps = counts.iter().enumerate().map(|(i, n)| {
            let at = i as i64 * 15;
            let mut logs = vec![line(at, severity::INFO, "steady background line")];
            logs.extend((0..*n).map(|k| line(at, severity, &format!("{body} {k}"))));
            (at, logs, Vec::new(), Vec::new())
        });
        let found = findings(&mut detector, steps.collect());
        found.into_iter().map(|(secs, f)| (secs, f.score)).collect()
    }

    #[test]
    fn a_new_error_scores_by_how_often_it_comes() {
        let new = scores(severity::ERROR, "order failed", &[0, 0, 0, 0, 0, 3, 5, 0, 0]);
        assert!(new.len() == 1 && new[0].0 == 90 && new[0].1 > 1.0, "{new:?}");
        let stray = scores(severity::ERROR, "order failed", &[0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1]);
        assert!(stray.iter().all(|(_, score)| *score < 1.0), "{stray:?}");
        let info = scores(severity::INFO, "order seen", &[0, 0, 0, 0, 0, 3, 5, 0, 0]);
        assert!(info.iter().all(|(_, score)| *score < 1.0), "{info:?}");
    }

    #[test]
    fn what_was_learnt_is_not_new_and_its_burst_is() {
        let steady = scores(severity::ERROR, "order failed", &[2; 40]);
        assert_eq!(steady, []);
        let mut counts = vec![2; 40];
        counts.extend([40, 40, 40, 40]);
        let burst = scores(severity::ERROR, "order failed", &counts);
        assert!(burst[0].0 >= 600 && burst[0].1 > 1.5, "{burst:?}");
        assert!(burst.len() >= 2, "{burst:?}");
    }

    #[test]
    fn the_onset_of_a_new_template_is_its_first_line() {
        let mut detector = LogTemplates::new(Config::default());
        let steps = (0..20).map(|i| {
            let body = if i < 10 { "all is well" } else { "java.lang.OutOfMemoryError: heap" };
            (i * 15, vec![line(i * 15, severity::ERROR, body); 4], Vec::new(), Vec::new())
        });
        let found = findings(&mut detector, steps.collect());
        let (_, first) = found.first().unwrap();
        assert_eq!((first.since, first.role), (SimTime::from_secs(150), Role::Memory));
        assert_eq!(first.signal, "java.lang.OutOfMemoryError: heap");
    }
}
