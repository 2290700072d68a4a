//! A sketch as YAML, with comments that say what is recorded and what is guessed.
//!
//! In: a sketch, the policy's place, what the trial run met. Out: the text of a scenario file.

use std::fmt::Write;

use super::fault::number;
use super::{Sketch, Suggestion};
use crate::unit::{SimDuration, SimTime};
use crate::world::fleet::{CallSpec, ServiceSpec};

impl Sketch {
    /// The scenario file; `policy` is the value of its key, `tried` what one trial met.
    #[must_use]
    pub fn yaml(&self, name: &str, seed: u64, policy: &str, tried: &[Suggestion]) -> String {
        let mut out = String::new();
        self.head(&mut out, name, seed);
        self.services(&mut out);
        self.injected(&mut out);
        let _ = write!(out, "\n# The engine under test.\npolicy: {policy}\n");
        self.expected(&mut out, tried);
        out
    }

    fn head(&self, out: &mut String, name: &str, seed: u64) {
        let (scrape, recorded) = self.scrape;
        let _ = writeln!(
            out,
            "# Made by `windtunnel scaffold` of {}: a sketch to be corrected by hand.\n#\n# The \
             recording (offset from the start of this scenario, UTC clock):",
            self.origin
        );
        if self.story.is_empty() {
            out.push_str("#   nothing deviates, nothing was changed\n");
        }
        for moment in &self.story {
            let offset = moment.time.since(self.start);
            let _ = writeln!(
                out,
                "#   {:>8}  {}  {:<8}  {}",
                clock_offset(offset),
                clock(moment.time),
                moment.sort,
                moment.text
            );
        }
        let labels = if self.labelled {
            "Labels decided on the fault and on what is expected; no engine sees either."
        } else {
            "The recording has no labels: fault and expectations are guesses from telemetry."
        };
        let _ = writeln!(out, "# {labels}");
        let _ = write!(
            out,
            "version: 1\nname: {}\ndescription: {}\nstart: {}\nduration: {}\nseed: \
             {seed}\n",
            quoted(name),
            quoted(&format!("sketched after {}", self.origin)),
            self.start,
            self.duration
        );
        let _ = write!(out, "scrape: {{ interval: {scrape} }}");
        if scrape < recorded {
            let _ = write!(out, " # recorded every {recorded}: too seldom to act on");
        }
        out.push('\n');
    }

    fn services(&self, out: &mut String) {
        let fleet = &self.fleet;
        let objective = &fleet.spec.objective;
        let _ = write!(
            out,
            "\n# Rates, times, replicas and errors are those of the recording before the \
             incident;\n# calls are from {}; retries are not recorded, so there are none.\n",
            fleet.calls
        );
        let _ = write!(
            out,
            "fleet:\n  objective: {{ service: {}, availability: {}, latency_p99: {}, sustained: \
             {} }} # what users were promised: yours?\n  services:\n",
            quoted(objective.service.as_str()),
            objective.availability,
            tenths(objective.latency_p99),
            objective.sustained
        );
        for (name, service) in &fleet.spec.services {
            let _ = write!(out, "    {}:", quoted(name));
            if let Some(missing) = fleet.guessed.get(name) {
                let _ = write!(out, " # not recorded, so guessed: {}", missing.join(", "));
            }
            out.push('\n');
            for line in lines_of(service) {
                let _ = writeln!(out, "      {line}");
            }
        }
        let _ = writeln!(
            out,
            "load: {{ rate: {}, daily_amplitude: 0 }} # requests/s at {}",
            number(fleet.rate),
            objective.service
        );
    }

    fn injected(&self, out: &mut String) {
        if self.faults.is_empty() {
            out.push_str("\n# Nothing is injected: nothing was wrong, as far as it is known.\n");
            out.push_str("faults: []\n");
            return;
        }
        out.push_str("\nfaults:\n");
        for fault in &self.faults {
            for why in &fault.why {
                let _ = writeln!(out, "  # {why}");
            }
            let params: Vec<String> =
                fault.params.iter().map(|(key, value)| format!("{key}: {}", flow(value))).collect();
            let _ = writeln!(
                out,
                "  - at: {}\n    {}: {{ {} }}",
                whole(fault.at),
                fault.kind,
                params.join(", ")
            );
        }
    }

