//! Invariants of the guardrails over random sequences of actions, and each one's edge.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::engine::History;
use crate::engine::fleet_size::Size;
use crate::engine::placement::Placement;
use crate::engine::visits::Visits;
use crate::model::{
    Operation, OutcomeStatus, Risk, SeriesCatalog, Strategy as Rollout, Topology, Verb,
};
use crate::unit::{ActionId, IncidentId, Name, SimDuration};

const SERVICES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

fn fleet() -> FleetSize {
    let size = |i: usize| Size { replicas: 1 + i as u32, known: true, ready: Some(1 + i as u32) };
    FleetSize::of(SERVICES.iter().enumerate().map(|(i, s)| (Name::from(*s), size(i))).collect())
}

/// A map and a memory without anything in them.
struct Nothing {
    topology: Topology,
    series: SeriesCatalog,
    history: History,
    visits: Visits,
    placement: Placement,
}

impl Nothing {
    /// `a` calls `b`, `b` calls `c`.
    fn new() -> Self {
        let mut topology = Topology::default();
        let ids = SERVICES.map(|name| topology.service(name));
        topology.call(ids[0], ids[1]);
        topology.call(ids[1], ids[2]);
        Self {
            topology,
            series: SeriesCatalog::default(),
            history: History::new(1),
            visits: Visits::default(),
            placement: Placement::default(),
        }
    }

    fn around(&self, now: SimTime) -> Surroundings<'_> {
        Surroundings {
            now,
            topology: &self.topology,
            series: &self.series,
            history: &self.history,
            visits: &self.visits,
            placement: &self.placement,
            events: &[],
            own: &[],
            refuted: &[],
        }
    }
}

fn guards(yaml: &str) -> Guards {
    let specs: Vec<Spec> = serde_saphyr::from_str(yaml).unwrap();
    Guards::build(&specs).unwrap()
}

fn action(id: u32, incident: u32, target: &str, operation: Operation) -> Action {
    Action {
        id: ActionId(id),
        incident: IncidentId(incident),
        target: target.into(),
        operation,
        risk: Risk::Reversible,
        dry_run: false,
        reason: String::new(),
    }
}

fn operation(kind: u8, fleet: &FleetSize, target: &str) -> Operation {
    match kind {
        0 => Operation::Rollback { version: None, strategy: Rollout::Canary },
        1 => Operation::Restart,
        2 => Operation::ScaleOut { replicas: fleet.service(target).replicas + 1 },
        _ => Operation::ReconcileConfig,
    }
}

/// Plays a sequence of (gap in s, service, kind) and returns what was let through.
fn play(guards: &Guards, steps: &[(i64, usize, u8)]) -> Vec<(SimTime, Action)> {
    let (fleet, mut log, mut now) = (fleet(), ActionLog::default(), SimTime::from_secs(0));
    let (mut passed, nothing) = (Vec::new(), Nothing::new());
    for (i, (gap, service, kind)) in steps.iter().enumerate() {
        now += SimDuration::from_secs(*gap);
        let target = SERVICES[*service];
        let action = action(i as u32 + 1, i as u32 + 1, target, operation(*kind, &fleet, target));
        let (cause, confidence) = (Cause::BadDeploy, Ratio::ONE);
        let around = nothing.around(now);
        let (action, fleet, log_now) = (action, &fleet, &log);
        let request = Request {
            now,
            action: &action,
            cause,
            confidence,
            mends: false,
            fleet,
            log: log_now,
            around,
        };
        if guards.rule(&request).last().unwrap().ruling == Ruling::Allow {
            log.record(now, &action, fleet);
            passed.push((now, action));
        }
    }
    passed
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_sequence_exceeds_the_blast_radius(
        steps in proptest::collection::vec((0i64..900, 0usize..6, 0u8..4), 1..60)
    ) {
        let passed = play(&guards("[blast_radius: { max_share: 0.25, window: 30m }]"), &steps);
        let fleet = fleet();
        for (now, _) in &passed {
            let mut sums: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
            let near = passed.iter().filter(|(t, _)| t <= now && now.since(*t).secs_f64() < 1800.0);
            for (_, action) in near {
                let size = fleet.service(&action.target).replicas;
                let sum = sums.entry(action.target.as_str()).or_default();
                match action.operation {
                    Operation::ScaleOut { replicas } => sum.1 += replicas - size,
                    _ => sum.0 = size,
                }
            }
            let touched: u32 = sums.values().map(|(a, b)| a + b).sum();
            prop_assert!(f64::from(touched) <= 0.25 * f64::from(fleet.total()), "{touched}");
        }
    }

    #[test]
    fn the_breaker_never_lets_a_fourth_through_within_the_hour(
        steps in proptest::collection::vec((0i64..1500, 0usize..2, 0u8..2), 1..80)
    ) {
        let passed = play(&guards("[retry_breaker]"), &steps);
        for (now, last) in &passed {
            let same = passed.iter().filter(|(t, a)| {
                t <= now
                    && now.since(*t).secs_f64() < 3600.0
                    && a.target == last.target
                    && a.verb() == last.verb()
            });
            prop_assert!(same.count() <= 3);
        }
    }
}

