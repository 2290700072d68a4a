//! Blame the nearest change: a deploy, config edit, flag or commit shortly before the onset.
//!
//! In: changes on the incident's path. Out: per changed entity a score that halves with every
//! `half_life` between change and first symptom, and falls with the calls between the changed
//! entity and the nearest sick caller. Source: Chen, Zheng, Lloyd et al.; "correlate with the
//! latest deployment" as practised by change-impact tools (e.g. Li et al., "Gandalf", NSDI 2020).
//! Limit: proximity is no proof; a change after the onset is innocent, the engine's own too.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, Case, Method, Parts, Suspicion, evidence, span_of_time};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{Cause, Event, EventKind};
use crate::unit::SimDuration;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "change_proximity",
    summary: "the entity that was changed shortly before the first symptom",
    help: "Looks at deploys, config edits, flags and commits before the onset. The score halves \
           with every half_life that passed, and is divided by 1 + the number of calls between \
           the changed entity and the nearest sick caller. Changes after the onset, changes \
           without a path to anything sick and the engine's own rollbacks are no suspects.",
    source: "Li et al., Gandalf, NSDI 2020 (temporal and spatial proximity of a deploy)",
    example: "{ horizon: 30m, half_life: 5m }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// How long before the onset a change is a suspect.
    horizon: SimDuration,
    /// Time between change and onset that halves the score.
    half_life: SimDuration,
}

impl Default for Config {
    fn default() -> Self {
        Self { horizon: SimDuration::from_secs(3600), half_life: SimDuration::from_secs(600) }
    }
}

struct ChangeProximity(Config);

fn build(spec: &Spec, _: Parts) -> Result<Box<dyn Method + Send>, KindError> {
    let config: Config = spec.read()?;
    if config.half_life <= SimDuration::ZERO {
        let problem = format!("half_life must be longer than 0s, found {}", config.half_life);
        return Err(KindError::Params { kind: spec.kind.clone(), problem });
    }
    Ok(Box::new(ChangeProximity(config)))
}

impl Method for ChangeProximity {
    fn rank(&mut self, case: &Case<'_>, out: &mut Vec<Suspicion>) {
        for change in case.changes() {
            let Some(found) = self.suspect(case, change) else { continue };
            match out.iter_mut().find(|s| s.entity == found.entity) {
                Some(known) if known.score < found.score => *known = found,
                Some(_) => {}
                None => out.push(found),
            }
        }
    }
}

impl ChangeProximity {
    fn suspect(&self, case: &Case<'_>, change: &Event) -> Option<Suspicion> {
        let entity = case.entity_of(change)?;
        let gap = case.gap(change).filter(|gap| *gap <= self.0.horizon)?;
        let hops = case.hops_from_sick(entity)?;
        let fresh = 0.5f64.powf(gap.secs_f64() / self.0.half_life.secs_f64());
        let score = fresh / (1 + hops) as f64;
        let place = match hops {
            0 => "on a sick entity".to_owned(),
            n => format!("{n} call(s) below a sick one"),
        };
        let text =
            format!("{}: {} before the first symptom, {place}", named(change), span_of_time(gap));
        let said = vec![evidence("change_proximity", score, Some(change.time), text)];
        Some(Suspicion { entity, cause: cause_of(change.kind), score, evidence: said })
    }
}

fn named(change: &Event) -> String {
    let entity = change.entity.as_deref().unwrap_or("?");
    match (change.kind, change.attributes.get("version")) {
        (EventKind::Deploy, Some(version)) => format!("deploy {version} of {entity}"),
        _ => format!("{} of {entity}", change.reason),
    }
}

fn cause_of(kind: EventKind) -> Option<Cause> {
    match kind {
        EventKind::Deploy => Some(Cause::BadDeploy),
        EventKind::Config | EventKind::Flag => Some(Cause::ConfigDrift),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::case_fixture::{ONSET, Shop};
    use super::*;

    #[track_caller]
    fn check(shop: &Shop, expected: &[(&str, Option<Cause>)]) {
        let mut method =
            build(&Spec::plain("change_proximity"), Parts { seed: 1, members: vec![] }).unwrap();
        let mut out = Vec::new();
        shop.with_case(|case| method.rank(case, &mut out));
        out.sort_by(|a, b| b.score.total_cmp(&a.score));
        let found: Vec<_> = out.iter().map(|s| (shop.name(s.entity), s.cause)).collect();
        assert_eq!(found, expected);
    }

    fn sick_cart() -> Shop {
        Shop::new().step("cart", "http.server.request.duration", 0.1, 0.9)
    }

    #[test]
    fn nearer_in_time_and_path_wins() {
        let deploy = |secs| ONSET - SimDuration::from_secs(secs);
        let shop = sick_cart().change(deploy(90), EventKind::Deploy, "cart").change(
            deploy(80),
            EventKind::Config,
            "db",
        );
        check(&shop, &[("cart", Some(Cause::BadDeploy)), ("db", Some(Cause::ConfigDrift))]);
    }

    #[test]
    fn later_unrelated_and_ancient_changes_are_innocent() {
        let shop = sick_cart()
            .change(ONSET + SimDuration::from_secs(1), EventKind::Deploy, "cart")
            .change(ONSET - SimDuration::from_secs(9000), EventKind::Deploy, "cart")
            .change(ONSET - SimDuration::from_secs(60), EventKind::Deploy, "ads");
        check(&shop, &[]);
    }

    #[test]
    fn the_engines_own_rollback_is_no_suspect() {
        let at = ONSET - SimDuration::from_secs(60);
        check(&sick_cart().change(at, EventKind::Deploy, "cart").own("cart", at), &[]);
    }
}
