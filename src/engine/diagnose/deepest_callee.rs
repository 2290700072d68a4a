//! Follow the calls: blame the sick entity whose own callees do not explain its suffering.
//!
//! In: signs and the call graph. Out: per sick entity the part of its excess latency and errors
//! that its callees do not have, times its pain; a little more if it fell sick first. Source:
//! after Guan et al. and Wang et al., "Groot" (ASE 2021) on owned symptoms; onset order after Chen
//! et al., "CauseInfer" (INFOCOM 2014). Units cancel: a share in 0..=1 of each excess.
//! Limit: fan-out is read as the worst callee, not as a sum; a cycle makes both ends half guilty.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, Case, Method, Parts, Sign, Suspicion, evidence, sign_text};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::engine::lexicon::{tells_of_call, trouble};
use crate::model::{EntityKind, Role, SignalClass};
use crate::unit::EntityId;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "deepest_callee",
    summary: "the sick entity whose callees do not explain why it is sick",
    help: "A caller waits for its callees, so it looks as sick as the worst of them. What is left \
           of its excess latency and errors after the callees' own excess is its own. With \
           `upstream: caller` the direction is turned round, for those who read \"the upstream \
           service is the likely culprit\" the other way.",
    source: "Wang et al., Groot, ASE 2021; Chen et al., CauseInfer, INFOCOM 2014",
    example: "{ upstream: callee }",
    schema: schema_of::<Config>,
    build,
};

/// Which neighbour explains an entity's suffering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Upstream {
    /// Those that it calls (trouble travels from callee to caller).
    Callee,
    /// Those that call it.
    Caller,
}

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Which neighbour explains an entity's suffering.
    upstream: Upstream,
    /// Factor for an entity that fell sick before every sick neighbour on the other side, >= 1.
    first_bonus: f64,
}

impl Default for Config {
    fn default() -> Self {
        Self { upstream: Upstream::Callee, first_bonus: 1.25 }
    }
}

struct DeepestCallee(Config);

fn build(spec: &Spec, _: Parts) -> Result<Box<dyn Method + Send>, KindError> {
    let config: Config = spec.read()?;
    if !(config.first_bonus >= 1.0 && config.first_bonus.is_finite()) {
        let problem = format!("first_bonus must be at least 1, found {}", config.first_bonus);
        return Err(KindError::Params { kind: spec.kind.clone(), problem });
    }
    Ok(Box::new(DeepestCallee(config)))
}

/// Weight of an entity's own resources, logs and events beside its users' pain.
const INSIDE_WEIGHT: f64 = 0.5;
/// The same for a resource that runs out and for errors that it logs: both are seen nowhere else.
const RESOURCE_WEIGHT: f64 = 0.9;
/// What is outside of our reach is mostly seen through a caller's client: a view of the call, and
/// of the service behind it. It counts for less than a service that tells of itself.
const EXTERNAL_WEIGHT: f64 = 0.5;
/// How much an unmeasured but sick explanation takes off.
const VAGUE_EXPLANATION: f64 = 0.5;

impl Method for DeepestCallee {
    fn rank(&mut self, case: &Case<'_>, out: &mut Vec<Suspicion>) {
        for entity in case.around.topology.suspects() {
            out.extend(self.suspect(case, entity));
        }
    }
}

impl DeepestCallee {
    fn suspect(&self, case: &Case<'_>, entity: EntityId) -> Option<Suspicion> {
        let pain = pain(case, entity);
        let inside = case.strongest(entity, |s| !s.role.is_symptom() && is_inside(s));
        let edges = edges(case, entity);
        if pain <= 0.0 && inside <= 0.0 && edges <= 0.0 {
            return None;
        }
        let (below, above) = self.neighbours(case, entity);
        let owned = owned_share(case, entity, &below);
        let first = is_first(case, entity, &above);
        let bonus = if first { self.0.first_bonus } else { 1.0 };
        let resource = case.strongest(entity, |s| is_inside(s) && (is_resource(s) || is_outcry(s)));
        let inside = (INSIDE_WEIGHT * inside).max(RESOURCE_WEIGHT * resource);
        let external = case.around.topology.get(entity).kind == EntityKind::External;
        let view = if external { EXTERNAL_WEIGHT } else { 1.0 };
        let score = ((pain * owned).max(edges) + inside) * bonus * view;
        let said = self.words(case, entity, owned, &below, score);
        Some(Suspicion { entity, cause: None, score, evidence: said })
    }

