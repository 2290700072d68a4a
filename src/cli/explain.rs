//! `windtunnel explain NAME`: what a kind does, its source, its parameters, an example.
//!
//! The table of parameters is read from the kind's schema, so that it cannot rot.

use clap::Args;
use comfy_table::{Table, presets};
use serde_json::Value as Json;

use super::exit_code;
use super::failure::Failure;
use super::shelves;
use super::terminal::Terminal;
use crate::catalog::did_you_mean;
use crate::scenario::kinds::{Kind, Shelf};

/// What to explain.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// Name of a kind, as `list` prints it.
    name: String,
}

/// Prints everything known of a kind.
///
/// # Errors
/// If no catalog knows the name.
pub(super) fn run(args: &Explain, terminal: Terminal) -> Result<u8, Failure> {
    let shelves = shelves::all();
    let found = shelves::find(&shelves, &args.name);
    if found.is_empty() {
        return Err(Failure::usage(unknown(&shelves, &args.name)));
    }
    let pages: Vec<String> = found.iter().map(|(shelf, kind)| render(shelf, kind)).collect();
    terminal.print(&pages.join("\n\n"))?;
    Ok(exit_code::DONE)
}

/// The nearest name, else the kinds whose text mentions the word.
fn unknown(shelves: &[Shelf], name: &str) -> String {
    let hint = match (shelves::near(shelves, name), shelves::mentioning(shelves, name)) {
        (None, kinds) if !kinds.is_empty() => format!(", it is mentioned by {}", kinds.join(", ")),
        (near, _) => did_you_mean(near),
    };
    format!("unknown kind {name:?}{hint} (`windtunnel list` knows all)")
}

fn render(shelf: &Shelf, kind: &Kind) -> String {
    let mut text = format!("{} ({})\n{}\n\n", kind.kind, shelf.what, kind.summary);
    text += kind.help.trim();
    text += &format!("\n\nSource: {}\n", kind.source);
    let schema = (kind.schema)().to_value();
    let parameters = parameters(&schema);
    if !parameters.is_empty() {
        text += &format!("\nParameters:\n{parameters}\n");
    }
    let indent = |line: &str| format!("  {line}");
    let example: Vec<String> = kind.example.trim_end().lines().map(indent).collect();
    text += &format!("\nExample:\n{}\n", example.join("\n"));
    text
}

fn parameters(schema: &Json) -> String {
    let Some(properties) = schema["properties"].as_object() else { return String::new() };
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    for (name, property) in properties {
        let default = match property.get("default") {
            _ if required.contains(&name.as_str()) => "required".to_owned(),
            None | Some(Json::Null) => "-".to_owned(),
            Some(Json::String(text)) => text.clone(),
            Some(value) => value.to_string(),
        };
        let doc = property["description"].as_str().unwrap_or_default().replace('\n', " ");
        table.add_row([format!(" {name}"), type_of(property), default, doc]);
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}

fn type_of(property: &Json) -> String {
    if let Some(format @ ("duration" | "date-time")) = property["format"].as_str() {
        return format.to_owned();
    }
    if let Some(branches) = property.get("oneOf").or(property.get("anyOf")).and_then(Json::as_array)
    {
        let mut names: Vec<String> = branches.iter().map(type_of).collect();
        names.retain(|name| name != "null");
        names.dedup();
        return names.join(" | ");
    }
    if let Some(text) = property["const"].as_str() {
        return text.to_owned();
    }
    match (&property["enum"], &property["type"]) {
        (Json::Array(all), _) => {
            all.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(" | ")
        }
        (_, Json::String(name)) => name.clone(),
        (_, Json::Array(names)) => names
            .iter()
            .filter_map(Json::as_str)
            .filter(|name| *name != "null")
            .collect::<Vec<_>>()
            .join(" | "),
        _ => "any".to_owned(),
    }
}
