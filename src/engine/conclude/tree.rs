//! The causal tree: change -> resource -> latency -> errors, then the callers that feel it.
//!
//! In: a case and the entity to blame. Out: one tree whose children began no earlier than their
//! parents, except where telemetry is too coarse to tell. Source: the shape of the article's tree.
//! Limit: order in time and along calls suggests causation; it does not prove it.

use super::{Case, Sign};
use crate::engine::case::{HORIZON, span_of_time};
use crate::model::{Cause, CauseNode, EventKind, Role};
use crate::unit::{EntityId, Name, SimTime};

/// Callers shown at most.
const MOST_CALLERS: usize = 6;
const CHANGES: [EventKind; 4] =
    [EventKind::Deploy, EventKind::Config, EventKind::Commit, EventKind::Flag];

/// The story of `entity`; absent if it shows nothing.
pub(super) fn grow(case: &Case<'_>, entity: EntityId, cause: Cause) -> Option<CauseNode> {
    let name = case.around.topology.name(entity).clone();
    let mut steps = steps(case, entity, &name);
    let callers = callers(case, entity);
    let root = case.change_before(entity, &CHANGES, HORIZON).map(|(event, gap)| {
        let what = event.attributes.get("version").map_or(event.reason.as_str(), String::as_str);
        let before = span_of_time(gap);
        node(event.time, format!("{what} of {name}, {before} before the first symptom"), &name)
    });
    if let Some(last) = steps.iter_mut().rev().find(|step| step.0 <= 3) {
        last.1.children.extend(callers);
    }
    let inner = chain(steps);
    match (root, inner.is_empty()) {
        (Some(mut root), _) => {
            root.children = inner;
            Some(root)
        }
        (None, false) if inner.len() == 1 => inner.into_iter().next(),
        (None, false) => {
            let mut root = node(case.onset(), format!("{cause} of {name}"), &name);
            root.children = inner;
            Some(root)
        }
        (None, true) => None,
    }
}

fn node(time: SimTime, text: String, entity: &Name) -> CauseNode {
    CauseNode { time, text, entity: Some(entity.clone()), children: Vec::new() }
}

/// Stage of a role: 1 resource, 2 latency, 3 errors, 4 consequences such as kills and restarts.
const fn stage(role: Role) -> u8 {
    match role {
        Role::Latency => 2,
        Role::Errors | Role::Availability => 3,
        Role::Restarts | Role::Replicas | Role::Other => 4,
        _ => 1,
    }
}

/// The strongest sign per role, and the platform's events, each with its stage.
fn steps(case: &Case<'_>, entity: EntityId, name: &Name) -> Vec<(u8, CauseNode)> {
    let mut seen: Vec<Role> = Vec::new();
    let mut steps = Vec::new();
    for sign in case.sick_signs(entity).filter(|s| s.callee.is_none()) {
        if !seen.contains(&sign.role) {
            seen.push(sign.role);
            steps.push((
                stage(sign.role),
                node(sign.since, format!("{} of {name}", sign.brief()), name),
            ));
        }
    }
    let events = case.around.events.iter().filter(|event| {
        event.kind == EventKind::Kubernetes
            && event.time >= case.onset()
            && case.entity_of(event) == Some(entity)
    });
    for event in events.take(3) {
        steps.push((4, node(event.time, format!("{} of {name}", event.reason), name)));
    }
    steps.sort_by(|a, b| (a.0, a.1.time, &a.1.text).cmp(&(b.0, b.1.time, &b.1.text)));
    steps
}

/// Resources lead to latency, latency to errors; kills hang under the first resource.
fn chain(steps: Vec<(u8, CauseNode)>) -> Vec<CauseNode> {
    let mut top: Vec<CauseNode> = Vec::new();
    let mut path: Vec<(u8, CauseNode)> = Vec::new();
    let mut late: Vec<CauseNode> = Vec::new();
    for (stage, step) in steps {
        if stage == 4 {
            late.push(step);
        } else if path.last().is_none_or(|(last, _)| *last < stage) {
            path.push((stage, step));
        } else if let Some((_, parent)) = path.iter_mut().rev().nth(1) {
            parent.children.push(step);
        } else {
            top.push(step);
        }
    }
    if let Some((_, first)) = path.first_mut() {
        first.children.append(&mut late);
    }
    top.append(&mut late);
    let nested = path.into_iter().rev().fold(None, |below: Option<CauseNode>, (_, mut step)| {
        step.children.splice(0..0, below);
        Some(step)
    });
    top.splice(0..0, nested);
    top
}

/// The callers that feel it, nearest first.
fn callers(case: &Case<'_>, entity: EntityId) -> Vec<CauseNode> {
    let topology = case.around.topology;
    let mut seen = vec![entity];
    let mut ring = vec![entity];
    let mut nodes = Vec::new();
    while !ring.is_empty() {
        let mut next: Vec<EntityId> = ring.iter().flat_map(|e| topology.callers(*e)).collect();
        next.sort_unstable();
        next.dedup();
        next.retain(|e| !seen.contains(e) && case.pain(*e) > 0.0);
        seen.extend(&next);
        for caller in &next {
            let felt: Option<&Sign> =
                case.sick_signs(*caller).find(|s| s.role.is_symptom() && s.callee.is_none());
            let name = topology.name(*caller);
            nodes.extend(
                felt.map(|s| node(s.since, format!("{} of its caller {name}", s.brief()), name)),
            );
        }
        ring = next;
    }
    nodes.truncate(MOST_CALLERS);
    nodes
}

#[cfg(test)]
mod tests {
    use super::super::super::case_fixture::{ONSET, Shop};
    use super::*;
    use crate::model::names::{DURATION, ERROR_RATIO, MEMORY_UTILIZATION};
    use crate::unit::SimDuration;

    fn lines(node: &CauseNode, depth: usize, out: &mut String) {
        out.push_str(&format!("{:>1$}{2}\n", "", depth * 2, node.text));
        node.children.iter().for_each(|child| lines(child, depth + 1, out));
    }

    #[test]
    fn the_story_reads_from_change_to_symptom() {
        let shop = Shop::new()
            .change(ONSET - SimDuration::from_secs(90), EventKind::Deploy, "cart")
            .step("cart", MEMORY_UTILIZATION, 0.3, 0.95)
            .late_step("cart", DURATION, 0.1, 2.4, 2)
            .late_step("cart", ERROR_RATIO, 0.001, 0.12, 3)
            .late_step("web", DURATION, 0.15, 2.5, 2)
            .event(ONSET + SimDuration::from_secs(90), "cart", "OOMKilling");
        let cart = shop.topology().find("cart").unwrap();
        let tree = shop.with_case(|case| grow(case, cart, Cause::BadDeploy)).unwrap();
        let mut text = String::new();
        lines(&tree, 0, &mut text);
        insta::assert_snapshot!(text);
    }

    #[test]
    fn nothing_seen_has_no_story() {
        let shop = Shop::new();
        let cart = shop.topology().find("cart").unwrap();
        assert_eq!(shop.with_case(|case| grow(case, cart, Cause::Unknown)), None);
    }
}