#[track_caller]
fn check(yaml: &str, confidence: f64, action: &Action, log: &ActionLog, expected: Ruling) {
    let (fleet, now) = (fleet(), SimTime::from_secs(1000));
    let confidence = Ratio::clamped(confidence);
    let (nothing, cause) = (Nothing::new(), Cause::BadDeploy);
    let around = nothing.around(now);
    let request =
        Request { now, action, cause, confidence, mends: false, fleet: &fleet, log, around };
    let verdicts = guards(yaml).rule(&request);
    let last = verdicts.last().unwrap();
    assert_eq!((last.guardrail.as_str(), last.ruling), ("all", expected), "{verdicts:?}");
    assert!(verdicts.iter().all(|v| !v.saw.is_empty() && !v.limit.is_empty()));
}

#[test]
fn each_guardrail_has_its_edge() {
    let restart = action(9, 9, "a", Operation::Restart);
    let wide = action(9, 9, "f", Operation::Restart);
    let risky = Action { risk: Risk::Risky, ..restart.clone() };
    let deadly = Action { risk: Risk::Destructive, ..restart.clone() };
    let grow = action(9, 9, "a", Operation::ScaleOut { replicas: 21 });
    let none = ActionLog::default();
    check("[confidence_floor]", 0.85, &restart, &none, Ruling::Allow);
    check("[confidence_floor]", 0.849, &restart, &none, Ruling::Deny);
    check(
        "[confidence_floor: { per_cause: { bad_deploy: 0.5 } }]",
        0.6,
        &restart,
        &none,
        Ruling::Allow,
    );
    check("[blast_radius]", 1.0, &restart, &none, Ruling::Allow);
    check("[blast_radius]", 1.0, &wide, &none, Ruling::Deny);
    check("[risk_approval]", 1.0, &restart, &none, Ruling::Allow);
    check("[risk_approval]", 1.0, &risky, &none, Ruling::NeedsApproval);
    check("[risk_approval: { from: destructive }]", 1.0, &deadly, &none, Ruling::NeedsApproval);
    check("[replica_bounds]", 1.0, &grow, &none, Ruling::Deny);
    check("[dry_run, risk_approval]", 1.0, &risky, &none, Ruling::DryRun);
    check("[dry_run, confidence_floor]", 0.1, &restart, &none, Ruling::Deny);
    check("[]", 0.0, &restart, &none, Ruling::Allow);
}

