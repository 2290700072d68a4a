//! One replica of the request-level simulation: workers, a line, processors shared by all jobs.
//!
//! Each of n jobs that compute gets min(1, cores / n) of a processor. Kept in virtual time: a job
//! ends when the work that every job has got since some origin reaches the job's mark.

use std::collections::{BTreeMap, VecDeque};

use crate::kernel::EventKey;
use crate::unit::SimTime;
use crate::world::fleet::ServiceSpec;

/// Computing to be done for a request.
pub(super) struct Job {
    /// The request.
    pub(super) id: u64,
    /// Seconds of one processor.
    pub(super) work: f64,
}

pub(super) struct Machine {
    pub(super) workers: u32,
    pub(super) busy: u32,
    pub(super) line: VecDeque<u64>,
    /// The event that ends the next job, and when.
    pub(super) watched: Option<(SimTime, EventKey)>,
    cores: f64,
    /// Work that each job present since the origin has got, seconds.
    done: f64,
    now: f64,
    /// Jobs by their mark, in units of 1e-15 s so that they can be ordered, and by request.
    jobs: BTreeMap<(u64, u64), f64>,
}

impl Machine {
    pub(super) fn new(spec: &ServiceSpec) -> Self {
        Self {
            workers: spec.concurrency,
            busy: 0,
            line: VecDeque::new(),
            watched: None,
            cores: spec.cpu_cores,
            done: 0.0,
            now: 0.0,
            jobs: BTreeMap::new(),
        }
    }

    fn speed(&self) -> f64 {
        (self.cores / self.jobs.len().max(1) as f64).min(1.0)
    }

    fn advance(&mut self, now: f64) {
        self.done += (now - self.now) * self.speed();
        self.now = now;
        if self.jobs.is_empty() {
            self.done = 0.0;
        }
    }

    /// A job begins.
    pub(super) fn compute(&mut self, now: f64, job: Job) {
        self.advance(now);
        let mark = self.done + job.work;
        self.jobs.insert(((mark * 1e15) as u64, job.id), mark);
    }

    /// Requests whose jobs are done by `now`.
    pub(super) fn computed(&mut self, now: f64) -> Vec<u64> {
        self.advance(now);
        let mut ended = Vec::new();
        while let Some((&(key, id), &mark)) = self.jobs.first_key_value() {
            if mark > self.done + 1e-12 {
                break;
            }
            self.jobs.remove(&(key, id));
            ended.push(id);
        }
        ended
    }

    /// Seconds until the next job is done.
    pub(super) fn next(&self) -> Option<f64> {
        let (_, mark) = self.jobs.first_key_value()?;
        Some((mark - self.done).max(0.0) / self.speed())
    }
}