    /// Those that could explain the entity's suffering, and those that it could explain.
    fn neighbours(&self, case: &Case<'_>, entity: EntityId) -> (Vec<EntityId>, Vec<EntityId>) {
        let topology = case.around.topology;
        let callees = topology.callees(entity).filter(|e| *e != entity).collect();
        let callers = topology.callers(entity).filter(|e| *e != entity).collect();
        match self.0.upstream {
            Upstream::Callee => (callees, callers),
            Upstream::Caller => (callers, callees),
        }
    }

    fn words(
        &self,
        case: &Case<'_>,
        entity: EntityId,
        owned: f64,
        below: &[EntityId],
        score: f64,
    ) -> Vec<crate::model::Evidence> {
        let topology = case.around.topology;
        let strongest = case.sick_signs(entity).find(|s| s.role.is_symptom());
        let seen = || case.views_of(entity).find(|s| s.z >= super::SICK_Z);
        let own = strongest.or_else(|| case.sick_signs(entity).next());
        let Some(sign) = own.or_else(seen) else {
            return Vec::new();
        };
        let side = if self.0.upstream == Upstream::Callee { "callees" } else { "callers" };
        let sick = below.iter().filter(|e| pain(case, **e) > 0.0).count();
        let why = match sick {
            0 => format!("its {side} are healthy"),
            n => format!("{:.0} % of it not explained by its {n} sick {side}", owned * 100.0),
        };
        let text = format!("{}; {why}", sign_text(sign, topology));
        vec![evidence("deepest_callee", score.min(1.0), Some(sign.since), text)]
    }
}

fn is_inside(sign: &Sign) -> bool {
    sign.callee.is_none() && !matches!(sign.role, Role::Traffic | Role::Network | Role::Replicas)
}

fn is_resource(sign: &Sign) -> bool {
    matches!(sign.role, Role::Cpu | Role::Memory | Role::Saturation)
        && sign.after.zip(sign.before).is_some_and(|(after, before)| after > before)
}

/// Error lines that are new or many: who throws, logs. Who complains of a call does not throw.
fn is_outcry(sign: &Sign) -> bool {
    let trouble = sign.class == SignalClass::Log && trouble(0, &sign.signal) >= 0.9;
    trouble && !tells_of_call(&sign.signal)
}

/// What users of the entity suffer; for something not ours, what its callers saw.
fn pain(case: &Case<'_>, entity: EntityId) -> f64 {
    let own = case.pain(entity);
    if own > 0.0 || case.around.topology.get(entity).kind != EntityKind::External {
        return own;
    }
    let seen = |s: &&Sign| s.z >= super::SICK_Z;
    case.views_of(entity).filter(seen).map(Sign::strength).fold(0.0, f64::max)
}

/// What the calls themselves tell where both ends say that they are quick: if most of those that
/// call it wait, it is the common end; if one caller waits for most that it calls, the caller is.
fn edges(case: &Case<'_>, entity: EntityId) -> f64 {
    let topology = case.around.topology;
    let slow = |s: &&Sign| {
        s.z >= super::SICK_Z && matches!(s.role, Role::Latency | Role::Errors) && s.callee.is_some()
    };
    let share = |ends: Vec<EntityId>, all: usize, strength: f64| {
        let mut ends = ends;
        ends.sort_unstable();
        ends.dedup();
        strength * (ends.len() as f64 / all.max(1) as f64).min(1.0)
    };
    let strongest = |signs: &[&Sign]| signs.iter().map(|s| s.strength()).fold(0.0, f64::max);
    let to: Vec<&Sign> = case.views_of(entity).filter(slow).collect();
    let callers = share(
        to.iter().map(|s| s.entity).collect(),
        topology.callers(entity).count(),
        strongest(&to),
    );
    let quick = |s: &&Sign| s.callee.is_some_and(|callee| case.pain(callee) == 0.0);
    let from: Vec<&Sign> = case.sick_signs(entity).filter(slow).filter(quick).collect();
    let callees = share(
        from.iter().filter_map(|s| s.callee).collect(),
        topology.callees(entity).count(),
        strongest(&from),
    );
    callers.max(callees)
}