#[test]
fn another_incidents_action_is_rested_and_the_own_plan_goes_on() {
    let mut log = ActionLog::default();
    log.record(SimTime::from_secs(900), &action(1, 1, "a", Operation::Restart), &fleet());
    check("[cooldown]", 1.0, &action(2, 2, "a", Operation::Restart), &log, Ruling::Deny);
    check("[cooldown]", 1.0, &action(2, 1, "a", Operation::Restart), &log, Ruling::Allow);
    check("[cooldown]", 1.0, &action(2, 2, "b", Operation::Restart), &log, Ruling::Allow);
    log.end(ActionId(1), SimTime::from_secs(950), OutcomeStatus::Applied);
    check("[cooldown]", 1.0, &action(2, 2, "a", Operation::Restart), &log, Ruling::Deny);
    check(
        "[cooldown: { rest: 50s }]",
        1.0,
        &action(2, 2, "a", Operation::Restart),
        &log,
        Ruling::Allow,
    );
}

#[test]
fn pages_pass_everything() {
    let page = action(1, 1, "a", Operation::PageOnCall { summary: "help".to_owned() });
    assert_eq!(page.verb(), Verb::PageOnCall);
    let all =
        "[dry_run, confidence_floor, blast_radius: { max_share: 0 }, retry_breaker: { max: 0 }]";
    check(all, 0.0, &page, &ActionLog::default(), Ruling::Allow);
}

#[test]
fn time_target_and_switch_stop_what_they_should() {
    // Second 1000 of the epoch: Thursday, 00:16 UTC.
    let none = ActionLog::default();
    let restart = action(9, 9, "a", Operation::Restart);
    for (yaml, expected) in [
        ("[freeze_window: { daily: ['22:00-06:00'] }]", Ruling::Deny),
        ("[freeze_window: { daily: ['22:00-06:00'], ask: true }]", Ruling::NeedsApproval),
        ("[freeze_window: { daily: ['22:00-06:00'], except: [restart] }]", Ruling::Allow),
        ("[freeze_window: { daily: ['06:00-22:00'], days: [wed] }]", Ruling::Allow),
        ("[freeze_window: { days: [thu] }]", Ruling::Deny),
        (
            "[freeze_window: { windows: [{ start: '1970-01-01T00:00:00Z', \
             end: '1970-01-01T00:16:40Z' }] }]",
            Ruling::Allow,
        ),
        ("[protected_targets: { targets: [a] }]", Ruling::Deny),
        ("[protected_targets: { targets: ['a*'], ask: true }]", Ruling::NeedsApproval),
        ("[protected_targets: { targets: [a], verbs: [rollback] }]", Ruling::Allow),
        ("[protected_targets: { targets: [b] }]", Ruling::Allow),
        ("[kill_switch]", Ruling::Allow),
        ("[kill_switch: { engaged: true }]", Ruling::Deny),
        ("[kill_switch: { from: '1970-01-01T00:16:40Z' }]", Ruling::Deny),
        ("[kill_switch: { from: '1970-01-01T00:16:41Z' }]", Ruling::Allow),
        ("[autonomy]", Ruling::Allow),
        ("[autonomy: { reversible: recommend }]", Ruling::Recommend),
        ("[autonomy: { reversible: dry_run }]", Ruling::DryRun),
        (
            "[autonomy: { hours: '09:00-17:00', outside: { reversible: approve } }]",
            Ruling::NeedsApproval,
        ),
        ("[autonomy: { hours: '23:00-17:00', outside: { reversible: approve } }]", Ruling::Allow),
        ("[error_budget]", Ruling::Allow),
    ] {
        check(yaml, 1.0, &restart, &none, expected);
    }
}

