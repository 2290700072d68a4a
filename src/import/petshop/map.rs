//! The service map: an adjacency matrix whose rows call its columns, and nodes of the metrics.

use std::collections::BTreeSet;
use std::path::Path;

use super::super::ImportError;
use super::metrics::{Metrics, read_csv};
use crate::model::{EntityKind, Topology};

/// The service map: all nodes of graph and metrics, and the calls of the graph.
pub(super) fn read<'a>(
    graph: &Path,
    metrics: impl Iterator<Item = &'a Metrics>,
) -> Result<Topology, ImportError> {
    let records = read_csv(graph)?;
    let Some((header, rows)) = records.split_first() else {
        return Err(ImportError::file(graph, "an empty file", "an adjacency matrix"));
    };
    let mut nodes: BTreeSet<&str> = header.iter().skip(1).collect();
    nodes.extend(rows.iter().filter_map(|row| row.get(0)));
    let metrics: Vec<&Metrics> = metrics.collect();
    nodes.extend(metrics.iter().flat_map(|m| &m.columns).map(|column| column.node.as_str()));
    let mut map = Topology::default();
    for node in nodes {
        if node.is_empty() {
            let path = metrics.first().map_or(graph, |metrics| &metrics.path);
            return Err(ImportError::line(path, 1, "a node without name", "names of nodes"));
        }
        map.add(node, kind_of(node), None).expect("a set holds each name once");
    }
    for row in rows {
        let caller = map.find(row.get(0).unwrap_or_default()).expect("rows were added");
        for (callee, mark) in header.iter().zip(row.iter()).skip(1) {
            let callee = map.find(callee).expect("columns were added");
            if mark.trim().parse::<f64>().is_ok_and(|n| n != 0.0) && caller != callee {
                map.call(caller, callee);
            }
        }
    }
    Ok(map)
}

/// Uninstrumented views of other nodes are not ours to mend.
fn kind_of(node: &str) -> EntityKind {
    if node.ends_with("_remote") || node.ends_with("_client") {
        EntityKind::External
    } else {
        EntityKind::Service
    }
}
