//! Which column of a table means what, and what a row adds to a case.
//!
//! In: a header and the parameters. Out: columns by number, or a complaint that names the nearest
//! column there is. Known limit: in the wide layout every column but time and label is a series.

use std::io::Read;
use std::path::Path;

use super::{Config, Draft, Flaw, Layout, Row, SeriesMeta, Table};
use crate::import::files;
use crate::unit::{SeriesId, SimTime};

const TIME: [&str; 6] = ["time", "timestamp", "ts", "date", "datetime", "@timestamp"];
const VALUE: [&str; 1] = ["value"];
const ENTITY: [&str; 5] = ["entity", "service", "app", "host", "instance"];
const METRIC: [&str; 3] = ["metric", "name", "series"];
const UNIT: [&str; 1] = ["unit"];

/// The columns of a table by number.
pub(super) struct Columns {
    pub(super) time: usize,
    pub(super) label: Option<usize>,
    values: Values,
    /// Entity of everything that names none.
    entity: String,
}

enum Values {
    Long {
        value: usize,
        entity: Option<usize>,
        metric: Option<usize>,
        unit: Option<usize>,
    },
    /// Column and series.
    Wide(Vec<(usize, SeriesId)>),
}

impl Columns {
    /// Finds the columns; the wide layout's series are added to `draft`.
    ///
    /// # Errors
    /// If one that was named, or that must be there, is not.
    pub(super) fn of<R: Read>(
        path: &Path,
        table: &Table<R>,
        config: &Config,
        draft: &mut Draft,
    ) -> Result<Self, Flaw> {
        let find = |given: &Option<String>, usual: &[&str]| match given {
            Some(name) => table.column(name).map(Some),
            None => Ok(table.first_of(usual)),
        };
        let time = match &config.time_column {
            Some(name) => table.column(name)?,
            None => table.one_of("time", &TIME)?,
        };
        let label = find(&config.label_column, &[])?;
        let value = find(&config.value_column, &VALUE)?;
        let entity = config.entity.clone().unwrap_or_else(|| files::stem(path));
        let long = match config.layout {
            Layout::Auto => value,
            Layout::Long => Some(value.map_or_else(|| table.one_of("value", &VALUE), Ok)?),
            Layout::Wide => None,
        };
        let values = match long {
            Some(value) => Values::Long {
                value,
                entity: find(&config.entity_column, &ENTITY)?,
                metric: find(&config.metric_column, &METRIC)?,
                unit: find(&config.unit_column, &UNIT)?,
            },
            None => {
                let separator = config.separator.as_deref();
                let name = |header: &str| split(path, header, separator, &entity);
                let columns = wide(table, &[Some(time), label], draft, name)?;
                if columns.is_empty() {
                    let problem = "expected columns with numbers beside the time, found none";
                    return Err(Flaw::line(path, 1, problem));
                }
                Values::Wide(columns)
            }
        };
        Ok(Self { time, label, values, entity })
    }

    /// Adds what stands in one row.
    ///
    /// # Errors
    /// If text stands where a number is expected, or an entity or metric has no name.
    pub(super) fn row(&self, draft: &mut Draft, time: SimTime, row: &Row<'_>) -> Result<(), Flaw> {
        match &self.values {
            Values::Long { value, entity, metric, unit } => {
                let named = |column: &Option<usize>, fallback: &str| match *column {
                    Some(c) if row.text(c).is_empty() => {
                        Err(row.flaw(c, "expected a name, found nothing"))
                    }
                    Some(c) => Ok(row.text(c).to_owned()),
                    None => Ok(fallback.to_owned()),
                };
                let entity = draft.service(&named(entity, &self.entity)?);
                let unit = unit.map_or("", |c| row.text(c));
                let meta = SeriesMeta::gauge(entity, &named(metric, "value")?, unit);
                let series = draft.column(meta);
                draft.cell(time, series, row.number(*value)?);
            }
            Values::Wide(columns) => {
                for (column, series) in columns {
                    draft.cell(time, *series, row.number(*column)?);
                }
            }
        }
        Ok(())
    }
}

/// Adds every column that is not taken as a series.
fn wide<R: Read>(
    table: &Table<R>,
    taken: &[Option<usize>],
    draft: &mut Draft,
    name: impl Fn(&str) -> Result<(String, String), Flaw>,
) -> Result<Vec<(usize, SeriesId)>, Flaw> {
    let mut found = Vec::new();
    for (column, header) in table.headers().iter().enumerate() {
        if !taken.contains(&Some(column)) && !header.is_empty() {
            let (entity, metric) = name(header)?;
            let entity = draft.service(&entity);
            found.push((column, draft.column(SeriesMeta::gauge(entity, &metric, ""))));
        }
    }
    Ok(found)
}

/// Entity and metric of a column's name.
fn split(
    path: &Path,
    header: &str,
    separator: Option<&str>,
    fallback: &str,
) -> Result<(String, String), Flaw> {
    let Some(between) = separator else {
        return Ok((fallback.to_owned(), header.to_owned()));
    };
    match header.rsplit_once(between) {
        Some((entity, metric)) if !entity.is_empty() && !metric.is_empty() => {
            Ok((entity.to_owned(), metric.to_owned()))
        }
        _ => {
            let problem = format!(
                "expected column names with {between:?} between entity and metric, found {header:?}"
            );
            Err(Flaw::line(path, 1, problem))
        }
    }
}