#[test]
fn cost_quorum_and_disruption_have_their_edges() {
    let none = ActionLog::default();
    let grow = |replicas| action(9, 9, "d", Operation::ScaleOut { replicas });
    check("[cost_bounds: { max_growth: 0.5 }]", 1.0, &grow(14), &none, Ruling::Allow);
    check("[cost_bounds: { max_growth: 0.5 }]", 1.0, &grow(15), &none, Ruling::Deny);
    let mut log = ActionLog::default();
    log.record(SimTime::from_secs(900), &grow(9), &fleet());
    check("[cost_bounds: { max_growth: 0.5 }]", 1.0, &grow(10), &log, Ruling::Deny);
    check("[cost_bounds: { max_growth: 0.5, window: 10s }]", 1.0, &grow(10), &log, Ruling::Allow);
    let larger = action(9, 9, "d", Operation::ScaleUp { factor: 1.5 });
    check("[cost_bounds: { max_added: 2 }]", 1.0, &larger, &none, Ruling::Allow);
    check("[cost_bounds: { max_added: 1.9 }]", 1.0, &larger, &none, Ruling::Deny);
    let restart = action(9, 9, "d", Operation::Restart);
    check("[disruption_budget: { min_available: 0.75 }]", 1.0, &restart, &none, Ruling::Allow);
    check("[disruption_budget: { min_available: 0.76 }]", 1.0, &restart, &none, Ruling::Deny);
    check("[disruption_budget: { min_available: 1 }]", 1.0, &grow(9), &none, Ruling::Allow);
    check("[healthy_quorum: { min_healthy: 1 }]", 1.0, &restart, &none, Ruling::Allow);
    check("[blast_radius: { max_share: 1, max_services: 0 }]", 1.0, &restart, &none, Ruling::Deny);
}

#[test]
fn every_outcome_class_but_success_opens_the_breaker() {
    let two = "[outcome_breaker: { max: 1, overdue: 50s }]";
    let next = action(9, 9, "b", Operation::Restart);
    let after = |status: Option<OutcomeStatus>, healed: Option<bool>, expected| {
        let mut log = ActionLog::default();
        log.record(SimTime::from_secs(960), &action(1, 1, "a", Operation::Restart), &fleet());
        if let Some(status) = status {
            log.end(ActionId(1), SimTime::from_secs(970), status);
        }
        if let Some(healed) = healed {
            log.judged(ActionId(1), healed);
        }
        check(two, 1.0, &next, &log, expected);
        let own = "[outcome_breaker: { max: 1, per_target: true }]";
        check(own, 1.0, &next, &log, Ruling::Allow);
    };
    for status in [
        OutcomeStatus::Failed,
        OutcomeStatus::Partial,
        OutcomeStatus::NotApplicable,
        OutcomeStatus::Unknown,
    ] {
        after(Some(status), None, Ruling::Deny);
    }
    after(Some(OutcomeStatus::Applied), Some(false), Ruling::Deny);
    after(Some(OutcomeStatus::Applied), Some(true), Ruling::Allow);
    after(Some(OutcomeStatus::Applied), None, Ruling::Allow);
    after(None, None, Ruling::Allow);
    let mut log = ActionLog::default();
    log.record(SimTime::from_secs(950), &action(1, 1, "a", Operation::Restart), &fleet());
    check(two, 1.0, &next, &log, Ruling::Deny);
}

#[test]
fn neighbours_wait_for_each_other_and_strangers_do_not() {
    let mut log = ActionLog::default();
    log.record(SimTime::from_secs(900), &action(1, 1, "b", Operation::Restart), &fleet());
    for (target, expected) in
        [("a", Ruling::Deny), ("b", Ruling::Deny), ("c", Ruling::Deny), ("d", Ruling::Allow)]
    {
        check("[one_at_a_time]", 1.0, &action(2, 2, target, Operation::Restart), &log, expected);
    }
    let own = "[one_at_a_time: { dependants: false }]";
    check(own, 1.0, &action(2, 2, "a", Operation::Restart), &log, Ruling::Allow);
    log.end(ActionId(1), SimTime::from_secs(950), OutcomeStatus::Applied);
    check("[one_at_a_time]", 1.0, &action(2, 2, "a", Operation::Restart), &log, Ruling::Allow);
}
