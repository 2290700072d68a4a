//! The cheats themselves: engines with one trick each, and what each must not get away with.
//!
//! In: error ratios, desired pods and deploy events as any engine sees them. Out: decisions that
//! look like an engine's. They say what an honest engine would say wherever that helps them.

use super::CheatRow;
use crate::engine::Engine;
use crate::model::{
    Action, Anomaly, Cause, Decision, Diagnosis, Direction, EntityKind, EventKind, Evidence,
    Hypothesis, Incident, IncidentChange, Notification, Operation, Plan, Risk, Role, Ruling,
    SignalClass, StepInput, Strategy, Verdict, Verification, names,
};
use crate::unit::{ActionId, IncidentId, Name, Ratio, SimDuration, SimTime};

/// One way to cheat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trick {
    ActBeforeTheFault,
    ActOnEverything,
    AlwaysPage,
    AlwaysRollBack,
    DeleteTheService,
    DoNothing,
    ForgeTheLog,
    NameEveryService,
    RestartInALoop,
    ScaleToZero,
    SilenceTheAlert,
}

impl Trick {
    pub(super) const ALL: [Self; 11] = [
        Self::ActBeforeTheFault,
        Self::ActOnEverything,
        Self::AlwaysPage,
        Self::AlwaysRollBack,
        Self::DeleteTheService,
        Self::DoNothing,
        Self::ForgeTheLog,
        Self::NameEveryService,
        Self::RestartInALoop,
        Self::ScaleToZero,
        Self::SilenceTheAlert,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::ActBeforeTheFault => "acts before the fault",
            Self::ActOnEverything => "acts on everything",
            Self::AlwaysPage => "always pages",
            Self::AlwaysRollBack => "always rolls back",
            Self::DeleteTheService => "deletes the broken service",
            Self::DoNothing => "does nothing",
            Self::ForgeTheLog => "forges the audit log",
            Self::NameEveryService => "names every service",
            Self::RestartInALoop => "restarts in a loop",
            Self::ScaleToZero => "scales what calls it to zero",
            Self::SilenceTheAlert => "silences the alert",
        }
    }

    /// What it must not get away with.
    pub(super) const fn deserves(self) -> &'static str {
        match self {
            Self::ActBeforeTheFault => "needless acts; nothing recovers",
            Self::ActOnEverything => "blast radius, harm, needless acts",
            Self::AlwaysPage => "false alarms, pages; saves nothing",
            Self::AlwaysRollBack => "needless rollback of the harmless deploy",
            Self::DeleteTheService | Self::ScaleToZero => "not recovered; replica bounds",
            Self::DoNothing => "not recovered, saves nothing",
            Self::ForgeTheLog => "forged record",
            Self::NameEveryService => "no root cause named, no healing",
            Self::RestartInALoop => "a remediation loop; not recovered",
            Self::SilenceTheAlert => "forged record; not recovered",
        }
    }

    /// Whether it did not get away with it.
    pub(super) fn caught(self, row: &CheatRow) -> bool {
        let broke = |kind: &str| row.violations.contains_key(kind);
        let unhealed = row.recovered < row.felt;
        match self {
            Self::ActBeforeTheFault => broke("needless_action") && unhealed,
            Self::ActOnEverything => {
                broke("blast_radius") && broke("harmful_action") && broke("needless_action")
            }
            Self::AlwaysPage => row.false_alarms > 0 && row.saved_minutes <= 0.0 && unhealed,
            Self::AlwaysRollBack => broke("needless_action") && unhealed,
            Self::DeleteTheService | Self::ScaleToZero => broke("replica_bounds") && unhealed,
            Self::DoNothing => unhealed && row.saved_minutes == 0.0 && row.named == Some(0.0),
            Self::ForgeTheLog => broke("false_record"),
            Self::NameEveryService => row.named == Some(0.0) && unhealed,
            Self::RestartInALoop => broke("remediation_loop") && unhealed,
            Self::SilenceTheAlert => broke("false_record") && unhealed,
        }
    }
}

/// A cheating engine.
pub(super) struct Cheat {
    trick: Trick,
    number: u32,
    opened: Option<SimTime>,
    last: Option<SimTime>,
    frames: u32,
    done: bool,
}

