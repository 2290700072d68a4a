//! `windtunnel generate fleet`: a mock fleet of any size as a fleet file.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Map, Value};

use super::exit_code;
use super::failure::Failure;
use super::terminal::Terminal;
use crate::campaign::whole_file;
use crate::world::fleet::{CallSpec, ServiceSpec, generate, generated_rate};

/// What to generate.
#[derive(Debug, Args)]
pub(super) struct Generate {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// A fleet file: tiers of services, heavy-tailed fan-in, replicas that suit the load.
    Fleet {
        /// Number of services.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=20_000))]
        services: u32,
        /// Replicas per service, about.
        #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=1000))]
        replicas: u32,
        /// Seed of all chance.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// The file (default: standard output).
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// Generates it.
///
/// # Errors
/// If the file or standard output cannot be written.
pub(super) fn run(args: &Generate, terminal: Terminal) -> Result<u8, Failure> {
    let What::Fleet { services, replicas, seed, output } = &args.what;
    let fleet = generate(*services, *replicas, *seed);
    let mut json = serde_json::to_value(&fleet).map_err(|e| Failure::Broken(e.to_string()))?;
    strip(&mut json);
    let text = serde_saphyr::to_string(&json).map_err(|e| Failure::Broken(e.to_string()))?;
    match output {
        None => terminal.print(&text)?,
        Some(file) => {
            whole_file::write(file, &text)
                .map_err(|e| Failure::usage(format!("cannot write {}: {e}", file.display())))?;
            let all: u32 = fleet.services.values().map(|s| s.replicas).sum();
            let rate = generated_rate(*services);
            terminal.note(&format!(
                "wrote {}: {services} services, {all} replicas, made for {rate} requests/s",
                file.display()
            ));
        }
    }
    Ok(exit_code::DONE)
}

/// Leaves out what is as it would be without being said.
pub(super) fn strip(fleet: &mut Value) {
    let plain = |value: Option<Value>| value.unwrap_or_default();
    let service = plain(serde_json::to_value(ServiceSpec::default()).ok());
    let call = plain(serde_json::to_value(CallSpec::default()).ok());
    let Some(services) = fleet.get_mut("services").and_then(Value::as_object_mut) else { return };
    for spec in services.values_mut().filter_map(Value::as_object_mut) {
        for one in spec.get_mut("calls").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(one) = one.as_object_mut() {
                without(one, &call);
            }
        }
        without(spec, &service);
    }
}

fn without(map: &mut Map<String, Value>, defaults: &Value) {
    map.retain(|key, value| defaults.get(key) != Some(value) || key == "to");
}
