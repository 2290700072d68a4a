//! `windtunnel completions SHELL`: completion code for a shell.

use clap::Args;
use clap_complete::Shell;

use super::exit_code;
use super::failure::Failure;
use super::terminal::Terminal;

/// For which shell.
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell.
    shell: Shell,
}

/// Prints the completion code.
///
/// # Errors
/// If standard output cannot be written.
pub(super) fn run(args: &Completions, terminal: Terminal) -> Result<u8, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut super::command(), "windtunnel", &mut text);
    terminal.print(&String::from_utf8_lossy(&text))?;
    Ok(exit_code::DONE)
}
