//! The command as a user meets it: exit codes, messages, files, the JSON contract.

mod bad_input;
mod catalogs;
mod corpus;
#[cfg(unix)]
mod engines;
mod overlay;
mod published;
mod run;
mod scaffold;
mod score;
mod suite;
mod tune;
mod worse;

use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;

/// The repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A scenario of the repository.
fn scenario(name: &str) -> PathBuf {
    root().join("scenarios").join(name)
}

/// The command, to be run in `folder`.
fn windtunnel(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::cargo_bin("windtunnel").expect("the binary is built");
    command.current_dir(folder).env("NO_COLOR", "1").args(args);
    command
}

/// Runs it: exit code, standard output, standard error.
fn run(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } =
        windtunnel(folder, args).output().expect("the command starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
    (status.code().expect("no signal ended it"), text(stdout), text(stderr))
}