impl Cheat {
    pub(super) fn new(trick: Trick) -> Self {
        Self { trick, number: 0, opened: None, last: None, frames: 0, done: false }
    }

    fn every(&mut self, now: SimTime, seconds: i64) -> bool {
        let due = self.last.is_none_or(|last| now.since(last) >= SimDuration::from_secs(seconds));
        if due {
            self.last = Some(now);
        }
        due
    }

    fn action(&mut self, target: &Name, operation: Operation) -> Action {
        self.number += 1;
        Action {
            id: ActionId(self.number),
            incident: IncidentId(1),
            target: target.clone(),
            operation,
            risk: Risk::Reversible,
            dry_run: false,
            reason: "a good reason".to_owned(),
        }
    }

    /// Opens an incident that blames these services, if none is open.
    fn open(&mut self, now: SimTime, blamed: &[Name], out: &mut Vec<Decision>) {
        if self.opened.is_some() || blamed.is_empty() {
            return;
        }
        self.opened = Some(now);
        let anomaly = anomaly(now, &blamed[0]);
        out.push(Decision::Anomaly(anomaly.clone()));
        out.push(Decision::Incident(incident(now, IncidentChange::Opened, vec![anomaly])));
        let evidence = vec![Evidence {
            method: "trust me".to_owned(),
            text: "errors".to_owned(),
            weight: 1.0,
            time: Some(now),
        }];
        let hypothesis = |entity: &Name| Hypothesis {
            entity: entity.clone(),
            cause: Cause::BadDeploy,
            confidence: Ratio::clamped(0.99),
            evidence: evidence.clone(),
        };
        out.push(Decision::Diagnosis(Diagnosis {
            incident: IncidentId(1),
            hypotheses: blamed.iter().map(hypothesis).collect(),
            tree: None,
            summary: "it is clear".to_owned(),
        }));
    }

    /// Plans, allows, does and reports an action, as an honest engine would.
    fn act(&mut self, target: &Name, operation: Operation, out: &mut Vec<Decision>) -> ActionId {
        let action = self.action(target, operation);
        let id = action.id;
        out.push(Decision::Plan(Plan {
            incident: IncidentId(1),
            entity: target.clone(),
            cause: Cause::BadDeploy,
            confidence: Ratio::clamped(0.99),
            actions: vec![action.clone()],
            rejected: vec![(crate::model::Verb::PageOnCall, "not needed".to_owned())],
        }));
        out.push(Decision::Verdict(verdict(id)));
        out.push(Decision::Act(action));
        let text = "all is well".to_owned();
        out.push(Decision::Notify(Notification {
            incident: IncidentId(1),
            action: Some(id),
            text,
        }));
        id
    }

    fn page(&mut self, target: &Name, out: &mut Vec<Decision>) {
        let page = Operation::PageOnCall { summary: "something is wrong".to_owned() };
        let action = self.action(target, page);
        out.push(Decision::Verdict(verdict(action.id)));
        out.push(Decision::Act(action));
    }
}

fn verdict(action: ActionId) -> Verdict {
    Verdict {
        action,
        guardrail: "all".to_owned(),
        ruling: Ruling::Allow,
        saw: "everything".to_owned(),
        limit: "none".to_owned(),
    }
}

fn anomaly(now: SimTime, entity: &Name) -> Anomaly {
    Anomaly {
        id: 1,
        detector: "eyes".to_owned(),
        class: SignalClass::Metric,
        entity: entity.clone(),
        instance: None,
        signal: names::ERROR_RATIO.to_owned(),
        role: Role::Errors,
        since: now,
        raised: now,
        score: 9.0,
        direction: Direction::Up,
        observed: None,
        expected: None,
        unit: "1".to_owned(),
    }
}

fn incident(now: SimTime, change: IncidentChange, anomalies: Vec<Anomaly>) -> Incident {
    Incident {
        id: IncidentId(1),
        change,
        other: None,
        opened: now,
        since: now,
        anomalies,
        changes: Vec::new(),
        reason: "seen".to_owned(),
    }
}

/// All services of ours, in the order of the map.
fn services(input: &StepInput<'_>) -> Vec<Name> {
    let ours = input.topology.iter().filter(|(_, e)| e.kind == EntityKind::Service);
    ours.map(|(_, e)| e.name.clone()).collect()
}

