//! What is wrong with a suspect: evidence rules that each speak for one cause.
//!
//! In: a case and an entity. Out: the cause with the heaviest rule, its certainty 0..=1 and why.
//! The weights say how specific the evidence is: an expired certificate says it all, latency alone
//! says little. Source: the article's table of causes; failure classes after Gunawi et al., "Why
//! does the cloud stop computing?" (SoCC 2016). Limit: words in logs are English.

use super::{Case, Evidence, Sign, brief};
use crate::engine::case::{SICK_Z, span_of_time};
use crate::model::{Cause, EntityKind, EventKind, Role, SignalClass};
use crate::unit::{EntityId, SimDuration, SimTime};

/// How long before the onset a change can be the cause.
const HORIZON: SimDuration = SimDuration::from_secs(3600);
/// Time from change to onset that halves the surplus weight of a change.
const HALF_LIFE_S: f64 = 900.0;
/// Certainty of "unknown" where no rule speaks.
const UNKNOWN: f64 = 0.1;
/// How much a rival cause takes off the certainty of the winner.
const RIVALRY: f64 = 0.3;
/// Certainty of a cause that a method alone names.
const HINT: f64 = 0.55;
/// Relative growth of traffic that is a surge.
const SURGE: f64 = 0.4;

/// Growth of a resource in use from which it may run out; less follows from what is done with it.
const SCARCE: f64 = 1.5;

/// One rule's voice.
struct Voice {
    cause: Cause,
    weight: f64,
    time: Option<SimTime>,
    text: String,
}

/// The most likely cause, how certain, and the evidence. `hint` is a method's own opinion.
pub(super) fn judge(
    case: &Case<'_>,
    entity: EntityId,
    hint: Option<Cause>,
) -> (Cause, f64, Vec<Evidence>) {
    let mut voices = Vec::new();
    for rule in [deploy, config, certificate, node, exhaustion, surge, dependency, network, code] {
        rule(case, entity, &mut voices);
    }
    match voices.iter_mut().find(|v| Some(v.cause) == hint) {
        Some(voice) => voice.weight = (voice.weight * 1.1).min(1.0),
        None => voices.extend(hint.map(|cause| {
            voice(cause, HINT, None, "what its methods of diagnosis saw speaks for it".to_owned())
        })),
    }
    voices.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.cause.cmp(&b.cause)));
    let Some(best) = voices.first() else { return (Cause::Unknown, UNKNOWN, Vec::new()) };
    let rival = voices.iter().find(|v| v.cause != best.cause).map_or(0.0, |v| v.weight);
    let certainty = (best.weight * (1.0 - RIVALRY * rival / best.weight.max(1e-9))).clamp(0.0, 1.0);
    let cause = best.cause;
    let certainty = if matches!(cause, Cause::BadDeploy | Cause::ConfigDrift) {
        best.weight // the symptom of a bad change is a rival cause by nature
    } else {
        certainty
    };
    let spoken = voices.into_iter().filter(|v| v.cause == cause).map(|v| Evidence {
        method: format!("rule:{}", v.cause),
        text: v.text,
        weight: v.weight,
        time: v.time,
    });
    (cause, certainty, spoken.collect())
}

fn voice(cause: Cause, weight: f64, time: Option<SimTime>, text: String) -> Voice {
    Voice { cause, weight, time, text }
}

fn change(
    case: &Case<'_>,
    entity: EntityId,
    kinds: &[EventKind],
) -> Option<(f64, SimTime, String)> {
    let (event, gap) = case.change_before(entity, kinds, HORIZON)?;
    let fresh = 0.5f64.powf(gap.secs_f64() / HALF_LIFE_S);
    let sick = if case.sickness(entity) > 0.0 { 1.0 } else { 0.5 };
    let what = event.attributes.get("version").unwrap_or(&event.reason);
    let text = format!("{what} {} before the first symptom", span_of_time(gap));
    Some(((0.6 + 0.4 * fresh) * sick, event.time, text))
}

fn deploy(case: &Case<'_>, entity: EntityId, out: &mut Vec<Voice>) {
    if let Some((weight, time, text)) = change(case, entity, &[EventKind::Deploy]) {
        out.push(voice(Cause::BadDeploy, weight, Some(time), format!("deploy {text}")));
    }
}

fn config(case: &Case<'_>, entity: EntityId, out: &mut Vec<Voice>) {
    if let Some((weight, time, text)) = change(case, entity, &[EventKind::Config, EventKind::Flag])
    {
        out.push(voice(Cause::ConfigDrift, weight, Some(time), format!("config change {text}")));
    }
    if let Some(sign) = case.sick_signs(entity).find(|s| s.role == Role::Drift) {
        out.push(voice(Cause::ConfigDrift, 0.9, Some(sign.since), brief(sign)));
    }
}

