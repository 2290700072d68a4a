//! YAML text -> a tree in which every key and value knows its line and column.
//!
//! In: text. Out: a `Node`, or every lexical problem found. Scalars follow the core schema of
//! YAML 1.2 (section 10.3.2: `yes` is a text, `0o17` a number). Stricter than the specification
//! where files are written by people: one document, no duplicate keys, no tags, text keys only,
//! finite numbers. Aliases are expanded, up to `MAX_NODES` nodes in all ("billion laughs").

use std::collections::BTreeMap;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput};
use serde_json::Value as Json;

/// Most nodes that a file may hold after its aliases are expanded.
pub const MAX_NODES: usize = 100_000;

/// Deepest nesting that a file may have.
const MAX_DEPTH: usize = 64;

/// Where something stands: line and column from 1 (in characters), and its width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Mark {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1, in characters.
    pub column: usize,
    /// Characters to underline, at least 1.
    pub width: usize,
}

/// What a node holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A finite number.
    Number(serde_json::Number),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A map, in the order written.
    Map(Vec<Pair>),
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it holds.
    pub value: Value,
    /// Where it begins.
    pub at: Mark,
}

/// One key of a map with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub at: Mark,
    /// Its value.
    pub value: Node,
}

/// What is wrong with the text itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct YamlError {
    /// Where.
    pub at: Mark,
    /// What.
    pub message: String,
}

/// Reads one document.
///
/// # Errors
/// Every duplicate key, tag or bad scalar; or the first error of syntax.
pub fn parse(text: &str) -> Result<Node, Vec<YamlError>> {
    let options = granit_parser::options! {
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
        emit_comments: false,
        disallow_directives: true,
    };
    let mut tree = Tree {
        events: Parser::new_from_str_with_options(text, options),
        anchors: BTreeMap::new(),
        nodes: 0,
        problems: Vec::new(),
    };
    match tree.document() {
        Ok(node) if tree.problems.is_empty() => Ok(node),
        Ok(_) => Err(tree.problems),
        Err(fatal) => {
            tree.problems.push(fatal);
            Err(tree.problems)
        }
    }
}

struct Tree<'a> {
    events: Parser<'a, StrInput<'a>>,
    anchors: BTreeMap<usize, Node>,
    nodes: usize,
    problems: Vec<YamlError>,
}

impl<'a> Tree<'a> {
    fn document(&mut self) -> Result<Node, YamlError> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamStart | Event::DocumentEnd => {}
                Event::DocumentStart(..) if root.is_some() => {
                    let message = "expected one document, found another".to_owned();
                    return Err(YamlError { at: mark(&span), message });
                }
                Event::DocumentStart(..) => {
                    let (event, span) = self.next()?;
                    root = Some(self.node(event, &span)?);
                }
                Event::StreamEnd => break,
                other => unreachable!("no {other:?} outside a document"),
            }
        }
        root.filter(|node| node.value != Value::Null).ok_or_else(|| YamlError {
            at: Mark { line: 1, column: 1, width: 1 },
            message: "expected a map, found an empty file".to_owned(),
        })
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), YamlError> {
        let next: Option<Result<(Event<'a>, Span), ScanError>> = self.events.next_event();
        next.expect("the stream has an end event").map_err(|error| {
            let at = error.marker();
            let at = Mark { line: at.line(), column: at.col() + 1, width: 1 };
            YamlError { at, message: format!("no valid YAML: {}", error.info()) }
        })
    }

    fn node(&mut self, event: Event<'a>, span: &Span) -> Result<Node, YamlError> {
        let at = mark(span);
        self.count(1, at)?;
        if event.tag().is_some() {
            let message = "expected a plain value, found one with a tag".to_owned();
            self.problems.push(YamlError { at, message });
        }
        let anchor = event.anchor_id();
        let value = match event {
            Event::Scalar(text, style, ..) => self.scalar(&text, style, at),
            Event::SequenceStart(..) => self.list()?,
            Event::MappingStart(..) => self.map()?,
            Event::Alias(id) => {
                let node = self.anchors.get(&id).cloned().ok_or_else(|| YamlError {
                    at,
                    message: "expected an alias to something before it, found one to itself"
                        .to_owned(),
                })?;
                self.count(node.size(), at)?;
                node.value
            }
            other => unreachable!("{other:?} is no node"),
        };
        let node = Node { value, at };
        if let Some(id) = anchor {
            self.anchors.insert(id, node.clone());
        }
        Ok(node)
    }

    fn list(&mut self) -> Result<Value, YamlError> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Value::List(items)),
                (event, span) => items.push(self.node(event, &span)?),
            }
        }
    }

    fn map(&mut self) -> Result<Value, YamlError> {
        let mut pairs: Vec<Pair> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                return Ok(Value::Map(pairs));
            }
            let at = mark(&span);
            let key = match &event {
                Event::Scalar(text, ..) => Some(text.to_string()),
                _ => None,
            };
            self.node(event, &span)?;
            let (event, span) = self.next()?;
            let value = self.node(event, &span)?;
            let Some(key) = key else {
                let message = "expected a text as key, found a list, map or alias".to_owned();
                self.problems.push(YamlError { at, message });
                continue;
            };
            if let Some(first) = pairs.iter().find(|pair| pair.key == key) {
                let message = format!("duplicate key {key:?}, first on line {}", first.at.line);
                self.problems.push(YamlError { at, message });
                continue;
            }
            pairs.push(Pair { key, at, value });
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, at: Mark) -> Value {
        if style != ScalarStyle::Plain {
            return Value::Text(text.to_owned());
        }
        plain(text).unwrap_or_else(|| {
            let message = format!("expected a finite number that fits 64 bits, found {text}");
            self.problems.push(YamlError { at, message });
            Value::Null
        })
    }

    fn count(&mut self, nodes: usize, at: Mark) -> Result<(), YamlError> {
        self.nodes += nodes;
        if self.nodes <= MAX_NODES {
            return Ok(());
        }
        let message = format!("expected at most {MAX_NODES} values, aliases expanded, found more");
        Err(YamlError { at, message })
    }
}