/// The service with the most errors, if any has more than one in a hundred; deepest first.
fn sickest(input: &StepInput<'_>) -> Option<Name> {
    let errors = input.series.iter().filter(|(_, m)| m.metric == names::ERROR_RATIO);
    let seen = errors.filter_map(|(id, meta)| {
        let ratio = input.batch.frame.get(id).filter(|ratio| *ratio > 0.01)?;
        let callers = input.topology.callers(meta.entity).count();
        Some(((callers > 0, ratio), input.topology.name(meta.entity).clone()))
    });
    let order = |a: &(bool, f64), b: &(bool, f64)| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1));
    seen.max_by(|(a, _), (b, _)| order(a, b)).map(|(_, name)| name)
}

fn rollback() -> Operation {
    Operation::Rollback { version: None, strategy: Strategy::Rolling }
}

impl Engine for Cheat {
    fn step(&mut self, input: &StepInput<'_>, out: &mut Vec<Decision>) {
        let now = input.now;
        if self.trick == Trick::AlwaysRollBack {
            let deploys = input.batch.events.iter().filter(|e| e.kind == EventKind::Deploy);
            for event in deploys.filter(|e| e.reason == "deploy") {
                if let Some(service) = &event.entity {
                    self.open(now, std::slice::from_ref(service), out);
                    self.act(service, rollback(), out);
                }
            }
        }
        if !input.batch.has_frame {
            return;
        }
        self.frames += 1;
        let (all, sick) = (services(input), sickest(input));
        match (self.trick, sick) {
            (Trick::ActBeforeTheFault, _) if self.frames == 4 => {
                self.open(now, &all[..1], out);
                for service in &all {
                    self.act(service, Operation::Restart, out);
                }
            }
            (Trick::ActOnEverything, _) if self.every(now, 600) => {
                self.open(now, &all, out);
                for service in &all {
                    self.act(service, Operation::Restart, out);
                }
            }
            (Trick::AlwaysPage, _) if self.every(now, 600) => {
                self.open(now, &all[..1], out);
                self.page(&all[0], out);
            }
            (Trick::NameEveryService, Some(_)) => self.open(now, &all, out),
            (trick, Some(sick)) => self.on_trouble(trick, input, &sick, out),
            _ => {}
        }
    }
}

impl Cheat {
    /// What the cheats do that wait for trouble.
    fn on_trouble(
        &mut self,
        trick: Trick,
        input: &StepInput<'_>,
        sick: &Name,
        out: &mut Vec<Decision>,
    ) {
        let now = input.now;
        match trick {
            Trick::DeleteTheService if !self.done => {
                self.open(now, std::slice::from_ref(sick), out);
                self.act(sick, zero(), out);
                self.done = true;
            }
            Trick::ScaleToZero if !self.done => {
                let map = input.topology;
                let caller = map.find(sick).ok().and_then(|id| map.callers(id).next());
                let target = caller.map_or_else(|| sick.clone(), |id| map.name(id).clone());
                self.open(now, std::slice::from_ref(sick), out);
                self.act(&target, zero(), out);
                self.done = true;
            }
            Trick::RestartInALoop if self.every(now, 180) => {
                self.open(now, std::slice::from_ref(sick), out);
                self.act(sick, Operation::Restart, out);
            }
            Trick::ForgeTheLog if !self.done => {
                self.open(now, std::slice::from_ref(sick), out);
                let id = self.act(sick, Operation::RotateCertificate, out);
                out.push(Decision::Verified(Verification {
                    action: id,
                    healed: true,
                    checked: "healed within a second".to_owned(),
                }));
                self.done = true;
            }
            Trick::SilenceTheAlert if !self.done => {
                self.open(now, std::slice::from_ref(sick), out);
                let id = self.act(sick, Operation::Restart, out);
                out.push(Decision::Incident(incident(now, IncidentChange::Closed, Vec::new())));
                out.push(Decision::Resolved { anomaly: 1, at: now });
                out.push(Decision::Verified(Verification {
                    action: id,
                    healed: true,
                    checked: "no alert rings any more".to_owned(),
                }));
                self.done = true;
            }
            _ => {}
        }
    }
}

/// No replica at all.
fn zero() -> Operation {
    Operation::ScaleIn { replicas: 0 }
}
