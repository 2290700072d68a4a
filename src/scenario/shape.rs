//! A tree of YAML against a JSON Schema generated from our own types: all slips at once.
//!
//! In: a `Node` and a schema as `catalog::schema_of` makes it (references inlined). Out: every
//! finding with its place. Understands what schemars emits for our types: objects, maps, lists,
//! texts with the formats of `unit/`, numbers with ranges, enums, options and tagged unions.
//! Not a general validator: no patterns, no references, no conditional schemas.

use serde_json::{Map, Value as Json};

use super::expect::{Bound, Statement, read as read_sentence};
use super::yaml::{Mark, Node, Value};
use crate::catalog::{did_you_mean, nearest};
use crate::unit::{SimDuration, SimTime};

/// One slip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where it stands.
    pub at: Mark,
    /// What was found and what was expected.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// Every slip of `node` against `schema`; `path` names the node in messages.
#[must_use]
pub fn check(schema: &Json, node: &Node, path: &str) -> Vec<Finding> {
    let mut walk = Walk { findings: Vec::new() };
    walk.node(schema, node, node.at, path);
    walk.findings
}

/// A key below a path: `fleet` and `cart` make `fleet.cart`.
#[must_use]
pub fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

impl Finding {
    /// A finding without advice.
    #[must_use]
    pub fn new(at: Mark, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), help: None }
    }
}

struct Walk {
    findings: Vec<Finding>,
}

impl Walk {
    fn say(&mut self, at: Mark, message: impl Into<String>) {
        self.findings.push(Finding::new(at, message));
    }

