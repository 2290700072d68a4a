//! The call graph in the order in which load flows: callers before callees.
//!
//! In: services and their calls by name. Out: an order of indices, or the cycle that forbids one.
//! Depth-first search over sorted names, so that the order is the same on every machine. Calls to
//! unknown names are left out here; `synthetic/check.rs` reports them.

use std::collections::BTreeMap;

use super::spec::ServiceSpec;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    Open,
    Done,
}

/// Indices (in name order) with callers before callees.
///
/// # Errors
/// The names along a cycle, the first repeated at the end.
pub fn call_order(services: &BTreeMap<String, ServiceSpec>) -> Result<Vec<usize>, Vec<String>> {
    let names: Vec<&str> = services.keys().map(String::as_str).collect();
    let callees: Vec<Vec<usize>> = services
        .values()
        .map(|s| s.calls.iter().filter_map(|c| names.binary_search(&c.to.as_str()).ok()).collect())
        .collect();
    let mut marks = vec![Mark::New; names.len()];
    let mut order = Vec::with_capacity(names.len());
    for root in 0..names.len() {
        let mut path = Vec::new();
        if let Err(cycle) = visit(root, &callees, &mut marks, &mut path, &mut order) {
            return Err(cycle.into_iter().map(|i| names[i].to_owned()).collect());
        }
    }
    order.reverse();
    Ok(order)
}

fn visit(
    node: usize,
    callees: &[Vec<usize>],
    marks: &mut [Mark],
    path: &mut Vec<usize>,
    order: &mut Vec<usize>,
) -> Result<(), Vec<usize>> {
    match marks[node] {
        Mark::Done => return Ok(()),
        Mark::Open => {
            let from = path.iter().position(|&n| n == node).expect("open nodes are on the path");
            return Err(path[from..].iter().copied().chain([node]).collect());
        }
        Mark::New => {}
    }
    marks[node] = Mark::Open;
    path.push(node);
    for &callee in &callees[node] {
        visit(callee, callees, marks, path, order)?;
    }
    path.pop();
    marks[node] = Mark::Done;
    order.push(node);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::fleet::CallSpec;

    fn graph(edges: &[(&str, &str)]) -> BTreeMap<String, ServiceSpec> {
        let mut services = BTreeMap::<String, ServiceSpec>::new();
        for (from, to) in edges {
            services.entry((*to).to_owned()).or_default();
            let call: CallSpec = serde_json::from_value(serde_json::json!({ "to": to })).unwrap();
            services.entry((*from).to_owned()).or_default().calls.push(call);
        }
        services
    }

    #[test]
    fn callers_come_before_callees() {
        assert_eq!(call_order(&graph(&[("b", "a"), ("c", "b"), ("c", "a")])), Ok(vec![2, 1, 0]));
    }

    #[test]
    fn a_cycle_is_named_in_call_order() {
        let cycle = call_order(&graph(&[("a", "b"), ("b", "c"), ("c", "b")])).unwrap_err();
        assert_eq!(cycle, ["b", "c", "b"]);
    }
}
