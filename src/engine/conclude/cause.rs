//! What is wrong with a suspect: evidence rules that each speak for one cause.
//!
//! In: a case and an entity. Out: the cause with the heaviest rule, its certainty 0..=1 and why.
//! The weights say how specific the evidence is: an expired certificate says it all, latency alone
//! says little. Source: the article's table of causes; failure classes after Gunawi et al., "Why
//! does the cloud stop computing?" (SoCC 2016). Limit: words in logs are English.

use super::{Case, Evidence, Sign};
use crate::engine::case::{Full, HORIZON, SCARCE, SICK_Z, USED_UP, span_of_time};
use crate::engine::lexicon::tells_of_call;
use crate::model::{Cause, EntityKind, EventKind, Role, SignalClass, names};
use crate::unit::{EntityId, SimDuration, SimTime};

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

/// Growth of a resource in use, or of a time, from which it matters.
const GROWN: f64 = 1.5;

/// Certainty from a resource that is used up.
const SPENT: f64 = 0.9;
/// Certainty from a live setting that is not the one wanted: a full resource may follow from it.
const DRIFTED: f64 = 0.95;
/// Certainty from a node that is not ready or slow: something on it may have brought it down.
const LOST: f64 = 0.9;
/// Certainty from anything else that a machine shows: nothing but machines shows there.
const MACHINE: f64 = 0.85;
/// Certainty from more traffic that nobody suffers from: no incident yet.
const BUSY: f64 = 0.5;
/// What more traffic for everybody leaves of the blame of a full resource: it had to get full.
const SURGE_LEAVES: f64 = 0.5;
/// What room below the limit leaves of the blame of a resource that is used more than before.
const ROOM_LEAVES: f64 = 0.5;
/// Growth of requests beyond that of its callers' that is a storm of retries: more than the one or
/// two tries again that are usual.
const STORM: f64 = 3.0;
/// Certainty from a queue that grew: every slow or failing service has one.
const QUEUE: f64 = 0.3;

/// One rule's voice.
struct Voice {
    cause: Cause,
    weight: f64,
    /// Whether the cause itself was seen, not only what follows from it.
    seen: bool,
    time: Option<SimTime>,
    text: String,
}

/// What was concluded about the cause.
pub(super) struct Judgement {
    /// The most likely cause.
    pub cause: Cause,
    /// How certain, 0..=1.
    pub certainty: f64,
    /// Whether the cause itself was seen, not only what follows from it.
    pub seen: bool,
    /// Why.
    pub evidence: Vec<Evidence>,
}

/// The most likely cause of what ails `entity`. `hint` is a method's own opinion.
pub(super) fn judge(case: &Case<'_>, entity: EntityId, hint: Option<Cause>) -> Judgement {
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
    let Some(best) = voices.first() else {
        let evidence = Vec::new();
        return Judgement { cause: Cause::Unknown, certainty: UNKNOWN, seen: false, evidence };
    };
    let cause = best.cause;
    let seen = voices.iter().any(|v| v.cause == cause && v.seen);
    // What follows from a cause that was seen is a rival cause by nature, and none; a full resource
    // is what follows from a bad change.
    let change = matches!(cause, Cause::BadDeploy | Cause::ConfigDrift);
    let rivals = voices.iter().filter(|v| v.cause != cause && (!seen || v.seen && !change));
    let rival = rivals.map(|v| v.weight).fold(0.0, f64::max);
    let certainty = (best.weight - RIVALRY * rival).clamp(0.0, 1.0);
    let spoken = voices.into_iter().filter(|v| v.cause == cause).map(|v| Evidence {
        method: format!("rule:{}", v.cause),
        text: v.text,
        weight: v.weight,
        time: v.time,
    });
    Judgement { cause, certainty, seen, evidence: spoken.collect() }
}

/// A cause that follows from what was seen.
fn voice(cause: Cause, weight: f64, time: Option<SimTime>, text: String) -> Voice {
    Voice { cause, weight, seen: false, time, text }
}

/// A cause that was seen itself.
fn witness(cause: Cause, weight: f64, time: Option<SimTime>, text: String) -> Voice {
    Voice { seen: true, ..voice(cause, weight, time, text) }
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
        out.push(witness(Cause::BadDeploy, weight, Some(time), format!("deploy {text}")));
    }
}