/// A plain scalar by the core schema; `None` for a number that JSON cannot hold.
fn plain(text: &str) -> Option<Value> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Some(Value::Null),
        "true" | "True" | "TRUE" => return Some(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Some(Value::Bool(false)),
        _ => {}
    }
    let digits = text.trim_start_matches(['+', '-']);
    if matches!(digits, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN") {
        return None;
    }
    if text.len() - digits.len() > 1 || !looks_like_number(digits) {
        return Some(Value::Text(text.to_owned()));
    }
    let radix = |prefix: &str, radix| {
        let digits = text.strip_prefix(prefix)?;
        u64::from_str_radix(digits, radix).ok()
    };
    if let Some(number) = radix("0x", 16).or_else(|| radix("0o", 8)) {
        return Some(Value::Number(number.into()));
    }
    let unsigned = text.trim_start_matches('+');
    if digits.bytes().all(|b| b.is_ascii_digit()) {
        let small = unsigned.parse::<i64>().ok().map(serde_json::Number::from);
        return small.or_else(|| Some(unsigned.parse::<u64>().ok()?.into())).map(Value::Number);
    }
    let float: f64 = unsigned.parse().ok()?;
    serde_json::Number::from_f64(float).map(Value::Number)
}

/// `[0-9]+`, `0o…`, `0x…`, or a decimal with point or exponent.
fn looks_like_number(text: &str) -> bool {
    if let Some(rest) = text.strip_prefix("0x") {
        return !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_hexdigit());
    }
    if let Some(rest) = text.strip_prefix("0o") {
        return !rest.is_empty() && rest.bytes().all(|b| (b'0'..=b'7').contains(&b));
    }
    let has_digit = text.bytes().any(|b| b.is_ascii_digit());
    let only = text.bytes().all(|b| b.is_ascii_digit() || b".eE+-".contains(&b));
    has_digit && only && text.parse::<f64>().is_ok()
}

fn mark(span: &Span) -> Mark {
    let one_line = span.start.line() == span.end.line();
    let width = if one_line { span.end.col().saturating_sub(span.start.col()) } else { 1 };
    Mark { line: span.start.line(), column: span.start.col() + 1, width: width.max(1) }
}

impl Node {
    /// What it is, for messages: "the text \"5m\"", "a list".
    #[must_use]
    pub fn describe(&self) -> String {
        match &self.value {
            Value::Null => "nothing".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Number(number) => format!("the number {number}"),
            Value::Text(text) => format!("the text {text:?}"),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a map".to_owned(),
        }
    }

    /// The pairs of a map; none for anything else.
    #[must_use]
    pub fn pairs(&self) -> &[Pair] {
        if let Value::Map(pairs) = &self.value { pairs } else { &[] }
    }

