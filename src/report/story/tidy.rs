//! Texts that others wrote, made fit to read: instants to whole seconds, evidence that weighs.
//!
//! In: a story. Out: the same with every stamp in an engine's or a world's text shortened; the date
//! is left out where the whole trial is shorter than a day. Evidence whose weight would be shown as
//! 0.00 is left out. The audit log keeps all in full.

use super::Story;
use crate::model::CauseNode;
use crate::report::format;
use crate::unit::SimDuration;

const DAY: SimDuration = SimDuration::from_secs(86_400);
/// Evidence below this weighs nothing with two digits.
const WEIGHS: f64 = 0.005;

/// Shortens every stamp of a story.
pub(super) fn tidy(story: &mut Story) {
    let dated = story.window.length() >= DAY;
    let fix = |text: &mut String| *text = format::stamps(text, dated);
    story.entries.iter_mut().for_each(|e| fix(&mut e.text));
    story.audit.iter_mut().for_each(|row| fix(&mut row.reason));
    for case in &mut story.cases {
        fix(&mut case.summary);
        for hypothesis in &mut case.hypotheses {
            hypothesis.evidence.retain(|e| e.weight.abs() >= WEIGHS);
            hypothesis.evidence.iter_mut().for_each(|e| fix(&mut e.text));
        }
        case.actions.iter_mut().for_each(|doing| fix(&mut doing.reason));
        case.rejected.iter_mut().for_each(|(_, why)| fix(why));
        if let Some(tree) = &mut case.tree {
            node(tree, &fix, 32);
        }
    }
}

fn node(at: &mut CauseNode, fix: &impl Fn(&mut String), depth: usize) {
    fix(&mut at.text);
    if depth > 0 {
        at.children.iter_mut().for_each(|child| node(child, fix, depth - 1));
    }
}
