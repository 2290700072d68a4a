//! Log lines -> messages: the same place in the code, whatever values it prints.
//!
//! In: severity and body. Out: a number per message. A line that names where in the code it was
//! written (`Class#12`, `file.go:12`) is known by severity and place; any other by its template
//! (`engine/templates.rs`) after leading clock readings and `key: value` identifiers of tracing.
//! Bounded by `MOST`. Limit: one place that prints two messages of one severity counts as one.

use std::collections::BTreeMap;

use crate::engine::templates::{Miner, TemplateId};

/// Messages told apart; further ones count as one.
const MOST: usize = 8192;
/// Words of a line in which a place of code is looked for.
const FIRST_WORDS: usize = 6;
/// Letters of a line that are shown.
const SHOWN: usize = 120;

/// Messages known.
#[derive(Debug)]
pub(super) struct Messages {
    miner: Miner,
    /// By place, then severity.
    places: BTreeMap<Box<str>, BTreeMap<u8, u32>>,
    templates: BTreeMap<(u8, TemplateId), u32>,
    shown: Vec<(u8, String)>,
}

impl Default for Messages {
    fn default() -> Self {
        Self {
            miner: Miner::new(0.6),
            places: BTreeMap::new(),
            templates: BTreeMap::new(),
            shown: vec![(0, "(further messages)".to_owned())],
        }
    }
}

impl Messages {
    /// The number of a line's message.
    pub(super) fn learn(&mut self, severity: u8, body: &str) -> u32 {
        let line = body.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let words = || line.split_ascii_whitespace();
        if let Some(place) = words().take(FIRST_WORDS).find(|word| is_place(word)) {
            if let Some(number) = self.places.get(place).and_then(|of| of.get(&severity)) {
                return *number;
            }
            let number = self.show(severity, line);
            self.places.entry(place.into()).or_default().insert(severity, number);
            return number;
        }
        let (template, _) = self.miner.learn(line);
        if let Some(number) = self.templates.get(&(severity, template)) {
            return *number;
        }
        let number = self.show(severity, line);
        self.templates.insert((severity, template), number);
        number
    }

    pub(super) fn text(&self, number: u32) -> &str {
        self.shown.get(number as usize).map_or("?", |(_, text)| text)
    }

    pub(super) fn severity(&self, number: u32) -> u8 {
        self.shown.get(number as usize).map_or(0, |(severity, _)| *severity)
    }

    fn show(&mut self, severity: u8, line: &str) -> u32 {
        if self.shown.len() >= MOST {
            return 0;
        }
        self.shown.push((severity, plain(line)));
        self.shown.len() as u32 - 1
    }
}

/// The line as a person reads it: without clock readings, identifiers and their keys.
fn plain(line: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for word in line.split_ascii_whitespace() {
        let value = word.bytes().any(|b| b.is_ascii_digit()) && !is_place(word);
        if !value {
            kept.push(word);
        } else if kept.last().is_some_and(|key| key.ends_with(':')) {
            kept.pop();
        }
    }
    kept.join(" ").chars().take(SHOWN).collect()
}

/// `Class#12`, `file.go:12`, `module.py:7:`: letters, a mark, digits.
fn is_place(word: &str) -> bool {
    let word = word.trim_matches(|c: char| matches!(c, '[' | ']' | '(' | ')' | ':' | ','));
    let Some((name, line)) = word.rsplit_once(['#', ':']) else { return false };
    let digits = !line.is_empty() && line.len() <= 6 && line.bytes().all(|b| b.is_ascii_digit());
    let named = name.starts_with(|c: char| c.is_alphabetic())
        && (word.contains('#') || name.contains('.'))
        && !name.bytes().any(|b| b == b'/')
        && !name.rsplit('.').next().is_some_and(|end| end.bytes().all(|b| b.is_ascii_digit()));
    digits && named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_code_is_one_message() {
        let mut messages = Messages::default();
        let mut learn = |line: &str| messages.learn(9, line);
        let first = learn("16:42 INFO t.s.Impl#532 trace 7 [get][Route is: 12]");
        assert_eq!(learn("16:43 INFO t.s.Impl#532 trace 9 [get][something else]"), first);
        assert_ne!(learn("16:43 INFO t.s.Impl#533 trace 9 [get][Route is: 12]"), first);
    }

    #[test]
    fn others_are_known_by_their_template_and_severity() {
        let mut messages = Messages::default();
        let first = messages.learn(9, "user 17 has come");
        assert_eq!(messages.learn(9, "user 18 has come"), first);
        assert_ne!(messages.learn(17, "user 18 has come"), first);
        assert_ne!(messages.learn(9, "disk is almost full"), first);
    }

    #[test]
    fn addresses_and_clocks_are_no_places() {
        for (word, expected) in [
            ("main.go:12", true),
            ("Cart#9", true),
            ("[app.py:77]", true),
            ("10.0.0.1:8080", false),
            ("16:42:22", false),
            ("host:8080", false),
            ("http://a.b:80", false),
        ] {
            assert_eq!(is_place(word), expected, "{word}");
        }
    }
}
