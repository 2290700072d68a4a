//! The call graph in layers from the entry, left to right, with the blast in colour.
//!
//! Colour says how far the strongest signal was from normal; entities without signals are faded.
//! The labelled culprit has a thick ring, the engine's suspect a dashed one.

use super::super::format;
use super::super::story::{Graph, Node};
use super::svg::Drawing;

const GAP: f64 = 56.0;
const ROW: f64 = 52.0;
const TALL: f64 = 34.0;
/// Most characters of a name.
const NAME: usize = 28;

/// The drawing; empty without entities.
pub(super) fn draw(graph: &Graph) -> String {
    let columns = graph.nodes.iter().map(|n| n.layer + 1).max().unwrap_or(0);
    let rows = graph.nodes.iter().map(|n| n.row + 1).max().unwrap_or(0);
    if columns == 0 {
        return String::new();
    }
    let longest = graph.nodes.iter().map(|n| n.name.chars().count()).max().unwrap_or(0);
    let wide = (longest.min(NAME) as f64 * 7.8 + 22.0).max(120.0);
    let column = wide + GAP;
    let width = (columns as f64 * column).max(1180.0);
    let left = (width - (columns as f64 * column - GAP)) / 2.0;
    let height = rows as f64 * ROW + 24.0;
    let mut out = Drawing::new(width, height, "chart graph", "who calls whom, and who was sick");
    let sizes: Vec<usize> =
        (0..columns).map(|l| graph.nodes.iter().filter(|n| n.layer == l).count()).collect();
    let place = |node: &Node| {
        let gap = (rows - sizes[node.layer]) as f64 * ROW / 2.0;
        (left + node.layer as f64 * column, gap + node.row as f64 * ROW + 12.0)
    };
    for (from, to) in &graph.edges {
        let (a, b) = (&graph.nodes[*from], &graph.nodes[*to]);
        let ((ax, ay), (bx, by)) = (place(a), place(b));
        let (x1, y1) = (ax + wide, ay + TALL / 2.0);
        let (x2, y2) = (bx, by + TALL / 2.0);
        let sick = a.score.is_some() && b.score.is_some();
        let class = if sick { "edge sick" } else { "edge" };
        let mid = f64::midpoint(x1, x2);
        out.path(
            class,
            &format!("M{x1:.0} {y1:.0} C{mid:.0} {y1:.0} {mid:.0} {y2:.0} {x2:.0} {y2:.0}"),
        );
    }
    for node in &graph.nodes {
        draw_node(&mut out, node, place(node), wide);
    }
    out.finish()
}

fn draw_node(out: &mut Drawing, node: &Node, at: (f64, f64), wide: f64) {
    let mut class = format!("node heat{}", heat(node.score));
    if node.culprit {
        class.push_str(" culprit");
    } else if node.suspect {
        class.push_str(" suspect");
    }
    let seen = match node.score {
        Some(score) => format!("strongest signal at {} × its threshold", format::number(score)),
        None => "no signal".to_owned(),
    };
    let mark = match (node.culprit, node.suspect) {
        (true, true) => "; labelled root cause, and blamed",
        (true, false) => "; labelled root cause, not blamed",
        (false, true) => "; blamed by the engine",
        (false, false) => "",
    };
    out.rect(&class, at, (wide, TALL), &format!("{}: {seen}{mark}", node.name));
    let faded = if node.score.is_none() && !node.culprit { " faded" } else { "" };
    let text = format::cut(&node.name, NAME);
    out.text(
        &format!("node-name middle heat-text{}{faded}", heat(node.score)),
        (at.0 + wide / 2.0, at.1 + 21.5),
        &text,
    );
}

/// 0 without a signal, then 1 to 4 by how far from normal.
fn heat(score: Option<f64>) -> u8 {
    match score {
        None => 0,
        Some(s) if s < 1.5 => 1,
        Some(s) if s < 3.0 => 2,
        Some(s) if s < 8.0 => 3,
        Some(_) => 4,
    }
}
