//! A policy's text with new floors or a new calibration: comments and order stay.
//!
//! In: the text of a policy file. Out: the text with the change in its place. What is written is
//! read again and compared by the caller. Limit: comments inside a replaced flow map are lost.

use std::collections::BTreeMap;

use super::yaml::{self, Node};
use crate::model::{Calibration, Cause};
use crate::unit::Ratio;

const FLOOR: &str = "confidence_floor";
/// Stands above a calibration that was written by us.
const ABOVE: &str = "# What the raw confidence is worth; written by `windtunnel calibrate`.";

/// The text with these confidence floors.
///
/// # Errors
/// If it is no YAML, or lists no confidence floor.
pub fn with_floors(
    text: &str,
    default: Ratio,
    per_cause: &BTreeMap<Cause, Ratio>,
) -> Result<String, String> {
    let node = yaml::parse(text).map_err(|all| join(&all))?;
    let guards = node.get("guard").map(Node::items).unwrap_or_default();
    for item in guards {
        if item.text() == Some(FLOOR) {
            let at = offset(text, item.at.line, item.at.column);
            let end = at + FLOOR.len();
            let params = flow(default, per_cause);
            return Ok(format!("{}: {params}{}", &text[..end], &text[end..]));
        }
        let Some(pair) = item.pairs().iter().find(|pair| pair.key == FLOOR) else { continue };
        let key = offset(text, pair.at.line, pair.at.column) + FLOOR.len();
        let at = offset(text, pair.value.at.line, pair.value.at.column);
        if pair.value.pairs().is_empty() && !text[at..].starts_with('{') {
            let params = flow(default, per_cause);
            return Ok(format!("{}: {params}{}", &text[..key], &text[key + 1..]));
        }
        if text[at..].starts_with('{') {
            let end = closing(text, at).ok_or("the flow map of the floors has no end")?;
            let params = flow(default, per_cause);
            return Ok(format!("{}{params}{}", &text[..at], &text[end..]));
        }
        return Ok(block(text, pair.value.at.line, pair.value.at.column, default, per_cause));
    }
    Err(format!("the policy lists no guardrail {FLOOR:?}: there is nothing to write floors to"))
}

/// The text with this calibration, in the place of an older one or at the end.
#[must_use]
pub fn with_calibration(text: &str, calibration: &Calibration) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if line.starts_with("calibration:") {
            inside = true;
            if kept.last() == Some(&ABOVE) {
                kept.pop();
            }
            continue;
        }
        inside &= line.is_empty() || line.starts_with([' ', '\t']);
        if !inside {
            kept.push(line);
        }
    }
    while kept.last().is_some_and(|line| line.is_empty()) {
        kept.pop();
    }
    let mut out = kept.join("\n");
    out += &format!("\n\n{ABOVE}\ncalibration:\n  shape: {}\n", calibration.shape);
    if !calibration.coefficients.is_empty() {
        out += &format!("  coefficients: {:?}\n", calibration.coefficients);
    }
    if !calibration.knots.is_empty() {
        out += &format!("  knots: {:?}\n", calibration.knots);
    }
    let Calibration { corpus, answers, groups, windtunnel, .. } = calibration;
    out += &format!("  corpus: \"{corpus}\" # digest of what it was fitted to\n");
    out += &format!("  answers: {answers}\n  groups: {groups}\n  windtunnel: \"{windtunnel}\"\n");
    out
}

fn flow(default: Ratio, per_cause: &BTreeMap<Cause, Ratio>) -> String {
    let own = causes(per_cause);
    let own = if own.is_empty() { own } else { format!(", per_cause: {own}") };
    format!("{{ default: {}{own} }}", default.get())
}

fn causes(per_cause: &BTreeMap<Cause, Ratio>) -> String {
    let pair = |(cause, floor): (&Cause, &Ratio)| format!("{cause}: {}", floor.get());
    let all: Vec<String> = per_cause.iter().map(pair).collect();
    if all.is_empty() { String::new() } else { format!("{{ {} }}", all.join(", ")) }
}

