//! What an unattended fleet shows of a fault, in one line.
//!
//! In: a scenario. Out: users' failed share and p99 before and at their worst after the injection,
//! the metric of the culprit that moved most, and the platform's events. Nobody acts, but that a
//! fault of people or of the executor is asked by one order.

use std::collections::BTreeMap;

use crate::model::{
    Action, Batch, EventKind, Operation, OutcomeStatus, Risk, SliLog, SliSample, Strategy, names,
};
use crate::scenario::Checked;
use crate::unit::{ActionId, IncidentId, Name, SimDuration, SimTime};
use crate::world::World;
use crate::world::chaos::{self, FaultSpec};

const BEFORE: SimDuration = SimDuration::from_secs(600);
const MINUTE: SimDuration = SimDuration::from_secs(60);

/// What was seen of one column before and after.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    before: f64,
    samples: f64,
    low: f64,
    high: f64,
    gaps: u32,
    after: u32,
}

/// A run that is looked at.
struct Look {
    at: SimTime,
    columns: BTreeMap<usize, Seen>,
    events: BTreeMap<String, u32>,
    answer: Option<String>,
}

/// Runs the scenario unattended and says what the first fault of this kind did.
pub(super) fn observe(checked: &Checked, kind: &str) -> Option<String> {
    let fault = checked.spec.faults.iter().find(|fault| super::is(fault, kind))?;
    let mut world = crate::campaign::scenario::world(checked, checked.file.seed).ok()?;
    let targets = targets(fault);
    let wanted: Vec<usize> = world
        .series()
        .iter()
        .filter(|(_, meta)| {
            let (entity, map) = (meta.entity, world.topology());
            let names = [map.name(entity), map.name(map.service_of(entity))];
            targets.is_empty() || names.iter().any(|name| targets.contains(&name.to_string()))
        })
        .map(|(id, _)| id.index())
        .collect();
    let at = checked.spec.start + fault.at;
    let mut look = Look { at, columns: BTreeMap::new(), events: BTreeMap::new(), answer: None };
    let mut probe = probe(checked, fault);
    let mut batch = Batch::default();
    while let Some(now) = world.next() {
        batch.clear();
        world.advance(now, &mut batch).ok()?;
        if now >= at + MINUTE
            && let Some(order) = probe.take()
        {
            look.answer = Some("an order".to_owned());
            world.apply(now, &order);
        }
        look.take(now, &batch, &wanted);
    }
    let mut told = vec![users(&world.record().sli, at)];
    told.push(look.metric(&*world, kind == "telemetry_loss"));
    told.push(look.platform());
    Some(told.into_iter().flatten().collect::<Vec<_>>().join("; "))
}

/// Names of what the fault is about.
fn targets(fault: &FaultSpec) -> Vec<String> {
    let Ok(built) = chaos::build(fault) else { return Vec::new() };
    let named = built.services().into_iter().map(|(_, name)| name.to_owned());
    let root = built.label().map(|label| label.root.to_string());
    named.chain(root).collect()
}

/// One order, for faults that only an order shows.
fn probe(checked: &Checked, fault: &FaultSpec) -> Option<Action> {
    let entry = checked.spec.entry().to_owned();
    let text = |key: &str| fault.spec.params.get(key).and_then(|v| v.as_str()).unwrap_or("");
    let (target, operation) = match fault.spec.kind.as_str() {
        "people_absent" => (entry, Operation::PageOnCall { summary: "a probe".to_owned() }),
        "executor_down" => (entry, Operation::Restart),
        "backfire" => (
            text("service").to_owned(),
            match text("on") {
                "rollback" => Operation::Rollback { version: None, strategy: Strategy::Rolling },
                "scale_out" => Operation::ScaleOut { replicas: 20 },
                _ => Operation::Restart,
            },
        ),
        _ => return None,
    };
    Some(Action {
        id: ActionId(1),
        incident: IncidentId(1),
        target: Name::from(target),
        operation,
        risk: Risk::Reversible,
        dry_run: false,
        reason: "probe".to_owned(),
    })
}

impl Look {
    fn take(&mut self, now: SimTime, batch: &Batch, wanted: &[usize]) {
        if let Some(answer) = batch.answers.first() {
            self.answer = Some(format!("a page is seen by {}", answer.person));
        } else if self.answer.is_some()
            && let Some(outcome) = batch.outcomes.iter().find(|o| o.status.is_final())
        {
            let word = match outcome.status {
                OutcomeStatus::Applied if outcome.detail == "page delivered" => {
                    "a page is delivered and nobody answers".to_owned()
                }
                OutcomeStatus::Applied => "an order is carried out".to_owned(),
                _ => format!("an order fails: {}", outcome.detail),
            };
            self.answer = Some(word);
        }
        for event in batch.events.iter().filter(|event| event.time >= self.at) {
            let word = match event.kind {
                EventKind::Kubernetes => event.reason.clone(),
                kind => format!("{} event", format!("{kind:?}").to_lowercase()),
            };
            *self.events.entry(word).or_default() += 1;
        }
        if !batch.has_frame || now < self.at - BEFORE {
            return;
        }
        for column in wanted {
            let value = batch.frame.values[*column];
            self.columns.entry(*column).or_default().take(value, now > self.at);
        }
    }