    /// `at` is where the node's key stands: a missing key is reported there.
    fn node(&mut self, schema: &Json, node: &Node, at: Mark, path: &str) {
        let Json::Object(schema) = schema else { return };
        for union in ["oneOf", "anyOf"] {
            if let Some(branches) = schema.get(union).and_then(Json::as_array) {
                return self.union(branches, node, at, path);
            }
        }
        if let Some(allowed) = constants(schema) {
            return self.one_of(&allowed, node, path);
        }
        let types = types(schema);
        if !types.is_empty() && !types.iter().any(|t| fits(t, node)) {
            return self.wrong_type(schema, &types, node, path);
        }
        match &node.value {
            Value::Map(_) => self.map(schema, node, at, path),
            Value::List(items) => self.list(schema, items, node.at, path),
            Value::Text(text) => self.text(schema, text, node.at, path),
            Value::Number(number) => self.range(schema, number, node.at, path),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn wrong_type(&mut self, schema: &Map<String, Json>, types: &[&str], node: &Node, path: &str) {
        let mut message = format!("expected {} for {path}", expected(schema, types));
        if path.is_empty() {
            message = format!("expected {}", expected(schema, types));
        }
        let mut finding = Finding::new(node.at, format!("{message}, found {}", node.describe()));
        if let (Some("duration"), Value::Number(n)) = (format_of(schema), &node.value) {
            finding.help = Some(format!("write the unit: \"{n}s\" or \"{n}m\""));
        }
        self.findings.push(finding);
    }

    fn map(&mut self, schema: &Map<String, Json>, node: &Node, at: Mark, path: &str) {
        let empty = Map::new();
        let known = schema.get("properties").and_then(Json::as_object).unwrap_or(&empty);
        for pair in node.pairs() {
            let below = join(path, &pair.key);
            match (known.get(&pair.key), schema.get("additionalProperties")) {
                (Some(property), _) => self.node(property, &pair.value, pair.at, &below),
                (None, Some(Json::Bool(false))) => {
                    let valid = known.keys().map(String::as_str);
                    self.unknown_key(&pair.key, pair.at, path, valid);
                }
                (None, Some(other)) => self.node(other, &pair.value, pair.at, &below),
                (None, None) => {}
            }
        }
        for key in strings(schema.get("required")) {
            if node.get(key).is_none() {
                let place = if path.is_empty() { String::new() } else { format!(" in {path}") };
                self.say(at, format!("missing key {key:?}{place}"));
            }
        }
        let bound = |key| schema.get(key).and_then(Json::as_u64);
        let count = node.pairs().len() as u64;
        if bound("minProperties").is_some_and(|least| count < least) {
            self.say(node.at, "expected one name with its parameters, found an empty map");
        }
        if bound("maxProperties").is_some_and(|most| count > most) {
            let found = node.pairs().iter().map(|p| p.key.as_str()).collect::<Vec<_>>().join(", ");
            self.say(node.at, format!("expected one name with its parameters, found {found}"));
        }
    }

    fn unknown_key<'a>(
        &mut self,
        key: &str,
        at: Mark,
        path: &str,
        valid: impl Iterator<Item = &'a str> + Clone,
    ) {
        let place = if path.is_empty() { String::new() } else { format!(" in {path}") };
        let near = nearest(key, valid.clone());
        let message = format!("unknown key {key:?}{place}{}", did_you_mean(near));
        let all = valid.collect::<Vec<_>>().join(", ");
        let help = if all.is_empty() {
            "there are no keys here".to_owned()
        } else {
            format!("the keys here are {all}")
        };
        let help = near.is_none().then_some(help);
        self.findings.push(Finding { at, message, help });
    }

    fn list(&mut self, schema: &Map<String, Json>, items: &[Node], at: Mark, path: &str) {
        for (index, item) in items.iter().enumerate() {
            let Some(of_items) = schema.get("items") else { break };
            self.node(of_items, item, item.at, &format!("{path}[{index}]"));
        }
        let bound = |key| schema.get(key).and_then(Json::as_u64);
        let length = items.len() as u64;
        if let Some(least) = bound("minItems").filter(|least| length < *least) {
            self.say(at, format!("expected at least {least} items in {path}, found {length}"));
        }
        if let Some(most) = bound("maxItems").filter(|most| length > *most) {
            self.say(at, format!("expected at most {most} items in {path}, found {length}"));
        }
    }

    fn text(&mut self, schema: &Map<String, Json>, text: &str, at: Mark, path: &str) {
        if format_of(schema) == Some(Statement::FORMAT) {
            return self.sentence(text, at);
        }
        let problem = match format_of(schema) {
            Some("duration") => text.parse::<SimDuration>().err().map(|e| e.to_string()),
            Some("date-time") => text.parse::<SimTime>().err().map(|e| e.to_string()),
            Some(Bound::FORMAT) => text.parse::<Bound>().err().map(|e| e.to_string()),
            _ => None,
        };
        if let Some(problem) = problem {
            self.say(at, format!("{path}: {problem}"));
        }
    }

    /// A slip inside a sentence is shown at its own column, if the sentence stands on one line.
    fn sentence(&mut self, text: &str, at: Mark) {
        let Err(slip) = read_sentence(text) else { return };
        let length = text.chars().count();
        let quote = at.width.checked_sub(length).filter(|extra| matches!(extra, 0 | 2));
        let place = match quote {
            Some(extra) => {
                Mark { column: at.column + slip.at + extra / 2, width: slip.width, line: at.line }
            }
            None => at,
        };
        self.say(place, slip.message);
    }

    fn range(&mut self, schema: &Map<String, Json>, n: &serde_json::Number, at: Mark, path: &str) {
        let Some(value) = n.as_f64() else { return };
        let bound = |key| schema.get(key).and_then(Json::as_f64);
        let limits = [
            (bound("minimum").filter(|low| value < *low), "at least"),
            (bound("maximum").filter(|high| value > *high), "at most"),
            (bound("exclusiveMinimum").filter(|low| value <= *low), "more than"),
            (bound("exclusiveMaximum").filter(|high| value >= *high), "less than"),
        ];
        for (limit, words) in limits {
            if let Some(limit) = limit {
                self.say(at, format!("expected {words} {limit} for {path}, found {n}"));
            }
        }
    }

    fn one_of(&mut self, allowed: &[&str], node: &Node, path: &str) {
        let all = allowed.join(", ");
        match node.text() {
            Some(text) if allowed.contains(&text) => {}
            Some(text) => {
                let hint = did_you_mean(nearest(text, allowed.iter().copied()));
                let help = Some(format!("expected one of {all}"));
                let message = format!("unknown value {text:?} for {path}{hint}");
                self.findings.push(Finding { at: node.at, message, help });
            }
            None => {
                let found = node.describe();
                self.say(node.at, format!("expected one of {all} for {path}, found {found}"));
            }
        }
    }

    /// The branch that was meant is the one whose tag agrees, else the one with fewest slips.
    fn union(&mut self, branches: &[Json], node: &Node, at: Mark, path: &str) {
        let objects: Vec<&Map<String, Json>> =
            branches.iter().filter_map(Json::as_object).collect();
        let allowed: Option<Vec<&str>> = objects
            .iter()
            .map(|b| constants(b))
            .collect::<Option<Vec<_>>>()
            .map(|all| all.concat());
        if let Some(allowed) = allowed {
            return self.one_of(&allowed, node, path);
        }
        if let Some((tag, names)) = tags(&objects) {
            match node.get(tag) {
                Some(found) if !found.text().is_some_and(|text| names.contains(&text)) => {
                    return self.one_of(&names, found, &join(path, tag));
                }
                _ => {}
            }
        }
        if let (Some(names), Value::Map(_)) = (single_keys(&objects), &node.value) {
            let unknown = node.pairs().iter().find(|p| !names.contains(&p.key.as_str()));
            if let Some(pair) = unknown {
                return self.unknown_key(&pair.key, pair.at, path, names.iter().copied());
            }
        }
        let attempts = branches.iter().map(|branch| {
            let mut walk = Self { findings: Vec::new() };
            walk.node(branch, node, at, path);
            (mismatch(branch, node), walk.findings)
        });
        let Some((mismatch, best)) = attempts.min_by_key(|(m, found)| (*m, found.len())) else {
            return;
        };
        if mismatch >= 2 && !best.is_empty() {
            let mut words: Vec<String> = objects.iter().map(|b| expected(b, &types(b))).collect();
            words.retain(|word| word != "nothing");
            words.dedup();
            let (all, found) = (words.join(" or "), node.describe());
            return self.say(node.at, format!("expected {all} for {path}, found {found}"));
        }
        self.findings.extend(best);
    }
}

/// How far a branch of a union is from what was meant: 0 its tag agrees, 1 its type, 2 nothing.
fn mismatch(branch: &Json, node: &Node) -> u8 {
    let Json::Object(schema) = branch else { return 1 };
    let properties = schema.get("properties").and_then(Json::as_object);
    let tagged = properties.is_some_and(|properties| {
        let agrees = |(key, of_key): (&String, &Json)| {
            let constant = of_key.get("const").and_then(Json::as_str)?;
            Some(node.get(key).and_then(Node::text) == Some(constant))
        };
        properties.iter().find_map(agrees).unwrap_or(false)
    });
    let types = types(schema);
    match (tagged, types.is_empty() || types.iter().any(|t| fits(t, node))) {
        (true, true) => 0,
        (false, true) => 1,
        (_, false) => 2,
    }
}

/// The key that every branch holds constant, and its values.
fn tags<'a>(branches: &[&'a Map<String, Json>]) -> Option<(&'a str, Vec<&'a str>)> {
    let properties = |branch: &&'a Map<String, Json>| branch.get("properties")?.as_object();
    let first = properties(branches.first()?)?;
    let (tag, _) = first.iter().find(|(_, of_key)| of_key.get("const").is_some())?;
    let value = |branch| properties(branch)?.get(tag)?.get("const")?.as_str();
    let names = branches.iter().map(value).collect::<Option<Vec<_>>>()?;
    Some((tag, names))
}

