//! Many cases on a terminal: one line a case, then the aggregate beside chance.
//!
//! In: the case rows of `report::cases` and the aggregate scorecard. Out: aligned text. Absent is
//! `–`; an open loop claims no effect.

use super::{WIDTH, score_table, table};
use crate::report::summary::{CaseRow, Summary};
use crate::report::{format, scores};

/// What the columns mean.
const LEGEND: &str = "  after: onset to first signal (below 0: before it); rank: of the real \
                      culprit; cause: named right\n";

/// The whole report of a dataset.
#[must_use]
pub fn dataset(summary: &Summary) -> String {
    let absent = || format::ABSENT.to_owned();
    let yes = |known: Option<bool>| known.map_or("–", |y| if y { "yes" } else { "no" }).to_owned();
    let rows = summary.cases.iter().map(|case| {
        vec![
            format::cut(&case.name, 29),
            yes(case.detected),
            format::short_or_absent(case.time_to_detect),
            case.rank.map_or_else(absent, |r| r.to_string()),
            format::cut(case.top.as_deref().unwrap_or(format::ABSENT), 18),
            case.confidence.map_or_else(absent, format::percent),
            yes(case.cause_ok),
            format::cut(&would_do(case), 14),
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let head = ["case", "seen", "after", "rank", "blames", "sure", "cause", "would do"];
    let mut out = String::new();
    for line in table::columns(&head, &rows, &[0, 4, 7]) {
        out.push_str(&format::cut(&line, WIDTH));
        out.push('\n');
    }
    out.push_str(LEGEND);
    let n = format::count(summary.cases.len(), "case");
    out.push_str(&format!("\nAll of {} ({n}, {})\n", summary.name, summary.mode));
    for line in score_table(&scores::rows(&summary.aggregate)) {
        out.push_str(&line);
        out.push('\n');
    }
    out
}

/// The first remedy in a few words: a page is always allowed, so that its verdict says nothing.
fn would_do(case: &CaseRow) -> String {
    match case.would_do.as_deref() {
        Some(page) if page.starts_with("page on call") => "page".to_owned(),
        Some(remedy) => remedy.to_owned(),
        None => format::ABSENT.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn long_names_keep_the_table_within_the_width() {
        let mut summary = Summary::read(&fixture::document());
        for case in &mut summary.cases {
            case.name = "n".repeat(60);
            case.top = Some("t".repeat(60));
            case.would_do = Some("reconcile config: needs approval".to_owned());
        }
        let text = dataset(&summary);
        assert!(text.lines().all(|l| l.chars().count() <= WIDTH), "{text}");
        assert!(text.lines().count() > summary.cases.len());
    }
}