fn certificate(case: &Case<'_>, entity: EntityId, out: &mut Vec<Voice>) {
    let telling = |s: &&Sign| {
        s.role == Role::Expiry || (s.class == SignalClass::Log && says(&s.signal, &CERTIFICATE))
    };
    if let Some(sign) = case.sick_signs(entity).find(telling) {
        out.push(voice(Cause::CertificateExpiry, 0.95, Some(sign.since), brief(sign)));
    }
}

fn node(case: &Case<'_>, entity: EntityId, out: &mut Vec<Voice>) {
    let kind = case.around.topology.get(entity).kind;
    if matches!(kind, EntityKind::Node | EntityKind::Zone)
        && let Some(sign) = case.sick_signs(entity).next()
    {
        out.push(voice(Cause::NodeFailure, 0.8, Some(sign.since), brief(sign)));
    }
}

fn exhaustion(case: &Case<'_>, entity: EntityId, out: &mut Vec<Voice>) {
    let resource = |s: &&Sign| {
        matches!(s.role, Role::Cpu | Role::Memory | Role::Saturation)
            && s.after.zip(s.before).is_none_or(|(after, before)| after >= before * SCARCE)
    };
    if let Some(sign) = case.sick_signs(entity).find(resource) {
        let weight = 0.4 + 0.4 * sign.strength();
        out.push(voice(Cause::ResourceExhaustion, weight, Some(sign.since), brief(sign)));
    }
    let killed = case
        .events_of(entity)
        .iter()
        .find(|event| event.time >= case.onset() && says(&event.reason, &OUT_OF_MEMORY));
    if let Some(event) = killed {
        let text = format!("{} at {}", event.reason, event.time);
        out.push(voice(Cause::ResourceExhaustion, 0.8, Some(event.time), text));
    }
    let logged = |s: &&Sign| s.class == SignalClass::Log && says(&s.signal, &OUT_OF_MEMORY);
    if let Some(sign) = case.sick_signs(entity).find(logged) {
        out.push(voice(Cause::ResourceExhaustion, 0.75, Some(sign.since), sign.signal.clone()));
    }
}

fn surge(case: &Case<'_>, entity: EntityId, out: &mut Vec<Voice>) {
    let up = |id| {
        let grown = |s: &&Sign| {
            s.role == Role::Traffic
                && s.after.zip(s.before).is_some_and(|(a, b)| b > 0.0 && a / b - 1.0 >= SURGE)
        };
        case.sick_signs(id).find(grown)
    };
    let entry = |id| case.around.topology.callers(id).next().is_none();
    let everywhere =
        || entry(entity) || case.around.topology.suspects().any(|e| entry(e) && up(e).is_some());
    if let Some(sign) = up(entity)
        && everywhere()
    {
        out.push(voice(Cause::TrafficSurge, 0.85, Some(sign.since), brief(sign)));
    }
}

fn dependency(case: &Case<'_>, entity: EntityId, out: &mut Vec<Voice>) {
    let topology = case.around.topology;
    if topology.get(entity).kind == EntityKind::External {
        let seen = |s: &&Sign| s.z >= SICK_Z;
        let caller = case.views_of(entity).find(seen).or_else(|| case.sick_signs(entity).next());
        if let Some(sign) = caller {
            let text = format!("{} (seen by {})", brief(sign), topology.name(sign.entity));
            out.push(voice(Cause::DependencyFailure, 0.85, Some(sign.since), text));
        }
    }
    let about = case.events_of(entity).iter();
    let status = about.rev().find(|event| event.kind == EventKind::ExternalStatus);
    if let Some(event) = status {
        let text = format!("status page: {}", event.reason);
        out.push(voice(Cause::DependencyFailure, 0.9, Some(event.time), text));
    }
}

fn network(case: &Case<'_>, entity: EntityId, out: &mut Vec<Voice>) {
    let healthy = |id| case.pain(id) == 0.0;
    let edge = |s: &&Sign| {
        s.z >= SICK_Z
            && s.role == Role::Latency
            && (s.entity == entity && s.callee.is_some_and(healthy)
                || s.callee == Some(entity) && healthy(entity))
    };
    if let Some(sign) = case.signs_around(entity).into_iter().find(edge) {
        let text = format!("{}, while the callee itself is quick", brief(sign));
        out.push(voice(Cause::NetworkFault, 0.7, Some(sign.since), text));
    }
    let slow = case.sick_signs(entity).find(|s| s.role == Role::Latency && s.callee.is_none());
    let loaded = case
        .sick_signs(entity)
        .any(|s| s.role.is_resource() || matches!(s.role, Role::Errors | Role::Availability));
    if let (Some(sign), false) = (slow, loaded)
        && case.is_measured(entity)
    {
        let text = format!("{}, with no resource and no errors", brief(sign));
        out.push(voice(Cause::NetworkFault, 0.4, Some(sign.since), text));
    }
}

