//! The oracle: it knows what is wrong at the first symptom and does the best that can be done.
//!
//! In: the truth of the run without automation. Out: for each incident, in order, the one remedy
//! among those that its label accepts, or nothing, that leaves users the fewest bad minutes, tried
//! in full runs of the same seed. Tried at the first scrape after the injection and at the first
//! one after users felt it. Source: regret against the best fixed action (Bubeck and Cesa-Bianchi,
//! 2012). Limit: one remedy per incident and greedy over incidents, so it is no strict optimum: an
//! engine may beat it, which then shows as a negative regret.

use super::super::CaseFailure;
use super::probes::act;
use super::replay::{Order, Replayed, replay};
use crate::model::{Operation, Strategy, TrueIncident, Verb};
use crate::scenario::Checked;
use crate::unit::{ActionId, Name, SimTime};

/// What the oracle reached.
pub(super) struct Best {
    /// Its run.
    pub(super) run: Replayed,
    /// Runs that were tried.
    pub(super) runs: u64,
}

/// Plays the oracle; also says what it did, in words.
pub(super) fn play(
    checked: &Checked,
    seed: u64,
    none: &Replayed,
) -> Result<(Best, Vec<String>), CaseFailure> {
    let mut best = Best { run: none.clone(), runs: 0 };
    let (mut chosen, mut told): (Vec<Order>, Vec<String>) = (Vec::new(), Vec::new());
    let mut incidents: Vec<&TrueIncident> =
        none.truth.iter().flat_map(|truth| &truth.incidents).collect();
    incidents.sort_by_key(|incident| incident.window.start);
    let mut number = 0;
    for incident in incidents {
        let mut winner = None;
        for remedy in remedies(checked, none, incident) {
            let mut orders = chosen.clone();
            for (target, operation) in &remedy.steps {
                number += 1;
                let mut action = act(0, target.clone(), operation.clone());
                action.id = ActionId(number);
                orders.push(Order::act(remedy.time, action));
            }
            orders.sort_by_key(|order| order.time);
            let run = replay(checked, seed, &orders)?;
            best.runs += 1;
            if run.suffering() < best.run.suffering() {
                best.run = run;
                winner = Some((orders, remedy));
            }
        }
        if let Some((orders, remedy)) = winner {
            told.push(remedy.words(incident));
            chosen = orders;
        }
    }
    Ok((best, told))
}

/// One remedy at one instant: a step for each target.
struct Remedy {
    time: SimTime,
    verb: Verb,
    steps: Vec<(Name, Operation)>,
}

impl Remedy {
    fn words(&self, incident: &TrueIncident) -> String {
        let targets: Vec<&str> = self.steps.iter().map(|(name, _)| name.as_str()).collect();
        format!("{}: {} of {} at {}", incident.id, self.verb, targets.join(", "), self.time)
    }
}

fn remedies(checked: &Checked, none: &Replayed, incident: &TrueIncident) -> Vec<Remedy> {
    let interval = checked.spec.scrape.interval.nanos();
    let start = none.window.start;
    // The first scrape after an instant.
    let scrape = |time: SimTime| {
        let count = time.since(start).nanos().div_euclid(interval) + 1;
        SimTime::from_nanos(start.nanos() + count * interval)
    };
    let mut times = vec![scrape(incident.window.start)];
    times.extend(incident.onset.map(scrape));
    times.retain(|time| *time < none.window.end);
    times.dedup();
    let mut found = Vec::new();
    for verb in incident.acceptable.iter().filter(|verb| verb.touches_fleet()) {
        let mut steps = Vec::new();
        for root in &incident.root_causes {
            steps.extend(operations(checked, none, *verb, root));
        }
        if !steps.is_empty() {
            let remedy = |time: &SimTime| Remedy { time: *time, verb: *verb, steps: steps.clone() };
            found.extend(times.iter().map(remedy));
        }
    }
    found
}

/// How a verb is done to a root cause, generously.
fn operations(
    checked: &Checked,
    none: &Replayed,
    verb: Verb,
    root: &Name,
) -> Vec<(Name, Operation)> {
    let replicas =
        none.record.replicas.iter().find(|c| c.service == *root).map_or(1, |c| c.desired);
    let own = |operation| vec![(root.clone(), operation)];
    match verb {
        Verb::Rollback => own(Operation::Rollback { version: None, strategy: Strategy::Rolling }),
        Verb::ScaleOut => own(Operation::ScaleOut { replicas: replicas.max(1) * 2 }),
        Verb::ScaleUp => own(Operation::ScaleUp { factor: 2.0 }),
        Verb::Restart => own(Operation::Restart),
        Verb::ReconcileConfig => own(Operation::ReconcileConfig),
        Verb::RotateCertificate => own(Operation::RotateCertificate),
        Verb::OpenCircuit => {
            let map = &none.topology;
            let Ok(id) = map.find(root) else { return Vec::new() };
            let open = |caller| {
                (map.name(caller).clone(), Operation::OpenCircuit { callee: root.clone() })
            };
            map.callers(id).map(open).collect()
        }
        Verb::ScaleIn => own(Operation::ScaleIn { replicas: replicas.div_ceil(2) }),
        Verb::Drain => own(Operation::Drain),
        Verb::ShiftTraffic => own(Operation::ShiftTraffic { share: 1.0 }),
        Verb::ShedLoad => own(Operation::ShedLoad { share: 0.3 }),
        Verb::CleanDisk => own(Operation::CleanDisk),
        Verb::RotateSecret => own(Operation::RotateSecret),
        Verb::DisableFlag => flags(checked, root)
            .into_iter()
            .map(|flag| (root.clone(), Operation::DisableFlag { flag }))
            .collect(),
        Verb::PageOnCall => Vec::new(),
    }
}

/// Flags of a service, as the scenario says.
fn flags(checked: &Checked, service: &Name) -> Vec<String> {
    let services = &checked.spec.fleet.services;
    services.get(service.as_str()).map_or_else(Vec::new, |s| s.flags.keys().cloned().collect())
}