/// The share of the entity's suffering that nobody in `below` has as much of.
fn owned_share(case: &Case<'_>, entity: EntityId, below: &[EntityId]) -> f64 {
    let mut owned: Option<f64> = None;
    for sign in case.sick_signs(entity).filter(|s| s.role.is_symptom() && s.callee.is_none()) {
        let Some(mine) = sign.excess().filter(|x| *x > 0.0) else { continue };
        let explained =
            |e: &EntityId| comparable(case, *e, sign).max(waited(case, entity, *e, sign));
        let theirs = below.iter().map(explained).fold(0.0, f64::max);
        let share = (1.0 - theirs / mine).clamp(0.0, 1.0);
        owned = Some(owned.map_or(share, |o| o.max(share)));
    }
    let vague = below.iter().any(|e| pain(case, *e) > 0.0);
    owned.unwrap_or(if vague { VAGUE_EXPLANATION } else { 1.0 })
}

/// The neighbour's excess in the same measure.
fn comparable(case: &Case<'_>, entity: EntityId, like: &Sign) -> f64 {
    let same = |s: &&Sign| s.role == like.role && s.unit == like.unit && s.signal == like.signal;
    let excess = case.sick_signs(entity).filter(same).filter_map(Sign::excess);
    excess.fold(0.0, f64::max)
}

/// What the entity itself saw of its calls to `callee`: time that it waited is not its own.
fn waited(case: &Case<'_>, entity: EntityId, callee: EntityId, like: &Sign) -> f64 {
    let same = |s: &&Sign| s.callee == Some(callee) && s.role == like.role && s.unit == like.unit;
    let excess = case.sick_signs(entity).filter(same).filter_map(Sign::excess);
    excess.fold(0.0, f64::max)
}

/// Whether nobody in `above` that is sick was sick before it.
fn is_first(case: &Case<'_>, entity: EntityId, above: &[EntityId]) -> bool {
    let Some(mine) = case.onset_of(entity) else { return false };
    let mut theirs = above.iter().filter_map(|e| case.onset_of(*e)).peekable();
    theirs.peek().is_some() && theirs.all(|onset| mine <= onset)
}

#[cfg(test)]
mod tests {
    use super::super::super::case_fixture::{Shop, ranking};
    use super::*;
    use crate::model::names::{DURATION, ERROR_RATIO, MEMORY_UTILIZATION};

    #[track_caller]
    fn check(shop: Shop, example: &str, first: &str) {
        let spec: Spec = serde_saphyr::from_str(&format!("deepest_callee: {example}")).unwrap();
        let method = build(&spec, Parts { seed: 1, members: Vec::new() }).unwrap();
        assert_eq!(ranking(&shop, method)[0], first);
    }

    fn slow(shop: Shop, service: &str, after: f64) -> Shop {
        shop.step(service, DURATION, 0.1, after)
    }

    #[test]
    fn a_slow_callee_explains_its_callers() {
        let shop = slow(slow(slow(Shop::new(), "db", 0.8), "cart", 0.85), "web", 0.9);
        check(shop, "{}", "db");
    }

    #[test]
    fn the_other_reading_blames_the_front() {
        let shop = slow(slow(slow(Shop::new(), "db", 0.8), "cart", 0.85), "web", 0.9);
        check(shop, "{ upstream: caller }", "web");
    }

    #[test]
    fn excess_that_the_callee_does_not_have_is_owned() {
        check(slow(slow(Shop::new(), "db", 0.12), "cart", 0.9), "{}", "cart");
    }

    #[test]
    fn errors_are_followed_like_latency() {
        let shop =
            Shop::new().step("ads", ERROR_RATIO, 0.001, 0.3).step("web", ERROR_RATIO, 0.001, 0.3);
        check(shop, "{}", "ads");
    }

    #[test]
    fn a_resource_alone_is_a_hint() {
        check(Shop::new().step("db", MEMORY_UTILIZATION, 0.3, 0.95), "{}", "db");
    }

    #[test]
    fn an_external_callee_is_blamed_for_what_its_caller_saw() {
        let shop = slow(Shop::new(), "cart", 0.9).edge_step("cart", "pay", 0.05, 0.85);
        check(shop.step("db", MEMORY_UTILIZATION, 0.3, 0.33), "{}", "cart");
    }
}
