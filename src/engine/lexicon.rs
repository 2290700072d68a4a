//! Words -> concepts: what logs, events and metrics call the same thing by different names.
//!
//! In: any text (log template, event reason, metric name). Out: its words in lower case, and the
//! concepts that some of them stand for. An `OutOfMemoryError` in a log, an `OOMKilled` event and
//! `container.memory.working_set` all speak of `memory`. The lists are ours, from the vocabulary
//! of Kubernetes events, OpenTelemetry semantic conventions and common runtimes' exceptions.
//! Known limit: English only; a word stands for one concept.

use crate::model::severity;

/// What a text may be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Concept {
    /// Memory, heap, garbage collection.
    Memory,
    /// Certificates and secrets.
    Certificate,
    /// Slowness and time-outs.
    Latency,
    /// Something called cannot be reached.
    Unreachable,
    /// CPU and throttling.
    Cpu,
    /// Disk space.
    Disk,
    /// Packets, loss, names.
    Network,
    /// Configuration and flags.
    Configuration,
    /// Restarts and crashes.
    Restart,
    /// Queues, pools, threads, connections in use.
    Saturation,
    /// A release.
    Release,
    /// Machines.
    Node,
}

const WORDS: [(Concept, &[&str]); 12] = [
    (
        Concept::Memory,
        &["memory", "mem", "oom", "heap", "gc", "oomkilled", "oomkilling", "rss", "outofmemory"],
    ),
    (
        Concept::Certificate,
        &["certificate", "cert", "tls", "ssl", "x509", "handshake", "expiry", "expired", "secret"],
    ),
    (
        Concept::Latency,
        &["latency", "duration", "timeout", "timed", "deadline", "slow", "delay", "delayed"],
    ),
    (
        Concept::Unreachable,
        &["refused", "unavailable", "unreachable", "reset", "disconnected", "broken", "upstream"],
    ),
    (Concept::Cpu, &["cpu", "throttled", "throttling", "load"]),
    (Concept::Disk, &["disk", "filesystem", "space", "enospc", "volume", "inode"]),
    (Concept::Network, &["network", "packet", "packets", "dns", "socket", "partition", "resolve"]),
    (
        Concept::Configuration,
        &["config", "configuration", "configmap", "drift", "setting", "property", "flag"],
    ),
    (Concept::Restart, &["restart", "restarts", "restarted", "crash", "backoff", "killing"]),
    (
        Concept::Saturation,
        &["queue", "backlog", "pool", "threads", "exhausted", "saturated", "connections", "full"],
    ),
    (Concept::Release, &["deploy", "deployment", "rollout", "version", "release", "commit"]),
    (Concept::Node, &["node", "nodenotready", "notready", "evicted", "eviction"]),
];

/// Words that say nothing about what is wrong.
const EMPTY: [&str; 24] = [
    "a",
    "an",
    "and",
    "at",
    "by",
    "error",
    "exception",
    "failed",
    "failure",
    "for",
    "from",
    "http",
    "in",
    "info",
    "is",
    "java",
    "of",
    "on",
    "request",
    "server",
    "the",
    "to",
    "warn",
    "with",
];

/// The words of a text: lower case, split at anything that is no letter or digit and at changes
/// to upper case; short ones, numbers and empty words left out; sorted, unique.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for c in text.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && was_lower) {
            words.push(String::new());
        }
        if let (true, Some(word)) = (c.is_alphanumeric(), words.last_mut()) {
            word.extend(c.to_lowercase());
        }
        was_lower = c.is_lowercase();
    }
    joined(&mut words, text);
    words.retain(|w| {
        w.len() > 1 && !w.chars().all(|c| c.is_ascii_digit()) && !EMPTY.contains(&w.as_str())
    });
    words.sort_unstable();
    words.dedup();
    words
}

/// Names that are one concept as a whole (`OutOfMemoryError`, `OOMKilled`) but fall apart.
fn joined(words: &mut Vec<String>, text: &str) {
    let flat: String =
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    for whole in ["outofmemory", "oomkill", "backoff", "nodenotready", "x509"] {
        if flat.contains(whole) {
            words.push(if whole == "oomkill" { "oomkilled" } else { whole }.to_owned());
        }
    }
}

/// The concepts that some of these words stand for, in order, unique.
#[must_use]
pub fn concepts(words: &[String]) -> Vec<Concept> {
    let speaks = |known: &&[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    WORDS.iter().filter(|(_, known)| speaks(known)).map(|(concept, _)| *concept).collect()
}

/// Whether a text tells of a call to somebody else: its writer complains, and is not the matter.
#[must_use]
pub fn tells_of_call(text: &str) -> bool {
    let words = ["call to", "upstream", "connection refused", "no route to host"];
    let lower = text.to_lowercase();
    words.iter().any(|word| lower.contains(word))
}

/// How much a log line sounds like trouble, 0..=1, by its OpenTelemetry severity and its words.
#[must_use]
pub fn trouble(level: u8, text: &str) -> f64 {
    let words = ["error", "exception", "fail", "fatal", "panic", "refused", "timeout", "timed out"];
    let lower = text.to_lowercase();
    let speaks = words.iter().any(|word| lower.contains(word));
    match (level, speaks) {
        (severity::ERROR.., _) => 1.0,
        (severity::WARN.., true) => 0.9,
        (severity::WARN.., false) => 0.75,
        (0, true) => 0.9,
        (_, true) => 0.6,
        (_, false) => 0.25,
    }
}

impl Concept {
    /// Its name in reasons.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Certificate => "certificate",
            Self::Latency => "latency",
            Self::Unreachable => "unreachable",
            Self::Cpu => "cpu",
            Self::Disk => "disk",
            Self::Network => "network",
            Self::Configuration => "configuration",
            Self::Restart => "restart",
            Self::Saturation => "saturation",
            Self::Release => "release",
            Self::Node => "node",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_words_for_one_thing_are_one_concept() {
        for (text, concept) in [
            ("java.lang.OutOfMemoryError: Java heap space", Concept::Memory),
            ("OOMKilled", Concept::Memory),
            ("container.memory.working_set", Concept::Memory),
            ("x509: certificate has expired", Concept::Certificate),
            ("tls.certificate.time_left", Concept::Certificate),
            ("context deadline exceeded", Concept::Latency),
            ("http.server.request.duration{stat=p99}", Concept::Latency),
            ("dial tcp <*>: connect: connection refused", Concept::Unreachable),
            ("BackOff", Concept::Restart),
            ("NodeNotReady", Concept::Node),
        ] {
            assert!(concepts(&words(text)).contains(&concept), "{text}: {:?}", words(text));
        }
        assert_eq!(concepts(&words("GET /cart 200 in 12 ms")), []);
    }
}
