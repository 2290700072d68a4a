//! The small fleets of the self-tests, and one trial on them.
//!
//! In: YAML of faults and of what differs. Out: a scenario ready to run, and a trial of any engine
//! in it.

use std::path::PathBuf;

use super::super::CaseFailure;
use crate::engine::Engine;
use crate::model::Policy;
use crate::scenario::{Checked, ScenarioFile};
use crate::trial::{self, Mode, Rules, Settings, Trial};
use crate::world::synthetic::Synthetic;

/// A shop of five services with 36 replicas; what is appended holds duration, faults and people.
const SHOP: &str = "
version: 1
name: selftest
start: 2026-01-06T02:00:00Z
seed: 5
fleet:
  objective: { service: web, availability: 0.99, latency_p99: 800ms, sustained: 2m }
  services:
    web: { replicas: 6, service_time: 5ms, calls: [{ to: api }, { to: ads, optional: true }] }
    api: { replicas: 8, max_replicas: 40, service_time: 10ms, version: v2, previous_version: v1, \
           calls: [{ to: stock }] }
    ads: { replicas: 8, service_time: 10ms }
    stock: { replicas: 6, service_time: 8ms, version: v2, previous_version: v1, \
             certificate_expires_in: 960h }
    mail: { replicas: 8, service_time: 10ms }
load: { rate: 120 }
policy: none.yaml
";

/// The shop with more keys.
pub(super) fn shop(name: &str, more: &str, policy: &Policy) -> Checked {
    let text = format!("{SHOP}{more}").replace("name: selftest", &format!("name: {name}"));
    let file: ScenarioFile =
        serde_saphyr::from_str(&text).unwrap_or_else(|e| panic!("built-in scenario {name}: {e}"));
    let spec = file.synthetic();
    let path = PathBuf::from(format!("{name} (built in)"));
    let checked = Checked { path, file, spec, policy: policy.clone() };
    let problems = checked.spec.check();
    assert!(problems.is_empty(), "built-in scenario {name}: {problems:?}");
    checked.with_policy(policy.clone())
}

/// One trial of any engine; acts need no verdict, so that the referee has to find out.
pub(super) fn play(checked: &Checked, engine: &mut dyn Engine) -> Result<Trial, CaseFailure> {
    let (name, seed) = (checked.file.name.as_str(), checked.file.seed);
    let mut world = Synthetic::new(checked.spec.clone(), seed)
        .map_err(|all| CaseFailure::unusable(name, seed, &all))?;
    let rules = Rules::new(checked.file.rules.clone())
        .map_err(|all| CaseFailure::unusable(name, seed, &all))?;
    let settings =
        Settings { verdict_required: false, rules, ..Settings::new(name, seed, Mode::ClosedLoop) };
    trial::run(&mut world, engine, &settings)
        .map_err(|error| CaseFailure::of_trial(name, seed, &error))
}
