//! What a sketch injects: the chaos kind that fits an incident, as strong as it was measured.
//!
//! In: incidents, levels, events, the sketched fleet. Out: faults with parameters and, for a
//! person, why this kind and what its strength was taken from. The cause is the label's; without
//! one it follows from what deviates at the root. Recorded deploys of other services become
//! innocent ones. Texts that telemetry could show (versions, keys) never name the cause.

use super::Incident;
use super::fleet::FleetSketch;
use super::levels::{Aspect, Level, Levels};
use crate::model::{Cause, Event, EventKind, Topology};
use crate::unit::{EntityId, Name, SimDuration, Window};

/// How long before an incident a change belongs to it.
const NEAR: SimDuration = SimDuration::from_secs(15 * 60);
/// How long after a label's begin its change may still be recorded.
const LATE: SimDuration = SimDuration::from_secs(5 * 60);
/// Most innocent deploys of a sketch.
const INNOCENT: usize = 3;

/// A fault in the making.
#[derive(Debug, Clone, PartialEq)]
pub struct FaultSketch {
    /// From the start of the scenario.
    pub at: SimDuration,
    /// Kind of fault.
    pub kind: &'static str,
    /// Parameters, as YAML writes them.
    pub params: Vec<(&'static str, String)>,
    /// Why this one, a line each.
    pub why: Vec<String>,
    /// What is blamed: the service and the cause; `None` for what is innocent.
    pub blames: Option<(Name, Cause)>,
}

/// What faults are sketched from.
pub(super) struct Scene<'a> {
    pub(super) incidents: &'a [Incident],
    pub(super) levels: &'a Levels,
    pub(super) events: &'a [Event],
    pub(super) map: &'a Topology,
    pub(super) fleet: &'a FleetSketch,
    pub(super) window: Window,
}

/// The faults of a sketch, in time order.
pub(super) fn sketch(scene: &Scene<'_>) -> Vec<FaultSketch> {
    let mut faults: Vec<FaultSketch> =
        scene.incidents.iter().filter_map(|incident| scene.fault(incident)).collect();
    let culprits: Vec<Name> =
        faults.iter().filter_map(|fault| Some(fault.blames.clone()?.0)).collect();
    let deploys = scene.events.iter().filter(|event| event.kind == EventKind::Deploy);
    let mut seen: Vec<&Name> = Vec::new();
    for event in deploys.filter(|event| scene.window.contains(event.time)) {
        let (Some(name), Some(version)) = (&event.entity, event.attributes.get("version")) else {
            continue;
        };
        let known = scene.fleet.spec.services.contains_key(name.as_str());
        if !known || culprits.contains(name) || seen.contains(&name) || seen.len() == INNOCENT {
            continue;
        }
        seen.push(name);
        faults.push(FaultSketch {
            at: event.time.since(scene.window.start),
            kind: "innocent_deploy",
            params: vec![("service", name.to_string()), ("version", version.clone())],
            why: vec![format!("a deploy of {name} was recorded then; it is not blamed")],
            blames: None,
        });
    }
    faults.sort_by_key(|fault| fault.at);
    faults
}

/// A kind, its parameters, and what they were taken from.
type Fitted = (&'static str, Vec<(&'static str, String)>, String);

