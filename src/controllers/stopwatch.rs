//! The one place of this room that reads the wall clock.
//!
//! For two things: an answer that is too late is a failure of the engine, and with `latency:
//! measured`, which is asked for by name, the time an answer took. Neither is a number in a result.

use std::time::{Duration, Instant};

/// Runs from its start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stopwatch(Instant);

impl Stopwatch {
    /// From now on.
    #[expect(clippy::disallowed_methods, reason = "a time-out is wall time by nature")]
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    /// How long it has run.
    pub(super) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    /// What is left of `limit`.
    pub(super) fn left(&self, limit: Duration) -> Duration {
        limit.saturating_sub(self.elapsed())
    }
}

/// Lets another process run for a moment.
#[expect(clippy::disallowed_methods, reason = "nothing else tells when a process has ended")]
pub(super) fn pause() {
    std::thread::sleep(Duration::from_millis(2));
}