fn config(case: &Case<'_>, entity: EntityId, out: &mut Vec<Voice>) {
    if let Some((weight, time, text)) = change(case, entity, &[EventKind::Config, EventKind::Flag])
    {
        out.push(witness(Cause::ConfigDrift, weight, Some(time), format!("config change {text}")));
    }
    if let Some(sign) = case.sick_signs(entity).find(|s| s.role == Role::Drift) {
        out.push(witness(Cause::ConfigDrift, DRIFTED, Some(sign.since), sign.brief()));
    }
    if let Some(sign) = fewer_wanted(case, entity) {
        out.push(witness(Cause::ConfigDrift, DRIFTED, Some(sign.since), sign.brief()));
    }
}

/// The sign that somebody else wants fewer replicas than before of an entity that is missed.
fn fewer_wanted<'a>(case: &'a Case<'_>, entity: EntityId) -> Option<&'a Sign> {
    let name = case.around.topology.name(entity);
    let felt = case.pain(entity) > 0.0 || case.views_of(entity).any(|s| s.z >= SICK_Z);
    let fewer = |s: &&Sign| {
        s.signal.starts_with(names::DESIRED_PODS)
            && s.after.zip(s.before).is_some_and(|(after, before)| after <= before - 1.0)
    };
    let ours = case.around.own.iter().any(|own| own.target == *name);
    case.sick_signs(entity).find(fewer).filter(|_| felt && !ours)
}

fn certificate(case: &Case<'_>, entity: EntityId, out: &mut Vec<Voice>) {
    if let Some(expiry) = case.expiry(entity) {
        let left = expiry.ends.since(case.around.now);
        let text = if left > SimDuration::ZERO {
            format!("its certificate or lease ends in {}", span_of_time(left))
        } else {
            format!("its certificate or lease ended at {}", expiry.ends)
        };
        let suffers = case.pain(entity) > 0.0 && left > SimDuration::ZERO;
        let weight = if suffers { UNKNOWN } else { 0.95 };
        return out.push(witness(Cause::CertificateExpiry, weight, Some(expiry.ends), text));
    }
    let logged = |s: &&Sign| {
        let told = s.class == SignalClass::Log && says(&s.signal, &CERTIFICATE);
        told && !tells_of_call(&s.signal)
    };
    let told = |s: &&Sign| s.role == Role::Expiry || logged(s);
    if let Some(sign) = case.sick_signs(entity).find(told) {
        out.push(voice(Cause::CertificateExpiry, 0.95, Some(sign.since), sign.brief()));
    }
}

fn node(case: &Case<'_>, entity: EntityId, out: &mut Vec<Voice>) {
    let kind = case.around.topology.get(entity).kind;
    if !matches!(kind, EntityKind::Node | EntityKind::Zone) {
        return;
    }
    if let Some(since) = case.lost_since(entity) {
        out.push(witness(Cause::NodeFailure, LOST, Some(since), "no node is ready".to_owned()));
    } else if case.slow_machine().is_some_and(|(slow, _)| *slow == entity) {
        let text = "what runs on it has no processor time left, and has elsewhere".to_owned();
        out.push(witness(Cause::NodeFailure, LOST, Some(case.onset()), text));
    } else if let Some(sign) = case.sick_signs(entity).next() {
        out.push(voice(Cause::NodeFailure, MACHINE, Some(sign.since), sign.brief()));
    }
}