    /// The column that moved most.
    fn metric(&self, world: &dyn World, gaps_count: bool) -> Option<String> {
        let gaps: u32 = self.columns.values().map(|seen| seen.gaps).sum();
        let all: u32 = self.columns.values().map(|seen| seen.after).sum();
        if gaps_count && gaps > 0 {
            return Some(format!("{gaps} of {all} samples missing"));
        }
        let moved = |(column, seen): (&usize, &Seen)| {
            let meta = world.series().iter().nth(*column)?.1;
            let quiet = matches!(meta.metric.as_str(), names::DESIRED_PODS);
            let peak = seen.peak();
            let share = meta.unit == "1";
            let far = if share {
                (peak - seen.mean()).abs() * 5.0
            } else {
                ((peak.abs() + 1e-3) / (seen.mean().abs() + 1e-3)).ln().abs()
            };
            (seen.samples > 0.0 && !quiet && far.is_finite()).then_some((far, *column))
        };
        let (far, column) = self
            .columns
            .iter()
            .filter_map(moved)
            .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)))?;
        if far < 0.2 {
            return Some("no metric of it moved".to_owned());
        }
        let meta = world.series().iter().nth(column)?.1;
        let (seen, name) = (self.columns[&column], world.topology().name(meta.entity));
        let labels: Vec<String> = meta.labels.values().cloned().collect();
        let labels =
            if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let (before, after) = (number(seen.mean(), &meta.unit), number(seen.peak(), &meta.unit));
        Some(format!("{name} {}{labels} {before} → {after}", meta.metric))
    }

    fn platform(&self) -> Option<String> {
        let mut events: Vec<(&String, &u32)> = self
            .events
            .iter()
            .filter(|(word, _)| !matches!(word.as_str(), "Scheduled" | "Pulled" | "Started"))
            .collect();
        events.sort_by_key(|(word, count)| (std::cmp::Reverse(**count), *word));
        let told = events.iter().take(2).map(|(word, count)| format!("{word} ×{count}"));
        let told: Vec<String> = told.chain(self.answer.clone()).collect();
        (!told.is_empty()).then(|| told.join(", "))
    }
}

impl Seen {
    fn take(&mut self, value: f64, after: bool) {
        match (value.is_nan(), after) {
            (true, true) => {
                // A slot that never had a replica is no gap.
                self.gaps += u32::from(self.samples > 0.0);
                self.after += u32::from(self.samples > 0.0);
            }
            (true, false) => {}
            (false, false) => {
                self.before += value;
                self.samples += 1.0;
                (self.low, self.high) = (self.mean(), self.mean());
            }
            (false, true) => {
                self.after += 1;
                (self.low, self.high) = (self.low.min(value), self.high.max(value));
            }
        }
    }

    fn mean(&self) -> f64 {
        self.before / self.samples.max(1.0)
    }

    /// The value farthest from the mean.
    fn peak(&self) -> f64 {
        let mean = self.mean();
        if self.high - mean >= mean - self.low { self.high } else { self.low }
    }
}

/// What users saw before and in the worst minute after.
fn users(sli: &SliLog, at: SimTime) -> Option<String> {
    let minutes = |from: SimTime, to: SimTime| {
        let inside: Vec<SliSample> = sli.iter().filter(|s| s.time > from && s.time <= to).collect();
        let requests: f64 = inside.iter().map(|s| s.requests).sum();
        let failed: f64 = inside.iter().map(|s| s.failed).sum();
        let mut tails: Vec<f64> = inside.iter().filter_map(|s| s.latency_p99_s).collect();
        tails.sort_by(f64::total_cmp);
        let p99 = tails.get(tails.len() / 2).copied();
        (requests > 0.0).then(|| (failed / requests, p99))
    };
    let (before, tail) = minutes(at - BEFORE, at)?;
    let end = sli.last()?.time;
    let (mut worst, mut slowest, mut from) = (0.0_f64, tail, at);
    while from < end {
        if let Some((failed, p99)) = minutes(from, from + MINUTE) {
            worst = worst.max(failed);
            slowest = slowest.into_iter().chain(p99).max_by(f64::total_cmp);
        }
        from += MINUTE;
    }
    let share = |value: f64| format!("{:.2} %", value * 100.0);
    let calm = worst < before + 0.005 && slowest <= tail.map(|tail| tail * 1.3);
    if calm {
        return Some("users feel nothing".to_owned());
    }
    let time = |value: Option<f64>| value.map_or("–".to_owned(), |s| number(s, "s"));
    Some(format!(
        "users: failed {} → {}, p99 {} → {}",
        share(before),
        share(worst),
        time(tail),
        time(slowest)
    ))
}

fn number(value: f64, unit: &str) -> String {
    match unit {
        "s" if value.abs() >= 86_400.0 => format!("{:.1} d", value / 86_400.0),
        "s" if value.abs() >= 600.0 => format!("{:.0} min", value / 60.0),
        "s" if value.abs() >= 10.0 => format!("{value:.0} s"),
        "s" if value.abs() >= 1.0 => format!("{value:.1} s"),
        "s" => format!("{:.0} ms", value * 1e3),
        "By" => format!("{:.0} MiB", value / 1_048_576.0),
        "1" => format!("{:.1} %", value * 100.0),
        _ if value.abs() >= 100.0 => format!("{value:.0}"),
        _ => format!("{value:.1}"),
    }
}
