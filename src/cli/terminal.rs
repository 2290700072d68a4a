//! Where output goes: results to standard output, everything else to standard error.
//!
//! Colour and progress depend on whether a terminal reads along, on `--color` and on `NO_COLOR`
//! (no-color.org). This is the only place that asks the environment.

use std::io::{IsTerminal, Write};

use clap::ColorChoice;

/// How much is said, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terminal {
    /// Only errors on standard error.
    quiet: bool,
    /// More on standard error.
    verbose: bool,
    /// Colour on standard output.
    pub(super) color: bool,
    /// Whether standard error is a terminal, so that progress makes sense.
    pub(super) progress: bool,
}

impl Terminal {
    /// As the arguments and the environment say.
    #[must_use]
    pub(super) fn new(color: ColorChoice, quiet: bool, verbose: bool) -> Self {
        let color = match color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => std::io::stdout().is_terminal() && !no_color(),
        };
        let progress = std::io::stderr().is_terminal() && !quiet;
        Self { quiet, verbose, color, progress }
    }

    /// Whether only results and errors are wanted.
    #[must_use]
    pub(super) const fn is_quiet(self) -> bool {
        self.quiet
    }

    /// Whether more than usual is wanted.
    #[must_use]
    pub(super) const fn is_verbose(self) -> bool {
        self.verbose
    }

    /// Writes results, a line end after them.
    ///
    /// # Errors
    /// If standard output cannot be written; a closed pipe is an error too, and quiet.
    pub(super) fn print(self, text: &str) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        out.write_all(text.as_bytes())?;
        if !text.ends_with('\n') {
            out.write_all(b"\n")?;
        }
        out.flush()
    }

    /// The same where the exit code says more than the text: a reader that went away (`| head`)
    /// must not turn a failed verdict into success.
    ///
    /// # Errors
    /// If standard output cannot be written for any other reason.
    pub(super) fn print_verdict(self, text: &str) -> std::io::Result<()> {
        match self.print(text) {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            result => result,
        }
    }

    /// Says something beside the results. A closed standard error is ignored.
    pub(super) fn note(self, text: &str) {
        if !self.quiet {
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }

    /// Says something that only the curious want to know.
    pub(super) fn detail(self, text: &str) {
        if self.verbose {
            self.note(text);
        }
    }

    /// Says why it failed, also when quiet.
    pub(super) fn error(self, text: &str) {
        let _ = writeln!(std::io::stderr(), "{text}");
    }
}

#[expect(clippy::disallowed_methods, reason = "colour is the one thing the environment decides")]
fn no_color() -> bool {
    std::env::var("NO_COLOR").is_ok_and(|value| !value.is_empty())
}
