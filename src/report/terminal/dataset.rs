//! Many cases on a terminal: one line a case, then the aggregate beside chance.
//!
//! In: the case rows of `report::cases` and the aggregate scorecard. Out: aligned text. Absent is
//! `–`; an open loop claims no effect.

use super::{WIDTH, score_table, table};
use crate::report::summary::Summary;
use crate::report::{format, scores};

/// The whole report of a dataset.
#[must_use]
pub fn dataset(summary: &Summary) -> String {
    let absent = || format::ABSENT.to_owned();
    let yes = |known: Option<bool>| known.map_or("–", |y| if y { "yes" } else { "no" }).to_owned();
    let rows = summary.cases.iter().map(|case| {
        vec![
            format::cut(&case.name, 36),
            yes(case.detected),
            format::short_or_absent(case.time_to_detect),
            case.rank.map_or_else(absent, |r| r.to_string()),
            format::cut(case.top.as_deref().unwrap_or(format::ABSENT), 20),
            case.confidence.map_or_else(absent, format::percent),
            yes(case.cause_ok),
            format::cut(case.would_do.as_deref().unwrap_or(format::ABSENT), 14),
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let head = ["case", "seen", "after", "rank", "blames", "sure", "cause", "verdict"];
    let mut out = String::new();
    for line in table::columns(&head, &rows, &[0, 4, 7]) {
        out.push_str(&format::cut(&line, WIDTH + 20));
        out.push('\n');
    }
    let n = format::count(summary.cases.len(), "case");
    out.push_str(&format!("\nAll of {} ({n}, {})\n", summary.name, summary.mode));
    for line in score_table(&scores::rows(&summary.aggregate)) {
        out.push_str(&line);
        out.push('\n');
    }
    out
}
