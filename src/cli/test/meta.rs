//! `windtunnel test --metamorphic`: changes that must not change the diagnosis.

use serde_json::json;

use super::super::exit_code;
use super::super::failure::Failure;
use super::super::progress::Progress;
use super::super::terminal::Terminal;
use super::{Format, Test};
use crate::campaign::metamorphic::{Held, Verdict, check};
use crate::campaign::suite;

/// Holds every relation against every test; exit code 1 if one is broken.
pub(super) fn run(args: &Test, tests: &[suite::Test], terminal: Terminal) -> Result<u8, Failure> {
    if args.seeds == 0 {
        return Err(Failure::usage("expected at least 1 for --seeds, found 0"));
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.jobs).build();
    let pool = pool.map_err(|error| Failure::usage(format!("no threads: {error}")))?;
    let progress = Progress::new(terminal, "scenarios");
    let (mut broken, mut held, mut unclear) = (0, 0, 0);
    for (index, test) in tests.iter().enumerate() {
        let found = pool.install(|| check(&test.checked, args.seeds)).map_err(|failure| {
            let text = format!("{}: {}", failure.name, failure.problems.join("; "));
            if failure.broken { Failure::Broken(text) } else { Failure::Usage(text) }
        })?;
        progress.set(index + 1, tests.len(), &test.id);
        let count = |verdict| found.iter().filter(|held| held.verdict == verdict).count();
        broken += count(Verdict::Broken);
        held += count(Verdict::Held);
        unclear += count(Verdict::Unclear);
        terminal.print_verdict(&told(args, test, &found, terminal.is_verbose()))?;
    }
    progress.finish();
    let text = match args.format {
        Format::Json => json!({
            "event": "finished", "held": held, "broken": broken, "unclear": unclear,
        })
        .to_string(),
        Format::Text => format!(
            "{} relations: {held} held, {broken} broken, {unclear} unclear",
            held + broken + unclear
        ),
    };
    terminal.print_verdict(&text)?;
    Ok(if broken > 0 { exit_code::FAILED } else { exit_code::DONE })
}

fn told(args: &Test, test: &suite::Test, found: &[Held], verbose: bool) -> String {
    if args.format == Format::Json {
        return json!({ "event": "metamorphic", "id": test.id, "relations": found }).to_string();
    }
    let bad = found.iter().any(|held| held.verdict == Verdict::Broken);
    let mut text = format!("{:<7} {}\n", if bad { "FAIL" } else { "PASS" }, test.id);
    for held in found {
        let word = match held.verdict {
            Verdict::Held => "held",
            Verdict::Broken => "BROKEN",
            Verdict::Unclear => "unclear",
        };
        if verbose || held.verdict != Verdict::Held {
            text += &format!("        {word:<9} {}: {}\n", held.relation.label(), held.told);
        }
    }
    text
}
