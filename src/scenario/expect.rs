//! What a scenario expects of a trial: a scenario is also a test.
//!
//! Two forms stand side by side in `expect:`: a map of one key (`clause.rs`) and a sentence
//! (`statement.rs`, read by `parse.rs`). Whether an expectation is met is judged in `campaign/`,
//! from the scorecard and the journal; what is absent there is never met.

mod clause;
mod names;
mod parse;
mod statement;
mod token;

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

pub use clause::{Bound, BoundError, Clause, Comparison};
pub use names::{Metric, metrics};
pub use parse::{Misread, read};
pub use statement::{
    Form, Happening, Instant, Order, Predicate, Relation, Sort, State, Statement, Statistic,
};

/// One expectation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Expectation {
    /// A sentence: `mttr <= 5m`.
    Statement(Statement),
    /// A map of one key: `healed: true`.
    Clause(Clause),
}

impl Expectation {
    /// The number of seeds it wants to be judged over, if more than the trial's own.
    #[must_use]
    pub fn seeds(&self) -> Option<u64> {
        match self {
            Self::Statement(statement) => statement.form.seeds(),
            Self::Clause(_) => None,
        }
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Statement(statement) => statement.fmt(f),
            Self::Clause(clause) => clause.fmt(f),
        }
    }
}

impl JsonSchema for Expectation {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Expectation".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let clause = generator.subschema_for::<Clause>();
        let text = schemars::json_schema!({
            "type": "string",
            "format": Statement::FORMAT,
            "description": "a sentence, such as `mttr <= 5m` (docs/testing.md has the grammar)"
        });
        schemars::json_schema!({
            "description": "a map of one key, `healed: true`, or a sentence, `mttr <= 5m`",
            "anyOf": [text, clause]
        })
    }
}
