//! The decision table: cause and context -> alternatives, in order of preference.
//!
//! In: a policy's `decide` rules and its `remediate` map. Out: for one patient, the alternatives of
//! the first rule whose causes, context and confidence fit, else those of the map. Remedies of a
//! list form groups: those marked `with_previous` belong to the plan of the one before them; each
//! other one begins an alternative, tried when the plan before it did not heal. Source: decision
//! tables (DMN, hit policy "first"). Limit: context is read when a plan is made, not afterwards.

use std::collections::BTreeMap;

use super::{Patient, Remedy, catalog};
use crate::catalog::{KindError, Spec, find};
use crate::model::{Capacity, Cause, Context, EventKind, Policy, names};
use crate::unit::{Day, EntityId, Ratio, SimDuration, SimTime};

/// Remedies of one plan.
pub type Group = Vec<Box<dyn Remedy + Send>>;
/// Groups in order of preference.
pub type Alternatives = Vec<Group>;

/// Where a group stands: number of its rule (0: the map of causes), place in it.
pub type Place = (usize, usize);

/// Processors at least so busy are short.
const SHORT: f64 = 0.8;
/// Processors at most so busy are spare.
const SPARE: f64 = 0.5;
/// A change so long before the first symptom is recent.
const RECENT: SimDuration = SimDuration::from_secs(3600);

struct RuleOfTable {
    causes: Vec<Cause>,
    when: Context,
    confidence: Ratio,
    alternatives: Alternatives,
}

/// The remedies of each cause, grouped into alternatives.
#[derive(Default)]
pub struct Table {
    rules: Vec<RuleOfTable>,
    map: BTreeMap<Cause, Alternatives>,
}

impl Table {
    /// The table that a policy declares.
    ///
    /// # Errors
    /// Every unknown kind and every wrong parameter.
    pub fn build(policy: &Policy) -> Result<Self, Vec<KindError>> {
        let mut problems = Vec::new();
        let mut table = Self::default();
        for rule in &policy.decide {
            table.rules.push(RuleOfTable {
                causes: rule.causes.clone(),
                when: rule.when.clone(),
                confidence: rule.confidence,
                alternatives: grouped(&rule.remedies, &mut problems),
            });
        }
        for (cause, specs) in &policy.remediate {
            table.map.insert(*cause, grouped(specs, &mut problems));
        }
        if problems.is_empty() { Ok(table) } else { Err(problems) }
    }

    /// The alternatives for a patient, preferred first, and the number of the rule that gives them
    /// (0: none does, the map of causes has them). Empty if the policy leaves it to people.
    #[must_use]
    pub fn alternatives(&self, patient: &Patient<'_>) -> (usize, &[Group]) {
        let hypothesis = patient.hypothesis;
        let fits = |rule: &&RuleOfTable| {
            rule.causes.contains(&hypothesis.cause)
                && hypothesis.confidence >= rule.confidence
                && holds(&rule.when, patient)
        };
        match self.rules.iter().position(|rule| fits(&rule)) {
            Some(index) => (index + 1, &self.rules[index].alternatives),
            None => (0, self.map.get(&hypothesis.cause).map_or(&[], Vec::as_slice)),
        }
    }

    /// The group at a place, if there is one.
    #[must_use]
    pub fn group(&self, (rule, index): Place, cause: Cause) -> Option<&Group> {
        match rule.checked_sub(1) {
            Some(rule) => self.rules.get(rule)?.alternatives.get(index),
            None => self.map.get(&cause)?.get(index),
        }
    }
}

fn grouped(specs: &[Spec], problems: &mut Vec<KindError>) -> Alternatives {
    let mut alternatives: Alternatives = Vec::new();
    for spec in specs {
        match find("remedy", catalog::ALL, &spec.kind).and_then(|e| (e.build)(spec)) {
            Ok(remedy) => match alternatives.last_mut() {
                Some(group) if remedy.with_previous() => group.push(remedy),
                _ => alternatives.push(vec![remedy]),
            },
            Err(problem) => problems.push(problem),
        }
    }
    alternatives
}

/// Whether the context of a rule is there.
fn holds(when: &Context, patient: &Patient<'_>) -> bool {
    let now: SimTime = patient.around().now;
    let name = &patient.hypothesis.entity;
    let entity = patient.around().topology.find(name).ok();
    let covers = |pattern: &String| match pattern.strip_suffix('*') {
        Some(begin) => name.starts_with(begin),
        None => name.as_str() == pattern.as_str(),
    };
    let changed = || {
        const KINDS: [EventKind; 4] =
            [EventKind::Deploy, EventKind::Config, EventKind::Flag, EventKind::Commit];
        let horizon = when.change_horizon.unwrap_or(RECENT);
        entity.is_some_and(|id| patient.case.change_before(id, &KINDS, horizon).is_some())
    };
    let roomy = |wanted: Capacity| {
        entity.and_then(|id| busy(patient, id)).is_some_and(|busy| match wanted {
            Capacity::Short => busy >= SHORT,
            Capacity::Spare => busy <= SPARE,
        })
    };
    when.hours.is_none_or(|hours| hours.contains(now))
        && (when.days.is_empty() || when.days.contains(&Day::of(now)))
        && (when.entities.is_empty() || when.entities.iter().any(covers))
        && when.recent_change.is_none_or(|wanted| changed() == wanted)
        && when.capacity.is_none_or(roomy)
}

/// Mean processor utilisation of a service's replicas, if telemetry tells.
fn busy(patient: &Patient<'_>, service: EntityId) -> Option<f64> {
    let around = patient.around();
    let own = around.series.iter().filter(|(_, meta)| {
        meta.metric == names::CPU_UTILIZATION && around.topology.service_of(meta.entity) == service
    });
    let values: Vec<f64> = own.filter_map(|(id, _)| around.history.latest(id)).collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}