    fn expected(&self, out: &mut String, tried: &[Suggestion]) {
        let (met, missed): (Vec<_>, Vec<_>) = tried.iter().partition(|s| s.met);
        if met.is_empty() {
            out.push_str("\nexpect: []\n");
        } else {
            out.push_str("\n# What one trial met as this file stands.\nexpect:\n");
        }
        for suggestion in &met {
            let _ = writeln!(out, "  - {} # {}", suggestion.sentence, suggestion.saw);
        }
        if !missed.is_empty() {
            out.push_str(
                "  # Suggested, and not met by this policy: take the # away once it should be.\n",
            );
        }
        for suggestion in &missed {
            let _ = writeln!(out, "  # - {} # seen: {}", suggestion.sentence, suggestion.saw);
        }
    }
}

/// The keys of a service that are not as they would be without being said.
fn lines_of(service: &ServiceSpec) -> Vec<String> {
    let plain = ServiceSpec::default();
    let mut lines = vec![
        format!("replicas: {}", service.replicas),
        format!("concurrency: {}", service.concurrency),
        format!("service_time: {}", rounded(service.service_time)),
    ];
    let mut say = |said: bool, line: String| {
        if said {
            lines.push(line);
        }
    };
    let errors = service.error_ratio.get();
    say(service.error_ratio != plain.error_ratio, format!("error_ratio: {}", number(errors)));
    let cpu = service.cpu_share.get();
    say(service.cpu_share != plain.cpu_share, format!("cpu_share: {}", number(cpu)));
    say(service.external, "external: true # not ours: no action on it".to_owned());
    say(service.version != plain.version, format!("version: {}", flow(&service.version)));
    if let Some(previous) = &service.previous_version {
        say(true, format!("previous_version: {}", flow(previous)));
    }
    if let Some(left) = service.certificate_expires_in {
        say(true, format!("certificate_expires_in: {left}"));
    }
    if !service.calls.is_empty() {
        lines.push("calls:".to_owned());
        lines.extend(service.calls.iter().map(|call| format!("  - {}", call_line(call))));
    }
    lines
}

fn call_line(call: &CallSpec) -> String {
    let share = number(call.per_request);
    format!(
        "{{ to: {}, per_request: {share}, timeout: {}, retries: 0 }}",
        flow(&call.to),
        tenths(call.timeout)
    )
}

/// A name as YAML reads it back.
fn quoted(text: &str) -> String {
    let first = text.chars().next().is_some_and(|c| c.is_ascii_alphabetic());
    let plain = first && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./ ".contains(c));
    let word = matches!(text, "true" | "false" | "null" | "yes" | "no" | "on" | "off");
    if plain && !word { text.to_owned() } else { format!("'{}'", text.replace('\'', "''")) }
}

/// A value within braces; numbers and what is quoted already stay as they are.
fn flow(text: &str) -> String {
    let number = text.parse::<f64>().is_ok();
    let duration = text.parse::<SimDuration>().is_ok();
    if number || duration || text.starts_with('\'') { text.to_owned() } else { quoted(text) }
}

/// To a tenth of a millisecond, or to a microsecond below one.
fn rounded(duration: SimDuration) -> SimDuration {
    let step = if duration < SimDuration::from_millis(1) { 1_000 } else { 100_000 };
    let steps = (duration.nanos() + step / 2) / step;
    SimDuration::from_nanos(steps.max(1) * step)
}

/// To a tenth of a second.
fn tenths(duration: SimDuration) -> SimDuration {
    let tenths = (duration.secs_f64() * 10.0).round().max(1.0) as i64;
    SimDuration::from_millis(100 * tenths)
}

fn whole(duration: SimDuration) -> SimDuration {
    SimDuration::from_secs(duration.secs_f64().round() as i64)
}

fn clock_offset(offset: SimDuration) -> String {
    let (sign, seconds) = match offset.secs_f64().round() as i64 {
        seconds if seconds < 0 => ('-', -seconds),
        seconds => ('+', seconds),
    };
    format!("{sign}{:02}:{:02}:{:02}", seconds / 3600, seconds % 3600 / 60, seconds % 60)
}

/// The time of day, UTC, in whole seconds.
fn clock(time: SimTime) -> String {
    let seconds = time.nanos().div_euclid(1_000_000_000).rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds % 3600 / 60, seconds % 60)
}
