//! An engine in a crate of one's own: implement `Engine`, run a scenario, read the score.
//!
//! ```text
//! scenario -> Synthetic world -> trial::run( world, Vetted<RollBackOnErrors> ) -> Scorecard
//! ```
//!
//! `cargo run --release --example own_engine -- scenarios/0247-memory-leak.yaml`

use std::collections::BTreeMap;
use std::path::PathBuf;

use windtunnel::controllers::Vetted;
use windtunnel::model::{
    Action, Cause, Decision, Diagnosis, Engine, EventKind, Hypothesis, Operation, Plan, Risk,
    Ruling, StepInput, Strategy, Verdict, names,
};
use windtunnel::scenario::load_scenario;
use windtunnel::trial::{self, Mode, Settings};
use windtunnel::unit::{ActionId, EntityId, IncidentId, Name, Ratio, SimDuration, SimTime};
use windtunnel::world::synthetic::Synthetic;

/// Share of failed requests from which a recent deploy is taken back.
const TOO_MANY: f64 = 0.05;
/// How long after a deploy it is a suspect.
const RECENT: SimDuration = SimDuration::from_secs(900);

/// The oldest automation there is: errors after a deploy, so roll back. Once per deploy.
#[derive(Default)]
struct RollBackOnErrors {
    deploys: BTreeMap<EntityId, SimTime>,
    numbered: u32,
}

impl RollBackOnErrors {
    fn roll_back(&mut self, target: &Name, ratio: f64, out: &mut Vec<Decision>) {
        self.numbered += 1;
        let (incident, confidence) = (IncidentId(self.numbered), Ratio::clamped(0.9));
        let action = Action {
            id: ActionId(self.numbered),
            incident,
            target: target.clone(),
            operation: Operation::Rollback { version: None, strategy: Strategy::Canary },
            risk: Risk::Reversible,
            dry_run: false,
            reason: format!("{:.0} % of requests fail after a deploy", ratio * 100.0),
        };
        let (entity, cause) = (target.clone(), Cause::BadDeploy);
        let hypothesis =
            Hypothesis { entity: entity.clone(), cause, confidence, evidence: Vec::new() };
        let (hypotheses, summary) = (vec![hypothesis], action.reason.clone());
        out.push(Decision::Diagnosis(Diagnosis { incident, hypotheses, tree: None, summary }));
        let (actions, rejected) = (vec![action.clone()], Vec::new());
        out.push(Decision::Plan(Plan { incident, entity, cause, confidence, actions, rejected }));
        out.push(Decision::Verdict(Verdict {
            action: action.id,
            guardrail: "once_per_deploy".to_owned(),
            ruling: Ruling::Allow,
            saw: "the first rollback of this deploy".to_owned(),
            limit: "one".to_owned(),
        }));
        out.push(Decision::Act(action));
    }
}

impl Engine for RollBackOnErrors {
    fn step(&mut self, input: &StepInput<'_>, out: &mut Vec<Decision>) {
        for event in input.batch.events.iter().filter(|e| e.kind == EventKind::Deploy) {
            let found = event.entity.as_ref().and_then(|name| input.topology.find(name).ok());
            if let (Some(entity), false) = (found, event.reason.contains("rollback")) {
                self.deploys.insert(entity, input.now);
            }
        }
        if !input.batch.has_frame {
            return;
        }
        for (id, meta) in input.series.iter().filter(|(_, m)| m.metric == names::ERROR_RATIO) {
            let service = input.topology.service_of(meta.entity);
            let recent = self.deploys.get(&service).is_some_and(|t| input.now.since(*t) < RECENT);
            let ratio = input.batch.frame.get(id).unwrap_or(0.0);
            if recent && ratio > TOO_MANY {
                self.deploys.remove(&service);
                self.roll_back(input.topology.name(service), ratio, out);
            }
        }
    }
}

#[expect(clippy::print_stdout, reason = "an example shows what it found")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or("scenarios/engines/half-the-fleet.yaml".into());
    let checked = load_scenario(&PathBuf::from(path)).map_err(|all| format!("{all:?}"))?;
    let seed = checked.file.seed;
    let mut world = Synthetic::new(checked.spec.clone(), seed).map_err(|all| format!("{all:?}"))?;
    // `Vetted` makes a slip of the engine its own failure and not one of the trial.
    let mut engine = Vetted::new(RollBackOnErrors::default());
    let base = Settings::new(checked.file.name.as_str(), seed, Mode::ClosedLoop);
    let settings = Settings { verdict_required: false, ..base };
    let trial = trial::run(&mut world, &mut engine, &settings)?;
    println!("{}: digest {}", trial.name, trial.digest);
    for (kind, count) in &trial.scorecard.safety.violations {
        println!("  {kind}: {count:?}");
    }
    Ok(())
}