fn exhaustion(case: &Case<'_>, entity: EntityId, out: &mut Vec<Voice>) {
    let busier = everywhere_up(case, entity).is_some();
    let surge = |weight: f64| if busier { weight * SURGE_LEAVES } else { weight };
    // Threads and connections that wait for a slow callee are the callee's matter.
    let held_up = case.held_up_by(entity).is_some();
    let own = |full: &&Full| full.share >= USED_UP && !(held_up && full.role == Role::Saturation);
    // A processor is no stock: it is as busy as whatever asks for work makes it, and threads are
    // busy as long as it lets them wait.
    let busy = case.full(entity).any(|full| full.role == Role::Cpu);
    let flows = |full: &&Full| full.role == Role::Cpu || busy && full.role == Role::Saturation;
    let spent = |speak: fn(_, _, _, _) -> Voice, full: &Full| {
        let text = format!("{} at {:.0} %", full.metric, full.share * 100.0);
        speak(Cause::ResourceExhaustion, surge(SPENT), Some(case.onset()), text)
    };
    let stock = case.full(entity).filter(own).find(|full| !flows(full));
    let flow = || case.full(entity).filter(own).find(flows);
    out.extend(stock.map(|full| spent(witness, full)).or_else(|| Some(spent(voice, flow()?))));
    let grown = |s: &Sign| s.after.zip(s.before).is_none_or(|(after, b)| after >= b * GROWN);
    let mine = || case.sick_signs(entity).filter(|s| grown(s));
    if let Some(sign) = mine().find(|s| matches!(s.role, Role::Cpu | Role::Memory)) {
        let room = if has_room(sign) { ROOM_LEAVES } else { 1.0 };
        let weight = surge(room * (0.4 + 0.4 * sign.strength()));
        out.push(voice(Cause::ResourceExhaustion, weight, Some(sign.since), sign.brief()));
    }
    if let Some(sign) = mine().find(|s| s.role == Role::Saturation) {
        out.push(voice(Cause::ResourceExhaustion, QUEUE, Some(sign.since), sign.brief()));
    }
    if let Some(times) = asked_again(case, entity).filter(|_| case.full(entity).next().is_some()) {
        let text = format!("it is asked {times:.0} times as often, by callers that are not");
        out.push(witness(Cause::ResourceExhaustion, SPENT, Some(case.onset()), text));
    }
    let killed = case
        .events_of(entity)
        .iter()
        .find(|event| event.time >= case.onset() && says(&event.reason, &OUT_OF_MEMORY));
    if let Some(event) = killed {
        let text = format!("{} at {}", event.reason, event.time);
        out.push(witness(Cause::ResourceExhaustion, 0.8, Some(event.time), text));
    }
    let logged = |s: &&Sign| s.class == SignalClass::Log && says(&s.signal, &OUT_OF_MEMORY);
    if let Some(sign) = case.sick_signs(entity).find(logged) {
        out.push(voice(Cause::ResourceExhaustion, 0.75, Some(sign.since), sign.signal.clone()));
    }
}

/// How many times as often as before an entity is asked, if its callers are not: they try again.
fn asked_again(case: &Case<'_>, entity: EntityId) -> Option<f64> {
    let grown = |id: EntityId| {
        let traffic = case.signs_of(id).iter().filter(|s| s.role == Role::Traffic);
        let times = traffic.filter_map(|s| Some(s.after? / s.before.filter(|b| *b > 0.0)?));
        times.fold(1.0, f64::max)
    };
    let callers = case.around.topology.callers(entity).filter(|caller| *caller != entity);
    let storm = grown(entity) / callers.map(grown).reduce(f64::max)?;
    (storm >= STORM).then_some(storm)
}

/// Whether the sign tells of a share of a limit that is far from it: more use, but no want.
fn has_room(sign: &Sign) -> bool {
    let whole = if sign.unit == "%" { 100.0 } else { 1.0 };
    let share = sign.series.is_some() && sign.signal.contains("limit_utilization");
    share && sign.after.is_some_and(|after| after < SCARCE * whole)
}

fn surge(case: &Case<'_>, entity: EntityId, out: &mut Vec<Voice>) {
    let Some(sign) = everywhere_up(case, entity) else { return };
    let topology = case.around.topology;
    let entry = |id: &EntityId| !topology.has_callers(*id);
    let felt = |s: &Sign| match s.role {
        Role::Latency => s.after.zip(s.before).is_some_and(|(after, b)| after >= b * GROWN),
        role => role.is_symptom(),
    };
    let suffers = topology.suspects().filter(entry).any(|id| case.sick_signs(id).any(felt));
    let speak = if suffers { witness } else { voice };
    let weight = if suffers { 0.85 } else { BUSY };
    out.push(speak(Cause::TrafficSurge, weight, Some(sign.since), sign.brief()));
}

/// The sign of more traffic on an entity where traffic grew at the entry too.
fn everywhere_up<'a>(case: &'a Case<'_>, entity: EntityId) -> Option<&'a Sign> {
    let up = |id| {
        let grown = |s: &&Sign| {
            s.role == Role::Traffic
                && s.after.zip(s.before).is_some_and(|(a, b)| b > 0.0 && a / b - 1.0 >= SURGE)
        };
        case.sick_signs(id).find(grown)
    };
    let topology = case.around.topology;
    let entry = |id| !topology.has_callers(id);
    let everywhere = || entry(entity) || topology.suspects().any(|e| entry(e) && up(e).is_some());
    up(entity).filter(|_| everywhere())
}