    /// The items of a list; none for anything else.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        if let Value::List(items) = &self.value { items } else { &[] }
    }

    /// The text, if it is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        if let Value::Text(text) = &self.value { Some(text) } else { None }
    }

    /// The value of a key of a map.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.pairs().iter().find(|pair| pair.key == key).map(|pair| &pair.value)
    }

    /// Where the deepest part of `path` that exists stands: `fleet.services.cart.calls[0]`.
    #[must_use]
    pub fn locate(&self, path: &str) -> Mark {
        let mut node = self;
        let mut at = self.at;
        for step in path.split(['.', '[']).filter(|step| !step.is_empty()) {
            let index = step.strip_suffix(']').unwrap_or(step).parse::<usize>().ok();
            if let Some(pair) = node.pairs().iter().find(|pair| pair.key == step) {
                (node, at) = (&pair.value, pair.at);
            } else if let Some(item) = index.and_then(|i| node.items().get(i)) {
                (node, at) = (item, item.at);
            } else {
                break;
            }
        }
        if matches!(node.value, Value::Map(_) | Value::List(_)) { at } else { node.at }
    }

    /// The same as JSON, without places.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(*value),
            Value::Number(number) => Json::Number(number.clone()),
            Value::Text(text) => Json::String(text.clone()),
            Value::List(items) => items.iter().map(Self::to_json).collect(),
            Value::Map(pairs) => {
                pairs.iter().map(|pair| (pair.key.clone(), pair.value.to_json())).collect()
            }
        }
    }

    /// A tree of JSON that came from no file: every place is 0.
    #[must_use]
    pub fn from_json(json: &Json) -> Self {
        let at = Mark::default();
        let pair = |(key, value): (&String, &Json)| Pair {
            key: key.clone(),
            at,
            value: Self::from_json(value),
        };
        let value = match json {
            Json::Null => Value::Null,
            Json::Bool(value) => Value::Bool(*value),
            Json::Number(number) => Value::Number(number.clone()),
            Json::String(text) => Value::Text(text.clone()),
            Json::Array(items) => Value::List(items.iter().map(Self::from_json).collect()),
            Json::Object(map) => Value::Map(map.iter().map(pair).collect()),
        };
        Self { value, at }
    }

    fn size(&self) -> usize {
        let items = self.items().iter().map(Self::size).sum::<usize>();
        1 + items + self.pairs().iter().map(|pair| 1 + pair.value.size()).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn scalar(text: &str, expected: &str) {
        let json = parse(&format!("key: {text}")).map(|node| node.to_json()["key"].to_string());
        assert_eq!(json.as_deref(), Ok(expected), "{text}");
    }

    #[track_caller]
    fn refused(text: &str, expected: &[&str]) {
        let problems = parse(text).expect_err("it must be refused");
        let found: Vec<String> = problems
            .iter()
            .map(|p| format!("{}:{}: {}", p.at.line, p.at.column, p.message))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn scalars_follow_the_core_schema() {
        scalar("yes", "\"yes\"");
        scalar("True", "true");
        scalar("~", "null");
        scalar("0x1F", "31");
        scalar("0o17", "15");
        scalar("+5", "5");
        scalar("-5", "-5");
        scalar("1e3", "1000.0");
        scalar(".5", "0.5");
        scalar("1.2.3", "\"1.2.3\"");
        scalar("v2", "\"v2\"");
        scalar("2026-01-06", "\"2026-01-06\"");
        scalar("18446744073709551615", "18446744073709551615");
        scalar("'5'", "\"5\"");
        scalar("infinity", "\"infinity\"");
    }

    #[test]
    fn every_lexical_slip_has_its_place() {
        refused("", &["1:1: expected a map, found an empty file"]);
        refused(
            "a: 1\nb: 2\na: 3\nb: 4",
            &[
                "3:1: duplicate key \"a\", first on line 1",
                "4:1: duplicate key \"b\", first on line 2",
            ],
        );
        refused("a: 1\n---\nb: 2", &["2:1: expected one document, found another"]);
        refused("a: .nan", &["1:4: expected a finite number that fits 64 bits, found .nan"]);
        refused("a: !!str 5", &["1:10: expected a plain value, found one with a tag"]);
        refused("[1]: x", &["1:1: expected a text as key, found a list, map or alias"]);
    }

    #[test]
    fn aliases_are_expanded_and_bounded() {
        let node = parse("a: &x {n: 1}\nb: *x").unwrap();
        assert_eq!(node.to_json()["b"]["n"], 1);
        let mut bomb = "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n".to_owned();
        for level in 1..8 {
            let before = format!("*a{}, ", level - 1).repeat(10);
            bomb += &format!("a{level}: &a{level} [{before}]\n");
        }
        let problems = parse(&bomb).unwrap_err();
        assert!(problems[0].message.contains("at most 100000 values"), "{problems:?}");
    }

    #[test]
    fn a_path_finds_its_place_or_the_nearest_above() {
        let node = parse("fleet:\n  cart:\n    calls: [a, b]\n").unwrap();
        let at = |path: &str| (node.locate(path).line, node.locate(path).column);
        assert_eq!(at("fleet.cart.calls[1]"), (3, 16));
        assert_eq!(at("fleet.cart.nothing"), (2, 3));
        assert_eq!(at("fleet.cart"), (2, 3));
    }
}
