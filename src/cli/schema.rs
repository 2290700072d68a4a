//! `windtunnel schema NAME`: the JSON Schema of a file or document, generated from its type.

use clap::{Args, ValueEnum};
use schemars::{JsonSchema, Schema};

use super::exit_code;
use super::failure::Failure;
use super::terminal::Terminal;
use crate::campaign::RunDocument;
use crate::campaign::answers::AnswersDocument;
use crate::controllers::protocol::Message;
use crate::model::{Line, Policy};
use crate::referee::AuditRecord;
use crate::scenario::ScenarioFile;

/// Which schema.
#[derive(Debug, Args)]
pub(super) struct SchemaOf {
    /// The file or document.
    name: Document,
}

/// A file or document with a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Document {
    /// What `run --format json` prints.
    Result,
    /// A scenario file.
    Scenario,
    /// A policy file.
    Policy,
    /// One line of an audit log.
    Journal,
    /// The audit record of one act, as the referee gathers it.
    Audit,
    /// What `score --format json` prints.
    Answers,
    /// One line between windtunnel and somebody's engine: a request or a reply.
    Protocol,
}

/// Prints the schema.
///
/// # Errors
/// If standard output cannot be written.
pub(super) fn run(args: &SchemaOf, terminal: Terminal) -> Result<u8, Failure> {
    terminal.print(&text(args.name))?;
    Ok(exit_code::DONE)
}

/// The schema as `docs/schema/` holds it.
#[must_use]
pub(super) fn text(document: Document) -> String {
    let schema = match document {
        Document::Result => generate::<RunDocument>(),
        Document::Scenario => generate::<ScenarioFile>(),
        Document::Policy => generate::<Policy>(),
        Document::Journal => generate::<Line>(),
        Document::Audit => generate::<AuditRecord>(),
        Document::Answers => generate::<AnswersDocument>(),
        Document::Protocol => generate::<Message>(),
    };
    serde_json::to_string_pretty(&schema).expect("a schema is plain JSON")
}

fn generate<T: JsonSchema>() -> Schema {
    schemars::generate::SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>()
}
