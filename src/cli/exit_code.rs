//! What a process says by its exit code.

/// Done, and everything expected was met.
pub(super) const DONE: u8 = 0;
/// An expectation or a test failed.
pub(super) const FAILED: u8 = 1;
/// Wrong usage or bad input.
pub(super) const BAD_INPUT: u8 = 2;
/// An internal invariant broke: our own bug.
pub(super) const BROKEN: u8 = 3;
/// Ctrl-C: nothing half-written is left.
pub(super) const INTERRUPTED: u8 = 130;

/// Every code with its meaning, for `--help` and the docs.
pub(super) const ALL: [(u8, &str); 5] = [
    (DONE, "done"),
    (FAILED, "an expectation or a test failed"),
    (BAD_INPUT, "wrong usage or bad input"),
    (BROKEN, "an internal invariant broke (a bug of windtunnel)"),
    (INTERRUPTED, "interrupted; nothing half-written is left"),
];

/// The table as `--help` prints it.
#[must_use]
pub(super) fn help() -> String {
    let line = |(code, meaning): &(u8, &str)| format!("  {code:>3}  {meaning}");
    format!("Exit codes:\n{}", ALL.iter().map(line).collect::<Vec<_>>().join("\n"))
}