/// The names of a union in which every branch is a map of one required key.
fn single_keys<'a>(branches: &[&'a Map<String, Json>]) -> Option<Vec<&'a str>> {
    let name = |branch: &&'a Map<String, Json>| {
        let properties = branch.get("properties")?.as_object()?;
        let closed = branch.get("additionalProperties") == Some(&Json::Bool(false));
        (properties.len() == 1 && closed).then(|| properties.keys().next())?.map(String::as_str)
    };
    branches.iter().map(name).collect()
}

fn constants(schema: &Map<String, Json>) -> Option<Vec<&str>> {
    match (schema.get("const"), schema.get("enum")) {
        (Some(Json::String(only)), _) => Some(vec![only]),
        (None, Some(Json::Array(all))) => all.iter().map(Json::as_str).collect(),
        _ => None,
    }
}

fn types(schema: &Map<String, Json>) -> Vec<&str> {
    match schema.get("type") {
        Some(Json::String(only)) => vec![only],
        many => strings(many),
    }
}

fn strings(list: Option<&Json>) -> Vec<&str> {
    list.and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str).collect()
}

fn format_of(schema: &Map<String, Json>) -> Option<&str> {
    schema.get("format").and_then(Json::as_str)
}

fn fits(of_type: &str, node: &Node) -> bool {
    match (of_type, &node.value) {
        ("object", Value::Map(_))
        | ("array", Value::List(_))
        | ("string", Value::Text(_))
        | ("number", Value::Number(_))
        | ("boolean", Value::Bool(_))
        | ("null", Value::Null) => true,
        ("integer", Value::Number(number)) => number.is_i64() || number.is_u64(),
        _ => false,
    }
}

