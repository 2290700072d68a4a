//! The causal tree as nested lists: what began when, and what followed from it.
//!
//! The depth is bounded, because a tree comes from an engine under test.

use super::super::format;
use super::svg::escape;
use crate::model::CauseNode;
use crate::unit::SimTime;

const DEPTH: usize = 12;

/// The tree as markup.
pub(super) fn draw(tree: &CauseNode, origin: SimTime) -> String {
    format!("<ul class=\"causes\">{}</ul>", node(tree, origin, DEPTH))
}

fn node(at: &CauseNode, origin: SimTime, depth: usize) -> String {
    let when = format::offset(at.time, origin);
    let entity = at.entity.as_ref().map(|e| escape(e)).unwrap_or_default();
    let text = escape(&at.text);
    let mut out = format!(
        "<li><div class=\"cause\"><span class=\"when\">{when}</span> {text} \
         <span class=\"entity\">{entity}</span></div>"
    );
    if !at.children.is_empty() && depth > 0 {
        out.push_str("<ul>");
        for child in &at.children {
            out.push_str(&node(child, origin, depth - 1));
        }
        out.push_str("</ul>");
    }
    out.push_str("</li>");
    out
}
