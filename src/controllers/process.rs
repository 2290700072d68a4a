//! A child process behind three pipes: started in a known environment, read within bounds, and
//! always gone in the end, with all that it started.
//!
//! Bounds: a line (`MAX_LINE`), lines read ahead (`READ_AHEAD`), standard error kept
//! (`KEPT_ERRORS`). A writer and two reader threads keep a child that does not read, or never stops
//! writing, from holding up the trial. On Unix it leads a process group of its own, which is killed
//! whole. Limit: a grandchild that leaves the group is not found.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::stopwatch::{Stopwatch, pause};

/// Longest line that is read, in bytes.
pub(super) const MAX_LINE: u64 = 4 << 20;
/// Lines read ahead of being asked for.
const READ_AHEAD: usize = 4;
/// Bytes kept of the end of standard error.
const KEPT_ERRORS: usize = 4 << 10;
/// How long a process may take to end after it closed its output, or was told to end.
const LAST_BREATH: Duration = Duration::from_secs(2);

/// Processes that are alive, by id, for `end_all`.
static ALIVE: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// Why a command cannot be started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("engine: cannot start {command:?}: {problem}")]
pub struct StartError {
    /// The program.
    pub command: String,
    /// What is wrong.
    pub problem: String,
}

/// What a child's standard output gave.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// A line, without its end.
    Line(Vec<u8>),
    /// A line over the limit.
    Flood,
    /// The end.
    Closed,
    /// Nothing in time.
    Nothing,
}

/// Which pipes a child is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pipes {
    /// Standard input and output are the protocol's.
    Talk,
    /// They are nobody's; only standard error is kept.
    ErrorsOnly,
}

/// A running child.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    to_child: Option<Sender<Vec<u8>>>,
    lines: Receiver<Heard>,
    errors: Receiver<Vec<u8>>,
    status: Option<ExitStatus>,
}

/// Kills every child that is still alive: for Ctrl-C, when nothing is dropped in order.
pub fn end_all() {
    let alive = ALIVE.lock().unwrap_or_else(PoisonError::into_inner);
    alive.iter().for_each(|id| kill_group(*id));
}