fn expected(schema: &Map<String, Json>, types: &[&str]) -> String {
    let word = |of_type: &&str| match (*of_type, format_of(schema)) {
        ("string", Some("duration")) => "a duration such as \"90s\"",
        ("string", Some("date-time")) => "a time such as \"2026-01-06T02:47:00Z\"",
        ("object", _) => "a map",
        ("array", _) => "a list",
        ("string", _) => "a text",
        ("integer", _) => "a whole number",
        ("number", _) => "a number",
        ("boolean", _) => "true or false",
        ("null", _) => "nothing",
        _ => "something else",
    };
    let words: Vec<&str> = types.iter().map(word).collect();
    let said: Vec<&str> = words.iter().copied().filter(|w| *w != "nothing").collect();
    if said.is_empty() { words.join(" or ") } else { said.join(" or ") }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use schemars::JsonSchema;
    use serde::Deserialize;

    use super::*;
    use crate::model::{Cause, Operation};
    use crate::unit::Ratio;

    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Sample {
        name: String,
        replicas: Option<u32>,
        #[serde(default)]
        hold: SimDuration,
        #[serde(default)]
        start: SimTime,
        #[serde(default)]
        floor: Ratio,
        #[serde(default)]
        inner: BTreeMap<String, Inner>,
        #[serde(default)]
        causes: Vec<Cause>,
        #[serde(default)]
        steps: Vec<Operation>,
        #[serde(default)]
        want: Vec<Want>,
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Inner {
        on: bool,
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    #[allow(dead_code)]
    enum Want {
        /// Healed.
        Healed(bool),
        /// How long.
        Within(SimDuration),
    }

    #[track_caller]
    fn check_text(text: &str, expected: &[&str]) {
        let node = super::super::yaml::parse(text).unwrap();
        let schema = crate::catalog::schema_of::<Sample>().to_value();
        let mut found: Vec<String> = Vec::new();
        for Finding { at, message, help } in check(&schema, &node, "") {
            let help = help.map(|help| format!(" ({help})")).unwrap_or_default();
            found.push(format!("{}:{}: {message}{help}", at.line, at.column));
        }
        assert_eq!(found, expected);
    }

    #[test]
    fn a_good_file_has_no_findings() {
        check_text(
            "{name: a, replicas: ~, hold: 90s, floor: 0.5, start: 2026-01-06T02:47:00Z, \
             inner: {x: {on: true}}, causes: [bad_deploy], want: [{healed: true}], \
             steps: [{verb: rollback, strategy: canary}]}",
            &[],
        );
    }

    #[test]
    fn keys_are_known_and_complete() {
        check_text(
            "name: a\nreplica: 3\ninner:\n  cart: {}",
            &[
                "2:1: unknown key \"replica\", did you mean \"replicas\"?",
                "4:3: missing key \"on\" in inner.cart",
            ],
        );
        check_text("hold: 1s", &["1:1: missing key \"name\""]);
        check_text(
            "name: a\ninner:\n  cart: {on: true, zzzzzz: 1}",
            &["3:20: unknown key \"zzzzzz\" in inner.cart (the keys here are on)"],
        );
    }

    #[test]
    fn values_have_the_type_the_unit_and_the_range() {
        check_text(
            "name: 5\nreplicas: 1.5\nfloor: 1.5\nhold: 5",
            &[
                "1:7: expected a text for name, found the number 5",
                "2:11: expected a whole number for replicas, found the number 1.5",
                "3:8: expected at most 1 for floor, found 1.5",
                "4:7: expected a duration such as \"90s\" for hold, found the number 5 \
                 (write the unit: \"5s\" or \"5m\")",
            ],
        );
        check_text(
            "name: a\nhold: 5 minutes\nstart: '02:47'",
            &[
                "2:7: hold: expected a duration such as \"90s\", \"5m\" or \"1h30m\" \
                 (units ns, us, ms, s, m, h, d), found \"5 minutes\"",
                "3:8: start: expected a time such as \"2026-01-06T02:47:00Z\", found \"02:47\"",
            ],
        );
        check_text("name: a\nreplicas: -1", &["2:11: expected at least 0 for replicas, found -1"]);
        check_text("name: a\ninner: [1]", &["2:8: expected a map for inner, found a list"]);
    }

    #[test]
    fn names_of_enums_and_unions_find_the_nearest() {
        let causes = Cause::ALL.map(Cause::as_str).join(", ");
        check_text(
            "name: a\ncauses: [bad_depoly]",
            &[&format!(
                "2:10: unknown value \"bad_depoly\" for causes[0], did you mean \"bad_deploy\"? \
                 (expected one of {causes})"
            )],
        );
        check_text(
            "name: a\nwant: [{heald: true}, {within: 5}, 3]",
            &[
                "2:9: unknown key \"heald\" in want[0], did you mean \"healed\"?",
                "2:32: expected a duration such as \"90s\" for want[1].within, found the number 5 \
                 (write the unit: \"5s\" or \"5m\")",
                "2:36: expected a map for want[2], found the number 3",
            ],
        );
        check_text(
            "name: a\nsteps: [{verb: rollback, strategy: canry}]",
            &["2:36: unknown value \"canry\" for steps[0].strategy, did you mean \"canary\"? \
               (expected one of canary, rolling)"],
        );
    }
}