impl Scene<'_> {
    fn fault(&self, incident: &Incident) -> Option<FaultSketch> {
        let root = incident.root.as_ref()?;
        self.fleet.spec.services.get(root.as_str())?;
        let at = incident.window.start.since(self.window.start);
        let labelled = incident.cause.filter(|cause| *cause != Cause::Unknown);
        let (cause, reason) = match labelled {
            Some(cause) => (cause, format!("the label says {cause} of {root}")),
            None => {
                let (cause, seen) = self.guess(incident, root);
                let known = match incident.guess.as_str() {
                    "" => format!("the label says {root}, not what was wrong with it"),
                    guess => format!("no label: {guess}"),
                };
                (cause, format!("{known}; {seen} fits {cause} best: a guess"))
            }
        };
        let (kind, mut params, strength) = self.fitted(cause, incident, root);
        if incident.ended && LASTING.contains(&kind) {
            let lasts = SimDuration::from_secs(incident.window.length().secs_f64().ceil() as i64);
            params.push(("lasts", lasts.to_string()));
        }
        let blames = Some((root.clone(), cause));
        Some(FaultSketch { at, kind, params, why: vec![reason, strength], blames })
    }

    fn level(&self, name: &Name, aspect: Aspect) -> Option<&Level> {
        let id: EntityId = self.map.find(name).ok()?;
        self.levels.get(&(id, aspect))
    }

    /// The level of an aspect that deviated.
    fn moved(&self, name: &Name, aspect: Aspect) -> Option<&Level> {
        self.level(name, aspect).filter(|level| level.since.is_some())
    }

    /// A change of a service that belongs to an incident.
    fn change(&self, incident: &Incident, name: &Name) -> Option<&Event> {
        let near =
            Window { start: incident.window.start - NEAR, end: incident.window.start + LATE };
        let mine = |event: &&Event| {
            event.kind.is_change()
                && event.entity.as_ref() == Some(name)
                && near.contains(event.time)
        };
        self.events.iter().rfind(mine)
    }

    /// The cause that fits what deviates at the root, and what that is.
    fn guess(&self, incident: &Incident, root: &Name) -> (Cause, String) {
        if let Some(event) = self.change(incident, root) {
            let cause = match event.kind {
                EventKind::Deploy | EventKind::Commit => Cause::BadDeploy,
                _ => Cause::ConfigDrift,
            };
            return (cause, format!("{} of {root} shortly before", event.reason));
        }
        let grown = |aspect| {
            self.moved(root, aspect).filter(|level| level.ratio().is_some_and(|r| r > 1.2))
        };
        let resources = [Aspect::Cpu, Aspect::Memory, Aspect::Saturation, Aspect::Disk];
        let scarce = resources.into_iter().filter_map(|a| Some((a, grown(a)?.score)));
        let scarce = scarce.max_by(|a, b| a.1.total_cmp(&b.1));
        if let Some(level) = grown(Aspect::Traffic).filter(|l| l.ratio().is_some_and(|r| r >= 1.5))
        {
            let times = level.ratio().unwrap_or(1.0);
            return (Cause::TrafficSurge, format!("traffic × {times:.1}"));
        }
        if let Some((aspect, _)) = scarce {
            let word = format!("{aspect:?}").to_lowercase();
            return (Cause::ResourceExhaustion, format!("more {word} in use"));
        }
        let symptoms = [(Aspect::Errors, "failing"), (Aspect::Latency, "slowness")];
        let seen: Vec<&str> = symptoms
            .iter()
            .filter(|(aspect, _)| self.moved(root, *aspect).is_some())
            .map(|(_, word)| *word)
            .collect();
        let seen = if seen.is_empty() { "nothing measured".to_owned() } else { seen.join(" and ") };
        (Cause::CodeDefect, format!("{seen} with no change and no resource"))
    }

    fn fitted(&self, cause: Cause, incident: &Incident, root: &Name) -> Fitted {
        let service = || ("service", root.to_string());
        match cause {
            Cause::BadDeploy => self.bad_deploy(incident, root),
            Cause::CodeDefect | Cause::Unknown => {
                let (params, told) = self.harm(root, 0.3);
                ("code_defect", with(service(), params), told)
            }
            Cause::DependencyFailure => {
                let (params, told) = self.harm(root, 0.3);
                ("dependency_failure", with(service(), params), told)
            }
            Cause::ConfigDrift => {
                let (params, told) = self.harm(root, 0.3);
                let key = [
                    ("key", "setting".to_owned()),
                    ("desired", "'1'".to_owned()),
                    ("live", "'2'".to_owned()),
                ];
                let all = key.into_iter().chain(params).collect();
                ("config_drift", with(service(), all), told)
            }
            Cause::ResourceExhaustion => self.exhaustion(incident, root),
            Cause::NetworkFault => self.network(root),
            Cause::CertificateExpiry => {
                let until = incident.onset.map(|onset| onset.since(incident.window.start));
                let until = until.filter(|d| *d > SimDuration::ZERO);
                let told = match until {
                    Some(_) => "expires when users first felt it",
                    None => "it is not recorded when users first felt it: it expires at once",
                };
                let until = until.unwrap_or(SimDuration::from_secs(1));
                let params = vec![service(), ("expires_in", seconds(until))];
                ("certificate_expiry", params, told.to_owned())
            }
            Cause::TrafficSurge => {
                let entry = &self.fleet.spec.objective.service;
                let ratio =
                    self.moved(entry, Aspect::Traffic).or(self.moved(root, Aspect::Traffic));
                let ratio = ratio.and_then(Level::ratio).filter(|ratio| *ratio > 1.1);
                let told = match ratio {
                    Some(ratio) => format!("traffic was {ratio:.1} times the normal"),
                    None => "how much more is not measured: 3 times is usual".to_owned(),
                };
                let factor = ratio.unwrap_or(3.0).min(50.0);
                ("traffic_surge", vec![service(), ("factor", number(factor))], told)
            }
            Cause::NodeFailure => (
                "pod_kill",
                vec![service(), ("count", "1".to_owned())],
                "the sketch has no nodes: one replica dies in the node's place".to_owned(),
            ),
        }
    }

    /// Errors and slowness as measured at the root; if neither moved, `usual` of requests fail.
    fn harm(&self, root: &Name, usual: f64) -> (Vec<(&'static str, String)>, String) {
        let (mut params, mut told) = (Vec::new(), Vec::new());
        if let Some((more, level)) = self.errors(root) {
            params.push(("error_ratio", number(more)));
            told.push(format!(
                "errors {} → {}",
                percent(level.normal),
                percent(level.normal + more)
            ));
        }
        if let Some((ratio, level)) = self.slowness(root) {
            params.push(("slow_factor", number(ratio)));
            let during = level.during.unwrap_or_default();
            told.push(format!("latency {} → {}", time(level.normal), time(during)));
        }
        if params.is_empty() {
            params.push(("error_ratio", number(usual)));
            let told = "neither its errors nor its latency moved, or they are not recorded: the \
                        strength is a guess";
            return (params, told.to_owned());
        }
        (params, format!("as measured at {root}: {}", told.join(", ")))
    }

    fn errors(&self, root: &Name) -> Option<(f64, &Level)> {
        let level = self.moved(root, Aspect::Errors)?;
        let more = (level.during? - level.normal).clamp(0.0, 1.0);
        (more >= 0.01).then_some((more, level))
    }

    fn slowness(&self, root: &Name) -> Option<(f64, &Level)> {
        let level = self.moved(root, Aspect::Latency)?;
        let ratio = level.ratio().filter(|ratio| *ratio >= 1.2)?;
        Some((ratio.min(100.0), level))
    }

    fn bad_deploy(&self, incident: &Incident, root: &Name) -> Fitted {
        let recorded = self.change(incident, root).and_then(|e| e.attributes.get("version"));
        let running = &self.fleet.spec.services[root.as_str()].version;
        let version = recorded.filter(|version| *version != running);
        let version = version.cloned().unwrap_or_else(|| format!("{running}-next"));
        let mut params = vec![("service", root.to_string()), ("version", version)];
        let leak = self.moved(root, Aspect::Memory).filter(|l| l.ratio().is_some_and(|r| r > 1.3));
        let restarts = self.moved(root, Aspect::Restarts).is_some();
        if let (Some(level), true) = (leak, restarts) {
            params.push(("mode", "leak".to_owned()));
            let times = level.ratio().unwrap_or(1.0);
            return (
                "bad_deploy",
                params,
                format!("memory × {times:.1}, and containers restarted"),
            );
        }
        if restarts && self.errors(root).is_none_or(|(more, _)| more < 0.1) {
            params.push(("mode", "crash".to_owned()));
            return ("bad_deploy", params, "its containers restarted".to_owned());
        }
        let (harm, told) = self.harm(root, 0.2);
        let slow = harm.iter().all(|(name, _)| *name == "slow_factor");
        params.push(("mode", if slow { "slow" } else { "error" }.to_owned()));
        let one = if slow { "slow_factor" } else { "error_ratio" };
        params.extend(harm.into_iter().filter(|(name, _)| *name == one));
        ("bad_deploy", params, told)
    }

    fn exhaustion(&self, incident: &Incident, root: &Name) -> Fitted {
        let service = ("service", root.to_string());
        let resources = [Aspect::Cpu, Aspect::Memory, Aspect::Saturation];
        let scarce = resources.into_iter().filter_map(|a| Some((a, self.moved(root, a)?)));
        let scarce = scarce.max_by(|a, b| a.1.score.total_cmp(&b.1.score));
        match scarce {
            Some((Aspect::Memory, level)) => {
                let minutes = incident.window.length().secs_f64() / 60.0;
                let mib = (level.during.unwrap_or_default() - level.normal) / 1_048_576.0;
                // Only bytes can be told apart from shares and other units by their size.
                let rate = (mib / minutes.max(1.0)).clamp(5.0, 500.0);
                let told = format!("memory deviates most ({:.0} robust deviations)", level.score);
                let mut params = vec![service];
                if mib > 1.0 {
                    params.push(("mib_per_minute", number(rate)));
                }
                ("memory_leak", params, told)
            }
            Some((Aspect::Saturation, level)) => {
                let told =
                    format!("queues or pools deviate most ({:.0} robust deviations)", level.score);
                ("thread_exhaustion", vec![service], told)
            }
            Some((_, level)) => {
                let told = format!("CPU deviates most ({:.0} robust deviations)", level.score);
                ("cpu_hog", vec![service], told)
            }
            None => {
                let told = "no resource of it deviates or is recorded: CPU is a guess".to_owned();
                ("cpu_hog", vec![service], told)
            }
        }
    }

    fn network(&self, root: &Name) -> Fitted {
        let calls = |name: &str| &self.fleet.spec.services[name].calls;
        let caller = self
            .fleet
            .spec
            .services
            .keys()
            .find(|name| calls(name).iter().any(|call| call.to == root.as_str()));
        let (edge, seen_at) = match caller {
            Some(caller) => (
                vec![("service", caller.clone()), ("callee", root.to_string())],
                Name::from(caller.as_str()),
            ),
            None if !calls(root).is_empty() => (vec![("service", root.to_string())], root.clone()),
            None => {
                let (params, told) = self.harm(root, 0.3);
                let told = format!("nobody calls it in the sketch, so the service itself; {told}");
                return ("dependency_failure", with(("service", root.to_string()), params), told);
            }
        };
        let slow = self.slowness(&seen_at).or_else(|| self.slowness(root));
        let failing = self.errors(&seen_at).or_else(|| self.errors(root));
        match (slow, failing) {
            (None, Some((more, _))) => {
                let told = format!("{} more of the requests fail, none is slow", percent(more));
                let mut params = edge;
                params.push(("share", number(more)));
                ("network_partition", params, told)
            }
            (slow, _) => {
                let added = slow.map(|(_, level)| level.during.unwrap_or_default() - level.normal);
                let told = match added {
                    Some(added) => format!("{} more per request", time(added)),
                    None => "how much is not measured: 200 ms is a guess".to_owned(),
                };
                let millis = (added.unwrap_or(0.2) * 1000.0).clamp(5.0, 60_000.0).round() as i64;
                let mut params = edge;
                params.push(("latency", SimDuration::from_millis(millis).to_string()));
                ("network_latency", params, told)
            }
        }
    }
}

/// Kinds that end by themselves.
const LASTING: [&str; 8] = [
    "code_defect",
    "cpu_hog",
    "dependency_failure",
    "memory_leak",
    "network_latency",
    "network_partition",
    "thread_exhaustion",
    "traffic_surge",
];

fn with(
    first: (&'static str, String),
    rest: Vec<(&'static str, String)>,
) -> Vec<(&'static str, String)> {
    std::iter::once(first).chain(rest).collect()
}

fn seconds(duration: SimDuration) -> String {
    SimDuration::from_secs(duration.secs_f64().round().max(1.0) as i64).to_string()
}

/// Three significant digits.
pub(super) fn number(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return "0".to_owned();
    }
    let digits = (2 - value.abs().log10().floor() as i32).clamp(0, 6);
    let scale = 10f64.powi(digits);
    format!("{}", (value * scale).round() / scale)
}

/// A share as a percentage.
pub(super) fn percent(share: f64) -> String {
    format!("{} %", number(share * 100.0))
}

/// Seconds, in the unit that suits.
pub(super) fn time(seconds: f64) -> String {
    if seconds < 1.0 {
        format!("{} ms", number(seconds * 1e3))
    } else {
        format!("{} s", number(seconds))
    }
}