impl Process {
    /// Starts `command` in `directory`. The environment is empty but for `PATH` and `HOME`, which
    /// programs are found by, what makes runs equal (`LC_ALL`, `TZ`, `PYTHONHASHSEED`), and `env`.
    ///
    /// # Errors
    /// If there is no such program, or it may not be run.
    pub(super) fn start(
        command: &[String],
        directory: &Path,
        env: &BTreeMap<String, String>,
        pipes: Pipes,
    ) -> Result<Self, StartError> {
        let named = command.first().cloned().unwrap_or_default();
        let fail = |problem: String| StartError { command: named.clone(), problem };
        if named.is_empty() {
            return Err(fail("expected a program and its arguments, found nothing".to_owned()));
        }
        let mut order = Command::new(program(&named, directory));
        order.args(&command[1..]).env_clear().envs(inherited()).envs(FIXED).envs(env);
        let pipe = || if pipes == Pipes::Talk { Stdio::piped() } else { Stdio::null() };
        order.stdin(pipe()).stdout(pipe()).stderr(Stdio::piped());
        if directory.is_dir() {
            order.current_dir(directory);
        }
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut order, 0);
        let mut child = order.spawn().map_err(|error| fail(error.to_string()))?;
        ALIVE.lock().unwrap_or_else(PoisonError::into_inner).insert(child.id());
        let to_child = child.stdin.take().map(write_on);
        let lines = child.stdout.take().map(read_lines).unwrap_or_else(|| channel().1);
        let errors = child.stderr.take().map(keep_errors).unwrap_or_else(|| channel().1);
        Ok(Self { child, to_child, lines, errors, status: None })
    }

    /// Sends a line; what a child that has gone would have read is lost.
    pub(super) fn send(&self, line: Vec<u8>) {
        if let Some(to_child) = &self.to_child {
            let _ = to_child.send(line);
        }
    }

    /// The next line, waited for no longer than `patience`.
    pub(super) fn hear(&self, patience: Duration) -> Heard {
        match self.lines.recv_timeout(patience) {
            Ok(heard) => heard,
            Err(RecvTimeoutError::Timeout) => Heard::Nothing,
            Err(RecvTimeoutError::Disconnected) => Heard::Closed,
        }
    }

    /// Closes its input and waits for its end, for a moment. What it still writes is read.
    pub(super) fn end(&mut self) -> Option<ExitStatus> {
        self.to_child = None;
        let watch = Stopwatch::start();
        while self.status.is_none() && watch.elapsed() < LAST_BREATH {
            while !matches!(self.lines.try_recv(), Err(_) | Ok(Heard::Closed | Heard::Flood)) {}
            self.status = self.child.try_wait().ok().flatten();
            pause();
        }
        self.status
    }

    /// Whether it has ended, as of now.
    pub(super) fn has_ended(&mut self) -> bool {
        if self.status.is_none() {
            self.status = self.child.try_wait().ok().flatten();
        }
        self.status.is_some()
    }

    /// Waits for the end of a child that closed its output, for a moment.
    pub(super) fn wait(&mut self) -> Option<ExitStatus> {
        let watch = Stopwatch::start();
        while self.status.is_none() && watch.elapsed() < LAST_BREATH {
            self.status = self.child.try_wait().ok().flatten();
            if self.status.is_none() {
                pause();
            }
        }
        self.status
    }

    /// Kills it and its group, and waits until it is gone.
    pub(super) fn kill(&mut self) {
        self.to_child = None;
        kill_group(self.child.id());
        if self.status.is_none() {
            let _ = self.child.kill();
            self.status = self.child.wait().ok();
        }
        ALIVE.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.child.id());
    }

    /// The last thing it said on standard error, once that is closed.
    pub(super) fn last_words(&self) -> Option<String> {
        let kept = self.errors.recv_timeout(LAST_BREATH).ok()?;
        let text = String::from_utf8_lossy(&kept);
        let line = text.lines().rev().map(str::trim).find(|line| !line.is_empty())?;
        Some(line.chars().take(300).collect())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What makes two runs of a child equal as far as its environment can.
const FIXED: [(&str, &str); 5] = [
    ("LC_ALL", "C.UTF-8"),
    ("PYTHONDONTWRITEBYTECODE", "1"),
    ("PYTHONHASHSEED", "0"),
    ("PYTHONUNBUFFERED", "1"),
    ("TZ", "UTC"),
];

/// By what programs and their libraries are found; no more is let in.
fn inherited() -> impl Iterator<Item = (&'static str, std::ffi::OsString)> {
    ["PATH", "HOME", "SYSTEMROOT"].into_iter().filter_map(|name| {
        let value = std::env::var_os(name)?;
        Some((name, value))
    })
}

/// A program with a directory in its name is looked for beside the policy file.
fn program(named: &str, directory: &Path) -> PathBuf {
    if named.contains('/') && Path::new(named).is_relative() {
        let whole = directory.join(named);
        std::path::absolute(&whole).unwrap_or(whole)
    } else {
        PathBuf::from(named)
    }
}

fn write_on(mut stdin: ChildStdin) -> Sender<Vec<u8>> {
    let (to_child, from_us) = channel::<Vec<u8>>();
    thread::spawn(move || {
        for line in from_us {
            if stdin.write_all(&line).and_then(|()| stdin.flush()).is_err() {
                break;
            }
        }
    });
    to_child
}

fn read_lines(stdout: ChildStdout) -> Receiver<Heard> {
    let (to_us, lines) = sync_channel(READ_AHEAD);
    thread::spawn(move || {
        let mut reader = BufReader::new(stdout);
        while let Some(heard) = read_line(&mut reader) {
            let last = heard == Heard::Flood;
            if to_us.send(heard).is_err() || last {
                break;
            }
        }
    });
    lines
}

/// The next line; `None` at the end.
fn read_line(reader: &mut impl BufRead) -> Option<Heard> {
    let mut line = Vec::new();
    match reader.take(MAX_LINE + 1).read_until(b'\n', &mut line) {
        Ok(0) | Err(_) => None,
        Ok(_) if line.len() as u64 > MAX_LINE => Some(Heard::Flood),
        Ok(_) => {
            while line.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
                line.pop();
            }
            Some(Heard::Line(line))
        }
    }
}

fn keep_errors(stderr: ChildStderr) -> Receiver<Vec<u8>> {
    let (to_us, errors): (SyncSender<Vec<u8>>, _) = sync_channel(1);
    thread::spawn(move || {
        let (mut reader, mut chunk, mut kept) = (stderr, [0_u8; 4096], Vec::new());
        while let Ok(read @ 1..) = reader.read(&mut chunk) {
            kept.extend_from_slice(&chunk[..read]);
            let over = kept.len().saturating_sub(KEPT_ERRORS);
            kept.drain(..over);
        }
        let _ = to_us.send(kept);
    });
    errors
}

#[cfg(unix)]
fn kill_group(id: u32) {
    use nix::sys::signal::{Signal, killpg};
    if let Ok(id) = i32::try_from(id) {
        // It may have ended by itself: then there is nobody to kill.
        let _ = killpg(nix::unistd::Pid::from_raw(id), Signal::SIGKILL);
    }
}

#[cfg(not(unix))]
fn kill_group(_: u32) {}
