//! A progress bar on standard error, when a person reads along.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::terminal::Terminal;

/// How far something is.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    terminal: Terminal,
}

impl Progress {
    /// A bar that counts `what`; hidden without a terminal.
    pub(super) fn new(terminal: Terminal, what: &str) -> Self {
        Self::of(terminal, &format!("{{bar:30}} {{pos}}/{{len}} {what} {{msg}}"))
    }

    /// The same with the rate and the time left.
    pub(super) fn with_rate(terminal: Terminal, what: &str) -> Self {
        let rate = "{per_sec}, {eta} left, {msg}";
        Self::of(terminal, &format!("{{bar:30}} {{pos}}/{{len}} {what} {rate}"))
    }

    fn of(terminal: Terminal, template: &str) -> Self {
        let bar = ProgressBar::new(0);
        if !terminal.progress {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        let style = ProgressStyle::with_template(template).expect("the template is valid");
        bar.set_style(style);
        Self { bar, terminal }
    }

    /// `done` of `total` are done, the last one was `name`.
    pub(super) fn set(&self, done: usize, total: usize, name: &str) {
        self.bar.set_length(total as u64);
        self.bar.set_position(done as u64);
        self.bar.set_message(name.to_owned());
        // A log without a terminal shows no bar; whoever wants more gets a line each.
        self.bar.suspend(|| self.terminal.detail(&format!("{done}/{total} {name}")));
    }

    /// Wipes the bar.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