fn code(case: &Case<'_>, entity: EntityId, out: &mut Vec<Voice>) {
    let thrown = |s: &&Sign| {
        s.class == SignalClass::Log && (s.role == Role::Errors || says(&s.signal, &EXCEPTION))
    };
    if let Some(sign) = case.sick_signs(entity).find(thrown) {
        out.push(voice(Cause::CodeDefect, 0.6, Some(sign.since), sign.signal.clone()));
    }
    let failing =
        |s: &&Sign| matches!(s.role, Role::Errors | Role::Availability) && s.callee.is_none();
    if let Some(sign) = case.sick_signs(entity).find(failing)
        && case.is_measured(entity)
    {
        out.push(voice(Cause::CodeDefect, 0.35, Some(sign.since), brief(sign)));
    }
}

const CERTIFICATE: [&str; 5] = ["certificate", "x509", "tls", "handshake", "expired"];
const OUT_OF_MEMORY: [&str; 5] = ["oomkill", "outofmemory", "out of memory", "oom ", "evicted"];
const EXCEPTION: [&str; 5] = ["exception", "panic", "traceback", "stack trace", "null pointer"];

fn says(text: &str, words: &[&str]) -> bool {
    let text = text.to_lowercase();
    words.iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::super::super::case_fixture::{ONSET, Shop};
    use super::*;
    use crate::model::names::{CPU_UTILIZATION, DURATION, ERROR_RATIO, REQUEST_RATE};
    use crate::model::{Anomaly, Direction};

    #[track_caller]
    fn check(shop: &Shop, entity: &str, expected: Cause) {
        let id = shop.topology().find(entity).unwrap();
        let (cause, certainty, why) = shop.with_case(|case| judge(case, id, None));
        assert_eq!(cause, expected, "{why:?}");
        assert!((0.0..=1.0).contains(&certainty));
    }

    fn log(entity: &str, signal: &str) -> Anomaly {
        Anomaly {
            id: 1,
            detector: "log_templates".to_owned(),
            class: SignalClass::Log,
            entity: entity.into(),
            instance: None,
            signal: signal.to_owned(),
            role: Role::Other,
            since: ONSET,
            raised: ONSET,
            score: 3.0,
            direction: Direction::Up,
            observed: None,
            expected: None,
            unit: String::new(),
        }
    }

    fn slow() -> Shop {
        Shop::new().step("cart", DURATION, 0.1, 0.9)
    }

    #[test]
    fn each_kind_of_evidence_names_its_cause() {
        let before = ONSET - SimDuration::from_secs(120);
        check(&slow().change(before, EventKind::Deploy, "cart"), "cart", Cause::BadDeploy);
        check(&slow().change(before, EventKind::Config, "cart"), "cart", Cause::ConfigDrift);
        check(&slow().anomaly(log("cart", "x509: expired")), "cart", Cause::CertificateExpiry);
        let after = ONSET + SimDuration::from_secs(60);
        check(&slow().event(after, "cart", "OOMKilling"), "cart", Cause::ResourceExhaustion);
        check(&slow().step("cart", CPU_UTILIZATION, 0.3, 1.0), "cart", Cause::ResourceExhaustion);
        check(&slow().edge_step("cart", "pay", 0.1, 3.0), "pay", Cause::DependencyFailure);
        check(&slow().edge_step("cart", "db", 0.1, 3.0), "cart", Cause::NetworkFault);
        check(&slow().anomaly(log("cart", "NullPointerException")), "cart", Cause::CodeDefect);
        check(&slow(), "cart", Cause::NetworkFault);
        check(&slow().step("cart", ERROR_RATIO, 0.001, 0.2), "cart", Cause::CodeDefect);
        check(&Shop::new(), "cart", Cause::Unknown);
    }

    #[test]
    fn more_traffic_from_the_entry_on_is_a_surge() {
        let shop = Shop::new()
            .step("web", REQUEST_RATE, 100.0, 300.0)
            .step("cart", REQUEST_RATE, 100.0, 300.0)
            .step("cart", CPU_UTILIZATION, 0.3, 1.0);
        check(&shop, "cart", Cause::TrafficSurge);
    }

    #[test]
    fn a_deploy_after_the_onset_is_innocent() {
        let late = slow().change(ONSET + SimDuration::from_secs(5), EventKind::Deploy, "cart");
        check(&late, "cart", Cause::NetworkFault);
    }
}
