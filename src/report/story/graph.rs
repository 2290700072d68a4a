//! The call graph with the blast: who calls whom, in layers, and how sick each one was.
//!
//! In: topology, faults and incidents. Out: nodes with a layer (calls from the entry) and a row,
//! and edges. Replicas are shown as their service; machines only if they are blamed. Cycles are cut
//! where they close. Known limit: rows are in barycentre order of one pass, so edges may cross.

use std::collections::{BTreeMap, BTreeSet};

use super::{Case, Fault, Told};
use crate::model::{EntityKind, Topology};
use crate::unit::{EntityId, Name};

/// One entity of the graph.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Its name.
    pub name: Name,
    /// Calls from the entry, 0 at the top.
    pub layer: usize,
    /// Place in its layer, from 0.
    pub row: usize,
    /// Strongest score of its signals in an incident; absent if it had none.
    pub score: Option<f64>,
    /// Whether the truth blames it.
    pub culprit: bool,
    /// Whether the engine's top hypothesis blames it.
    pub suspect: bool,
}

/// Nodes and edges (indices into the nodes, caller first).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Graph {
    /// Nodes by layer and row.
    pub nodes: Vec<Node>,
    /// Calls.
    pub edges: Vec<(usize, usize)>,
}

/// The graph of a trial.
pub(super) fn graph(told: &Told<'_>, faults: &[Fault], cases: &[Case]) -> Graph {
    let map = told.topology;
    let blamed: BTreeSet<&Name> = faults.iter().flat_map(|f| &f.root_causes).collect();
    let suspect = cases.first().and_then(Case::top).map(|h| &h.entity);
    let mut scores: BTreeMap<&Name, f64> = BTreeMap::new();
    for (name, score) in cases.iter().flat_map(|c| &c.blast) {
        let strongest = scores.entry(name).or_insert(0.0);
        *strongest = strongest.max(*score);
    }
    let shown: Vec<EntityId> = map
        .iter()
        .filter(|(_, e)| match e.kind {
            EntityKind::Service | EntityKind::External => true,
            EntityKind::Replica => false,
            EntityKind::Node | EntityKind::Zone => {
                blamed.contains(&e.name) || suspect == Some(&e.name)
            }
        })
        .map(|(id, _)| id)
        .collect();
    let layers = layers(map, &shown);
    let order = order(map, &layers);
    let index: BTreeMap<EntityId, usize> =
        order.iter().enumerate().map(|(i, (id, ..))| (*id, i)).collect();
    let nodes = order.iter().map(|(id, layer, row)| {
        let name = map.name(*id);
        Node {
            name: name.clone(),
            layer: *layer,
            row: *row,
            score: scores.get(name).copied(),
            culprit: blamed.contains(name),
            suspect: suspect == Some(name),
        }
    });
    let nodes = nodes.collect();
    let calls = map.calls().filter(|c| c.caller != c.callee);
    let edges = calls.filter_map(|c| Some((*index.get(&c.caller)?, *index.get(&c.callee)?)));
    Graph { nodes, edges: edges.collect() }
}

/// Longest path from an entry, with calls back into the current path ignored.
fn layers(map: &Topology, shown: &[EntityId]) -> BTreeMap<EntityId, usize> {
    let mut layers: BTreeMap<EntityId, usize> = shown.iter().map(|id| (*id, 0)).collect();
    for _ in 0..shown.len().min(12) {
        let mut moved = false;
        for call in map.calls() {
            let Some(caller) = layers.get(&call.caller).copied() else { continue };
            let back = call.caller == call.callee || reaches(map, call.callee, call.caller);
            if let Some(callee) = layers.get_mut(&call.callee).filter(|_| !back)
                && *callee <= caller
            {
                *callee = caller + 1;
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    layers
}

fn reaches(map: &Topology, from: EntityId, to: EntityId) -> bool {
    let mut seen = BTreeSet::from([from]);
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        if at == to {
            return true;
        }
        open.extend(map.callees(at).filter(|c| seen.insert(*c)));
    }
    false
}

/// Entities with layer and row; rows follow the mean row of their callers.
fn order(map: &Topology, layers: &BTreeMap<EntityId, usize>) -> Vec<(EntityId, usize, usize)> {
    let mut out: Vec<(EntityId, usize, usize)> = Vec::new();
    let mut rows: BTreeMap<EntityId, f64> = BTreeMap::new();
    for layer in 0..=layers.values().copied().max().unwrap_or(0) {
        let mut here: Vec<(f64, EntityId)> = layers
            .iter()
            .filter(|(_, l)| **l == layer)
            .map(|(id, _)| {
                let above: Vec<f64> =
                    map.callers(*id).filter_map(|c| rows.get(&c).copied()).collect();
                let mean = above.iter().sum::<f64>() / above.len().max(1) as f64;
                (if above.is_empty() { f64::from(id.0) } else { mean }, *id)
            })
            .collect();
        here.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        for (row, (_, id)) in here.into_iter().enumerate() {
            rows.insert(id, row as f64);
            out.push((id, layer, row));
        }
    }
    out
}
