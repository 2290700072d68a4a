//! What a catalog says of its kinds, whatever they build, and the check of a file against it.
//!
//! In: a plug-in folder's entries and a node such as `mad: { threshold: 6 }`. Out: every slip in
//! the kind's name and in its parameters, which are held against the kind's own schema.

use schemars::Schema;
use serde_json::{Map, Value as Json};

use super::shape::{self, Finding, join};
use super::yaml::{Node, Pair, Value};
use crate::catalog::{Entry, did_you_mean, nearest};

/// One kind without its builder.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Name in files.
    pub kind: &'static str,
    /// One line for `list`.
    pub summary: &'static str,
    /// Some sentences for `explain`.
    pub help: &'static str,
    /// Paper, specification or tool it follows.
    pub source: &'static str,
    /// Example parameters, a YAML value.
    pub example: &'static str,
    /// JSON Schema of its parameters.
    pub schema: fn() -> Schema,
}

/// All kinds of one plug-in folder.
#[derive(Debug, Clone)]
pub struct Shelf {
    /// What they are, singular: "detector".
    pub what: &'static str,
    /// The kinds, in name order.
    pub kinds: Vec<Kind>,
}

impl Shelf {
    /// The shelf of a folder's `ALL`.
    #[must_use]
    pub fn of<B>(what: &'static str, entries: &[Entry<B>]) -> Self {
        let kind = |entry: &Entry<B>| Kind {
            kind: entry.kind,
            summary: entry.summary,
            help: entry.help,
            source: entry.source,
            example: entry.example,
            schema: entry.schema,
        };
        Self { what, kinds: entries.iter().map(kind).collect() }
    }

    /// The kind of a name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Kind> {
        self.kinds.iter().find(|kind| kind.kind == name)
    }

    /// Slips of every item of a list of kinds; items that are no kind at all are left to `shape`.
    #[must_use]
    pub fn check_list(&self, list: &Node, path: &str) -> Vec<Finding> {
        let item = |(index, node)| self.check(node, &format!("{path}[{index}]"));
        list.items().iter().enumerate().flat_map(item).collect()
    }

    /// Slips of one kind with its parameters.
    #[must_use]
    pub fn check(&self, node: &Node, path: &str) -> Vec<Finding> {
        match (&node.value, node.pairs()) {
            (Value::Text(name), _) => self.check_named(name, node, None, path),
            (_, [pair]) => self.check_pair(pair, path),
            _ => Vec::new(),
        }
    }

    /// Slips of a kind that is a key with its parameters as value.
    #[must_use]
    pub fn check_pair(&self, pair: &Pair, path: &str) -> Vec<Finding> {
        let name = Node { value: Value::Null, at: pair.at };
        self.check_named(&pair.key, &name, Some(&pair.value), path)
    }

    /// Slips of parameters that came from no file; `name` must be a kind.
    #[must_use]
    pub fn check_params(&self, name: &str, params: &Map<String, Json>) -> Vec<String> {
        let Some(kind) = self.find(name) else { return Vec::new() };
        let node = Node::from_json(&Json::Object(params.clone()));
        let findings = shape::check(&(kind.schema)().to_value(), &node, name);
        let text = |finding: shape::Finding| match finding.help {
            Some(help) => format!("{} ({help})", finding.message),
            None => finding.message,
        };
        findings.into_iter().map(text).collect()
    }

    fn check_named(
        &self,
        name: &str,
        node: &Node,
        params: Option<&Node>,
        path: &str,
    ) -> Vec<Finding> {
        let Some(kind) = self.find(name) else { return vec![self.unknown(name, node)] };
        let none = Node { value: Value::Map(Vec::new()), at: node.at };
        let params = params.filter(|params| params.value != Value::Null).unwrap_or(&none);
        shape::check(&(kind.schema)().to_value(), params, &join(path, name))
    }

    fn unknown(&self, name: &str, node: &Node) -> Finding {
        let names = || self.kinds.iter().map(|kind| kind.kind);
        let near = nearest(name, names());
        let message = format!("unknown {} {name:?}{}", self.what, did_you_mean(near));
        let all = names().collect::<Vec<_>>().join(", ");
        let help = near.is_none().then(|| format!("known are {all}"));
        Finding { at: node.at, message, help }
    }
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Config {
        metric: String,
        #[serde(default)]
        threshold: f64,
    }

    const ALL: &[Entry<()>] = &[Entry {
        kind: "mad",
        summary: "",
        help: "",
        source: "",
        example: "metric: x",
        schema: crate::catalog::schema_of::<Config>,
        build: (),
    }];

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let node = super::super::yaml::parse(text).unwrap();
        let list = node.get("detect").unwrap();
        let found: Vec<String> = Shelf::of("detector", ALL)
            .check_list(list, "detect")
            .iter()
            .map(|f| format!("{}:{}: {}", f.at.line, f.at.column, f.message))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn names_and_parameters_are_held_against_the_catalog() {
        check("detect: [{mad: {metric: a, threshold: 3}}]", &[]);
        check("detect:\n- mda", &["2:3: unknown detector \"mda\", did you mean \"mad\"?"]);
        check("detect:\n- mad", &["2:3: missing key \"metric\" in detect[0].mad"]);
        check(
            "detect:\n- mad: {metrik: a, threshold: high}",
            &[
                "2:9: unknown key \"metrik\" in detect[0].mad, did you mean \"metric\"?",
                "2:31: expected a number for detect[0].mad.threshold, found the text \"high\"",
                "2:8: missing key \"metric\" in detect[0].mad",
            ],
        );
        check("detect:\n- mad: 3", &["2:8: expected a map for detect[0].mad, found the number 3"]);
    }
}
