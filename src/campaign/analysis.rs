//! How right the engine was, by what was wrong: one group a true cause or root entity.
//!
//! In: result rows. Out: for each group its trials, AC@1, share of right causes and mean
//! confidence, through a polars data frame. Trials without a label are left out; a mean over
//! nothing is absent.

use polars::prelude::{Column, DataFrame, PolarsResult, UInt32Chunked};

use super::results::Row;

/// By what to group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The labelled cause.
    Cause,
    /// The labelled root cause.
    Entity,
}

/// One group.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The cause or entity.
    pub key: String,
    /// Trials in it.
    pub n: u64,
    /// Mean AC@1.
    pub ac_1: Option<f64>,
    /// Mean share of right causes.
    pub cause_accuracy: Option<f64>,
    /// Mean confidence in the top hypothesis.
    pub confidence: Option<f64>,
}

/// Groups in the order of their keys.
///
/// # Panics
/// Never for rows of ours: the frame is made here.
#[must_use]
pub fn breakdown(rows: &[Row], by: By) -> Vec<Group> {
    let key = |row: &Row| match by {
        By::Cause => row.true_cause.clone(),
        By::Entity => row.true_entity.clone(),
    };
    let labelled: Vec<(String, &Row)> =
        rows.iter().filter_map(|row| Some((key(row)?, row))).collect();
    if labelled.is_empty() {
        return Vec::new();
    }
    group(&labelled).expect("columns have one length and numeric types")
}

fn group(rows: &[(String, &Row)]) -> PolarsResult<Vec<Group>> {
    let real = |name: &str, of: fn(&Row) -> Option<f64>| {
        Column::new(name.into(), rows.iter().map(|(_, row)| of(row)).collect::<Vec<_>>())
    };
    let keys: Vec<&str> = rows.iter().map(|(key, _)| key.as_str()).collect();
    let values = ["ac_1", "cause_accuracy", "confidence"];
    let frame = DataFrame::new_infer_height(vec![
        Column::new("key".into(), keys),
        real(values[0], |row| row.ac_1),
        real(values[1], |row| row.cause_accuracy),
        real(values[2], |row| row.confidence),
    ])?;
    let grouped = frame.group_by_stable(["key"])?.select(values);
    let (means, counts) = (grouped.mean()?, grouped.count()?);
    let names = means.column("key")?.str()?.clone();
    let counts: UInt32Chunked = counts.column("ac_1_count")?.u32()?.clone();
    let mean = |name: &str, index: usize| -> PolarsResult<Option<f64>> {
        Ok(means.column(&format!("{name}_mean"))?.f64()?.get(index))
    };
    let mut groups = Vec::new();
    for index in 0..means.height() {
        groups.push(Group {
            key: names.get(index).unwrap_or_default().to_owned(),
            n: u64::from(counts.get(index).unwrap_or_default()),
            ac_1: mean(values[0], index)?,
            cause_accuracy: mean(values[1], index)?,
            confidence: mean(values[2], index)?,
        });
    }
    groups.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_have_their_own_means_and_absent_stays_absent() {
        let row = |cause: Option<&str>, ac_1, confidence| Row {
            true_cause: cause.map(str::to_owned),
            ac_1,
            confidence,
            ..Row::default()
        };
        let rows = [
            row(Some("b"), Some(1.0), None),
            row(Some("a"), Some(0.0), Some(0.5)),
            row(Some("a"), Some(1.0), None),
            row(None, Some(1.0), Some(1.0)),
        ];
        let group = |key: &str, n, ac_1, confidence| Group {
            key: key.to_owned(),
            n,
            ac_1,
            cause_accuracy: None,
            confidence,
        };
        let expected = [group("a", 2, Some(0.5), Some(0.5)), group("b", 1, Some(1.0), None)];
        assert_eq!(breakdown(&rows, By::Cause), expected);
        assert_eq!(breakdown(&rows, By::Entity), []);
    }
}