/// A block map that begins at a place: its lines with the floors changed.
fn block(
    text: &str,
    line: usize,
    column: usize,
    default: Ratio,
    per_cause: &BTreeMap<Cause, Ratio>,
) -> String {
    let indent = column - 1;
    let pad = " ".repeat(indent);
    let deep = |l: &str| l.len() - l.trim_start().len();
    let lines: Vec<&str> = text.lines().collect();
    let is_in = |l: &&&str| l.trim().is_empty() || deep(l) >= indent;
    let length = lines[line - 1..].iter().take_while(is_in).count();
    let mut out: Vec<String> = lines[..line - 1].iter().map(|l| (*l).to_owned()).collect();
    let mut said = vec![format!("{pad}default: {}", default.get())];
    let mut skipping = false;
    let mut rest = Vec::new();
    for l in &lines[line - 1..line - 1 + length] {
        skipping &= l.trim().is_empty() || deep(l) > indent;
        if l.trim_start().starts_with("per_cause:") && deep(l) == indent {
            skipping = true;
        } else if l.trim_start().starts_with("default:") && deep(l) == indent {
            let comment = l.find(" #").map_or("", |at| &l[at..]);
            said[0] += comment;
        } else if !skipping {
            rest.push((*l).to_owned());
        }
    }
    let own = causes(per_cause);
    if !own.is_empty() {
        said.push(format!("{pad}per_cause: {own}"));
    }
    out.append(&mut said);
    out.append(&mut rest);
    out.extend(lines[line - 1 + length..].iter().map(|l| (*l).to_owned()));
    out.join("\n") + "\n"
}

/// The byte offset of a place; columns count characters from 1.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let rest = &text[before..];
    before + rest.char_indices().nth(column - 1).map_or(rest.len(), |(at, _)| at)
}

/// The offset behind the bracket that closes the one at `at`; texts and comments are passed over.
fn closing(text: &str, at: usize) -> Option<usize> {
    let (mut depth, mut quote, mut comment, mut before) = (0usize, None, false, ' ');
    for (place, c) in text[at..].char_indices() {
        match (comment, quote, c) {
            (true, _, '\n') => comment = false,
            (true, _, _) => {}
            (_, Some(q), c) if c == q => quote = None,
            (_, Some(_), _) => {}
            (_, None, '"' | '\'') => quote = Some(c),
            (_, None, '#') if before.is_whitespace() => comment = true,
            (_, None, '{') => depth += 1,
            (_, None, '}') => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + place + 1);
                }
            }
            _ => {}
        }
        before = c;
    }
    None
}

fn join(all: &[yaml::YamlError]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Shape;

    fn floors(text: &str, own: &[(Cause, f64)]) -> String {
        let own = own.iter().map(|(c, f)| (*c, Ratio::clamped(*f))).collect();
        with_floors(text, Ratio::clamped(0.7), &own).unwrap()
    }

    #[test]
    fn floors_are_written_in_place_in_every_form() {
        let own = [(Cause::BadDeploy, 0.6)];
        let params = "{ default: 0.7, per_cause: { bad_deploy: 0.6 } }";
        for (before, after) in [
            (
                "guard:\n  - confidence_floor: { default: 0.85 } # why\n  - dry_run\n",
                format!("guard:\n  - confidence_floor: {params} # why\n  - dry_run\n"),
            ),
            ("guard: [confidence_floor, x]\n", format!("guard: [confidence_floor: {params}, x]\n")),
            (
                "guard:\n  - confidence_floor # why\n",
                format!("guard:\n  - confidence_floor: {params} # why\n"),
            ),
            (
                concat!(
                    "guard:\n  - confidence_floor:\n      default: 0.85 # why\n",
                    "      per_cause:\n        unknown: 1\n  - x\nend: 1\n"
                ),
                "guard:\n  - confidence_floor:\n      default: 0.7 # why\n      per_cause: \
                 { bad_deploy: 0.6 }\n  - x\nend: 1\n"
                    .to_owned(),
            ),
        ] {
            assert_eq!(floors(before, &own), after);
        }
        let plain = floors("guard:\n- confidence_floor: {default: 1}\n", &[]);
        assert_eq!(plain, "guard:\n- confidence_floor: { default: 0.7 }\n");
        let none = with_floors("guard: [dry_run]\n", Ratio::ONE, &BTreeMap::new()).unwrap_err();
        assert!(none.contains("lists no guardrail"), "{none}");
    }

    #[test]
    fn the_shipped_policy_keeps_every_comment() {
        let text = include_str!("../../scenarios/policies/default.yaml");
        let after = floors(text, &[]);
        assert_eq!(after, text.replace("{ default: 0.85 }", "{ default: 0.7 }"));
    }

    #[test]
    fn a_calibration_replaces_the_older_one() {
        let map = |slope| Calibration {
            shape: Shape::Platt,
            coefficients: vec![slope, -2.0],
            knots: Vec::new(),
            corpus: "12e4".to_owned(),
            answers: 9,
            groups: 3,
            windtunnel: "0.1.0".to_owned(),
        };
        let text = "# top\nversion: 1\nguard: [] # none\n";
        let once = with_calibration(text, &map(4.0));
        assert!(once.starts_with(text), "{once}");
        let twice = with_calibration(&once, &map(5.0));
        assert_eq!(twice, once.replace("4.0", "5.0"));
        let json = yaml::parse(&twice).unwrap().to_json();
        let back: Calibration = serde_json::from_value(json["calibration"].clone()).unwrap();
        assert_eq!(back, map(5.0));
    }
}