fn dependency(case: &Case<'_>, entity: EntityId, out: &mut Vec<Voice>) {
    let topology = case.around.topology;
    if topology.get(entity).kind == EntityKind::External {
        let seen = |s: &&Sign| s.z >= SICK_Z;
        let caller = case.views_of(entity).find(seen).or_else(|| case.sick_signs(entity).next());
        if let Some(sign) = caller {
            let text = format!("{} (seen by {})", sign.brief(), topology.name(sign.entity));
            out.push(witness(Cause::DependencyFailure, 0.85, Some(sign.since), text));
        }
    }
    let about = case.events_of(entity).iter();
    let status = about.rev().find(|event| event.kind == EventKind::ExternalStatus);
    if let Some(event) = status {
        let text = format!("status page: {}", event.reason);
        out.push(witness(Cause::DependencyFailure, 0.9, Some(event.time), text));
    }
}

fn network(case: &Case<'_>, entity: EntityId, out: &mut Vec<Voice>) {
    unreached(case, entity, out);
    let healthy = |id| case.pain(id) == 0.0;
    let edge = |s: &&Sign| {
        s.z >= SICK_Z
            && s.role == Role::Latency
            && (s.entity == entity && s.callee.is_some_and(healthy)
                || s.callee == Some(entity) && healthy(entity))
    };
    if let Some(sign) = case.signs_around(entity).into_iter().find(edge) {
        let text = format!("{}, while the callee itself is quick", sign.brief());
        out.push(voice(Cause::NetworkFault, 0.7, Some(sign.since), text));
    }
    let slow = case.sick_signs(entity).find(|s| s.role == Role::Latency && s.callee.is_none());
    let loaded = case
        .sick_signs(entity)
        .any(|s| s.role.is_resource() || matches!(s.role, Role::Errors | Role::Availability));
    if let (Some(sign), false) = (slow, loaded)
        && case.is_measured(entity)
    {
        let text = format!("{}, with no resource and no errors", sign.brief());
        out.push(voice(Cause::NetworkFault, 0.4, Some(sign.since), text));
    }
}

/// Calls that fail although nothing is wrong at their other end: names that do not resolve, refused
/// connections, a partition. Every measured callee fails, or it would be the callee's own matter.
/// What the other end knows of the failures by its own account is its own.
fn unreached(case: &Case<'_>, entity: EntityId, out: &mut Vec<Voice>) {
    let topology = case.around.topology;
    let failing = |callee: EntityId| {
        let of = |s: &&Sign| s.role == Role::Errors && s.callee == Some(callee);
        case.sick_signs(entity).find(of).filter(|_| case.has_gap(entity, callee))
    };
    let callees = topology.callees(entity).filter(|callee| case.is_measured(*callee));
    let failing: Option<Vec<&Sign>> = callees.map(failing).collect();
    if let Some([sign, others @ ..]) = failing.as_deref() {
        let whom = if others.is_empty() { "the callee" } else { "any of its callees" };
        let text = format!("{}, while nothing ails {whom}", sign.brief());
        out.push(voice(Cause::NetworkFault, 0.8, Some(sign.since), text));
    }
}

fn code(case: &Case<'_>, entity: EntityId, out: &mut Vec<Voice>) {
    let thrown = |s: &&Sign| {
        let bad = s.role == Role::Errors || says(&s.signal, &EXCEPTION);
        s.class == SignalClass::Log && bad && !tells_of_call(&s.signal)
    };
    if let Some(sign) = case.sick_signs(entity).find(thrown) {
        out.push(voice(Cause::CodeDefect, 0.6, Some(sign.since), sign.signal.clone()));
    }
    let failing =
        |s: &&Sign| matches!(s.role, Role::Errors | Role::Availability) && s.callee.is_none();
    if let Some(sign) = case.sick_signs(entity).find(failing)
        && case.is_measured(entity)
    {
        out.push(voice(Cause::CodeDefect, 0.35, Some(sign.since), sign.brief()));
    }
}

const CERTIFICATE: [&str; 5] = ["certificate", "x509", "tls", "handshake", "expired"];
const OUT_OF_MEMORY: [&str; 4] = ["oomkill", "outofmemory", "out of memory", "oom "];
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
        let found = shop.with_case(|case| judge(case, id, None));
        assert_eq!(found.cause, expected, "{:?}", found.evidence);
        assert!((0.0..=1.0).contains(&found.certainty));
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
