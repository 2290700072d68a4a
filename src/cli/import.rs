//! `windtunnel import FORMAT SOURCE DIR`: a foreign recording becomes a dataset.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value as Json};

use super::exit_code;
use super::failure::{Failure, count};
use super::progress::Progress;
use super::staging;
use super::terminal::Terminal;
use crate::catalog::find;
use crate::import::{self, ImportError, Request, Summary};
use crate::scenario::kinds::Shelf;
use crate::scenario::yaml;

/// What to import.
#[derive(Debug, Args)]
pub(super) struct Import {
    /// The format, as `windtunnel list importer` names it.
    format: String,
    /// The foreign recording: a file or a directory.
    source: PathBuf,
    /// The directory of the new dataset.
    target: PathBuf,
    /// A parameter of the importer; `windtunnel explain FORMAT` lists them.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Replace a dataset that is there already.
    #[arg(long)]
    overwrite: bool,
}

/// Imports and says what was read and what was left out.
///
/// # Errors
/// If the format or a parameter is unknown, the recording cannot be read or nothing be written.
pub(super) fn run(args: &Import, terminal: Terminal) -> Result<u8, Failure> {
    let entry = find("import format", import::catalog::ALL, &args.format)
        .map_err(|error| Failure::usage(error.to_string()))?;
    let schema = (entry.schema)().to_value();
    let params = parameters(&args.set, &schema)?;
    let shelf = Shelf::of("import format", import::catalog::ALL);
    let slips = shelf.check_params(&args.format, &params);
    if !slips.is_empty() {
        return Err(Failure::usage(slips.join("\n       ")));
    }
    let guard = staging::watch(&args.target);
    let progress = Progress::new(terminal, "cases");
    let mut told = |done: usize, total: usize, name: &str| progress.set(done, total, name);
    let mut request = Request {
        source: &args.source,
        target: &args.target,
        params: &params,
        overwrite: args.overwrite,
        progress: &mut told,
    };
    let imported = import::import(&args.format, &mut request);
    progress.finish();
    drop(guard);
    let summary = imported.map_err(|error: ImportError| Failure::usage(error.to_string()))?;
    terminal.print(&render(&summary, args))?;
    terminal.note(&format!("next: windtunnel run {}", args.target.display()));
    Ok(exit_code::DONE)
}

fn render(summary: &Summary, args: &Import) -> String {
    let Summary { cases, samples, logs, spans, events, skipped } = summary;
    let mut text = format!(
        "{}: {}, {samples} samples, {logs} log records, {spans} spans, {events} events\n",
        args.target.display(),
        count(*cases, "case"),
    );
    for line in skipped {
        text += &format!("  left out or assumed: {line}\n");
    }
    text
}

/// `key=value` pairs; the value is read as the schema wants it: text as it stands, else YAML.
pub(super) fn parameters(set: &[String], schema: &Json) -> Result<Map<String, Json>, Failure> {
    let mut params = Map::new();
    for pair in set {
        let Some((key, text)) = pair.split_once('=') else {
            return Err(Failure::usage(format!("expected KEY=VALUE for --set, found {pair:?}")));
        };
        let value = value(text, &schema["properties"][key]);
        if params.insert(key.to_owned(), value).is_some() {
            return Err(Failure::usage(format!("parameter {key:?} is set twice")));
        }
    }
    Ok(params)
}

fn value(text: &str, property: &Json) -> Json {
    let is_string = |name: &Json| name == "string";
    let of_type = &property["type"];
    let wants_text =
        is_string(of_type) || of_type.as_array().is_some_and(|all| all.iter().any(is_string));
    let plain = || Json::String(text.to_owned());
    if wants_text {
        return plain();
    }
    match yaml::parse(&format!("value: {text}")) {
        Ok(node) => node.get("value").map_or_else(plain, yaml::Node::to_json),
        Err(_) => plain(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_the_schema_wants_them() {
        let schema = serde_json::json!({ "properties": {
            "column": { "type": ["string", "null"] },
            "interval": { "type": "string", "format": "duration" },
            "wide": { "type": "boolean" },
            "columns": { "type": "array" },
        }});
        let set = ["column=5", "interval=15s", "wide=true", "columns=[a, b]", "other=x=y"]
            .map(str::to_owned);
        let params = parameters(&set, &schema).unwrap();
        assert_eq!(
            Json::Object(params),
            serde_json::json!({
                "column": "5", "interval": "15s", "wide": true, "columns": ["a", "b"],
                "other": "x=y"
            })
        );
        assert!(parameters(&["column".to_owned()], &schema).is_err());
    }
}
