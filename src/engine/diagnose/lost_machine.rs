//! Blame a node that is not ready any more, or slow, or the zone all of whose nodes are not ready.
//!
//! In: what the platform says of its nodes, since the onset. Out: 1 per node that was lost while
//! users suffer; where every node of a zone was lost, 1 for the zone and half for its nodes; where
//! none was lost, 1 for the one node on which replicas of several services are starved of
//! processor time and have siblings elsewhere that are not (`engine/case/machine.rs`). What
//! services show that ran there (evictions, failures, too few replicas) follows from it. Source:
//! own, after the Kubernetes node controller: a node whose kubelet is silent for the grace period
//! is `NotReady`, and its pods are evicted later. Limit: who ran there is not asked; a node that
//! fails requests without ceasing to be ready is not seen.

use super::{Build, Case, Method, NoParameters, Parts, Suspicion, evidence};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{Cause, EntityKind};
use crate::unit::{EntityId, SimTime};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "lost_machine",
    summary: "a node that is not ready since the trouble, or a zone without any ready node",
    help: "Reads the ready condition of nodes and the platform's events about them. A node lost \
           since the onset, while somebody suffers, is a fact that explains what the services \
           show that ran there. So is one that alone starves the replicas of several services.",
    source: "Kubernetes node controller: node conditions and eviction",
    example: "{}",
    schema: schema_of::<NoParameters>,
    build,
};

struct LostMachine;

fn build(spec: &Spec, _: Parts) -> Result<Box<dyn Method + Send>, KindError> {
    let NoParameters {} = spec.read()?;
    Ok(Box::new(LostMachine))
}

/// What is left for a node of a zone that is lost as a whole.
const PART: f64 = 0.5;

impl Method for LostMachine {
    fn rank(&mut self, case: &Case<'_>, out: &mut Vec<Suspicion>) {
        let topology = case.around.topology;
        if !topology.suspects().any(|entity| case.pain(entity) > 0.0) {
            return;
        }
        let machines = |kind| topology.iter().filter(move |(_, e)| e.kind == kind);
        let lost = |kind| machines(kind).filter_map(|(id, e)| Some((id, e, case.lost_since(id)?)));
        let zones: Vec<(EntityId, SimTime)> =
            lost(EntityKind::Zone).map(|(id, _, since)| (id, since)).collect();
        for (node, machine, since) in lost(EntityKind::Node) {
            let part = zones.iter().any(|(zone, _)| machine.parent == Some(*zone));
            blame(case, node, if part { PART } else { 1.0 }, since, "is not ready", out);
        }
        for (zone, since) in zones {
            blame(case, zone, 1.0, since, "has no ready node", out);
        }
        if let (true, Some((node, _))) = (out.is_empty(), case.slow_machine()) {
            let what = "leaves what runs there no processor time, as no other does,";
            blame(case, *node, 1.0, case.onset(), what, out);
        }
    }
}

fn blame(
    case: &Case<'_>,
    entity: EntityId,
    score: f64,
    since: SimTime,
    what: &str,
    out: &mut Vec<Suspicion>,
) {
    let text = format!("{} {what} since {since}", case.around.topology.name(entity));
    let said = vec![evidence("lost_machine", score, Some(since), text)];
    out.push(Suspicion { entity, cause: Some(Cause::NodeFailure), score, evidence: said });
}

#[cfg(test)]
mod tests {
    use super::super::super::case_fixture::{ONSET, Shop};
    use super::*;
    use crate::model::names::{ERROR_RATIO, NODE_READY};

    #[track_caller]
    fn check(shop: &Shop, expected: &[(&str, f64)]) {
        let spec = Spec::plain("lost_machine");
        let mut method = build(&spec, Parts { seed: 1, members: vec![] }).unwrap();
        let mut out = Vec::new();
        shop.with_case(|case| method.rank(case, &mut out));
        let found: Vec<_> = out.iter().map(|s| (shop.name(s.entity), s.score)).collect();
        assert_eq!(found, expected);
    }

    fn suffering() -> Shop {
        let shop = Shop::new().machines("north", &["n1", "n2"]).machines("south", &["s1"]);
        shop.step("web", ERROR_RATIO, 0.001, 0.4)
    }

    #[test]
    fn a_lost_node_is_blamed_and_a_zone_when_all_of_its_nodes_are_lost() {
        let ready = |shop: Shop, node: &str, after: f64| {
            shop.level(node, NODE_READY, "1", 1.0).step(node, NODE_READY, 1.0, after)
        };
        check(&ready(suffering(), "n1", 1.0), &[]);
        let one = ready(suffering(), "n1", 0.0);
        check(&one, &[("n1", 1.0)]);
        check(&one.event(ONSET, "n2", "NodeNotReady"), &[("n1", 0.5), ("n2", 0.5), ("north", 1.0)]);
        check(&ready(suffering(), "s1", 0.0), &[("s1", 1.0)]);
        check(&Shop::new().machines("north", &["n1"]).event(ONSET, "n1", "NodeNotReady"), &[]);
    }
}
