//! How one thing of the journal is said in one line: actions, signals, events, hypotheses.
//!
//! Model types in, short text out, in plain words with units. Known limit: English only.

use super::Tone;
use crate::model::{
    Action, Anomaly, AnswerKind, Event, EventKind, Hypothesis, IncidentChange, Operation,
    OutcomeStatus, Ruling, Strategy,
};
use crate::report::format;

/// What an action does: "rollback api-server (canary)".
pub(super) fn action(action: &Action) -> String {
    let target = &action.target;
    match &action.operation {
        Operation::Rollback { version, strategy } => {
            let to = version.as_ref().map(|v| format!(" to {v}")).unwrap_or_default();
            let how = match strategy {
                Strategy::Canary => "canary",
                Strategy::Rolling => "rolling",
            };
            format!("rollback {target}{to} ({how})")
        }
        Operation::ScaleOut { replicas } => {
            format!("scale out {target} to {}", format::count(*replicas as usize, "replica"))
        }
        Operation::ScaleUp { factor } => {
            format!("scale up {target} by ×{}", format::number(*factor))
        }
        Operation::Restart => format!("restart {target}"),
        Operation::ReconcileConfig => format!("reconcile config of {target}"),
        Operation::OpenCircuit { callee } => format!("open circuit {target} → {callee}"),
        Operation::RotateCertificate => format!("rotate certificate of {target}"),
        Operation::ScaleIn { replicas } => {
            format!("scale in {target} to {}", format::count(*replicas as usize, "replica"))
        }
        Operation::Drain => format!("drain node {target}"),
        Operation::ShiftTraffic { share } => {
            format!("shift {:.0} % of the traffic out of {target}", share * 100.0)
        }
        Operation::ShedLoad { share } => {
            format!("shed {:.0} % of the load of {target}", share * 100.0)
        }
        Operation::DisableFlag { flag } => format!("switch flag {flag} of {target} off"),
        Operation::CleanDisk => format!("clean disk of {target}"),
        Operation::RotateSecret => format!("rotate secret of {target}"),
        Operation::PageOnCall { .. } => format!("page on-call about {target}"),
    }
}

/// One signal: "api-server memory at 1.7 GiB, expected 410 MiB (mad)".
pub(super) fn anomaly(anomaly: &Anomaly) -> String {
    let seen = match (anomaly.observed, anomaly.expected) {
        (Some(o), Some(e)) => {
            let unit = &anomaly.unit;
            format!(" at {}, expected {}", format::quantity(o, unit), format::quantity(e, unit))
        }
        (Some(o), None) => format!(" at {}", format::quantity(o, &anomaly.unit)),
        _ => String::new(),
    };
    let signal = format::cut(anomaly.signal.trim(), 56);
    format!("{} {signal}{seen} ({})", anomaly.entity, anomaly.detector)
}

/// One event or change: "deploy api-server v2.4.0 → v2.4.1".
pub(super) fn event(event: &Event) -> String {
    let entity = event.entity.as_ref().map(|e| format!(" {e}")).unwrap_or_default();
    let attribute = |key: &str| event.attributes.get(key).map(String::as_str);
    let from_to = |old: &str, new: &str| match (attribute(old), attribute(new)) {
        (Some(old), Some(new)) => format!(" {old} → {new}"),
        (None, Some(new)) => format!(" {new}"),
        _ => String::new(),
    };
    let more = match event.kind {
        EventKind::Deploy => from_to("previous_version", "version"),
        EventKind::Config => {
            let key = attribute("key").map(|k| format!(" {k}:")).unwrap_or_default();
            format!("{key}{}", from_to("old", "new"))
        }
        EventKind::Commit => {
            let sha =
                attribute("sha").map(|s| format!(" {}", s.chars().take(8).collect::<String>()));
            let message = attribute("message").map(|m| format!(" “{}”", format::cut(m, 40)));
            format!("{}{}", sha.unwrap_or_default(), message.unwrap_or_default())
        }
        EventKind::Flag => from_to("flag", "value"),
        EventKind::ExternalStatus => {
            attribute("status").map(|s| format!(": {s}")).unwrap_or_default()
        }
        EventKind::Kubernetes | EventKind::Alert => {
            let detail = attribute("message").or_else(|| attribute("metric"));
            detail.map(|d| format!(" ({})", format::cut(d, 48))).unwrap_or_default()
        }
    };
    format!("{}{entity}{more}", event.reason)
}

/// One hypothesis: "api-server: bad deploy, 94 %".
pub(super) fn hypothesis(hypothesis: &Hypothesis) -> String {
    let confidence = format::percent(hypothesis.confidence.get());
    format!("{}: {}, {confidence}", hypothesis.entity, format::words(hypothesis.cause.as_str()))
}

/// A ruling in a word.
pub(super) const fn ruling(ruling: Ruling) -> (&'static str, Tone) {
    match ruling {
        Ruling::Allow => ("allow", Tone::Good),
        Ruling::DryRun => ("dry run", Tone::Warn),
        Ruling::Recommend => ("recommend", Tone::Warn),
        Ruling::NeedsApproval => ("needs approval", Tone::Warn),
        Ruling::Deny => ("deny", Tone::Bad),
    }
}

/// What an incident did.
pub(super) const fn change_word(change: IncidentChange) -> &'static str {
    match change {
        IncidentChange::Opened => "opened",
        IncidentChange::Grew => "grew",
        IncidentChange::Merged => "merged",
        IncidentChange::Split => "split off",
        IncidentChange::Closed => "closed",
    }
}

/// An outcome in a word.
pub(super) const fn outcome_words(status: OutcomeStatus) -> (Tone, &'static str) {
    match status {
        OutcomeStatus::Started => (Tone::Plain, "started"),
        OutcomeStatus::Applied => (Tone::Good, "applied"),
        OutcomeStatus::Partial => (Tone::Warn, "applied in part"),
        OutcomeStatus::Failed => (Tone::Bad, "failed"),
        OutcomeStatus::NotApplicable => (Tone::Warn, "not applicable"),
        OutcomeStatus::Unknown => (Tone::Plain, "effect unknown"),
    }
}

/// An answer in a word.
pub(super) const fn answer_words(kind: AnswerKind) -> (Tone, &'static str) {
    match kind {
        AnswerKind::Acknowledged => (Tone::Plain, "acknowledged"),
        AnswerKind::Approved => (Tone::Good, "approved"),
        AnswerKind::Refused => (Tone::Bad, "refused"),
        AnswerKind::Fixed => (Tone::Good, "mended by hand"),
    }
}
