//! The page: the whole story of an incident in plain text.
//!
//! In: a diagnosis and what was done. Out: cause, confidence, evidence, causal tree, other
//! suspects, actions with their results. Limit: text only; the journal has the particulars.

use std::fmt::Write;

use crate::model::{CauseNode, Diagnosis, Hypothesis};

/// Other suspects named at most.
const MOST_OTHERS: usize = 3;

/// The text of a page.
pub(super) fn page(diagnosis: Option<&Diagnosis>, deeds: &[String], why: &str) -> String {
    let mut text = String::new();
    let best = diagnosis.and_then(|d| d.hypotheses.first());
    match (diagnosis, best) {
        (Some(diagnosis), Some(best)) => {
            line(&mut text, &format!("{}: {} of {}", diagnosis.incident, best.cause, best.entity));
            line(&mut text, &format!("why you are paged: {why}"));
            line(&mut text, &format!("confidence: {}", best.confidence));
            evidence(&mut text, best);
            if let Some(tree) = &diagnosis.tree {
                line(&mut text, "what led to what:");
                branch(&mut text, tree, 1);
            }
            others(&mut text, &diagnosis.hypotheses);
        }
        _ => line(&mut text, &format!("why you are paged: {why}; no diagnosis")),
    }
    line(&mut text, "done so far:");
    if deeds.is_empty() {
        line(&mut text, "  nothing");
    }
    deeds.iter().for_each(|deed| line(&mut text, &format!("  {deed}")));
    text.truncate(text.trim_end().len());
    text
}

fn line(text: &mut String, content: &str) {
    writeln!(text, "{content}").expect("writing to a string does not fail");
}

fn evidence(text: &mut String, best: &Hypothesis) {
    line(text, "evidence:");
    if best.evidence.is_empty() {
        line(text, "  none");
    }
    best.evidence.iter().for_each(|e| line(text, &format!("  {} [{}]", e.text, e.method)));
}

fn branch(text: &mut String, node: &CauseNode, depth: usize) {
    line(text, &format!("{:1$}{2}  {3}", "", depth * 2, node.time, node.text));
    node.children.iter().for_each(|child| branch(text, child, depth + 1));
}

fn others(text: &mut String, hypotheses: &[Hypothesis]) {
    let others = hypotheses.iter().skip(1).filter(|h| h.confidence.get() >= 0.01).take(MOST_OTHERS);
    let names: Vec<String> =
        others.map(|h| format!("{} of {} ({})", h.cause, h.entity, h.confidence)).collect();
    if !names.is_empty() {
        line(text, &format!("otherwise: {}", names.join(", ")));
    }
}
