//! Events and changes as rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringBuilder, TimestampNanosecondBuilder};

use super::log_rows::{entity_at, names_of, text_at, time_at};
use super::schema::Table;
use super::span_rows::named;
use super::table_writer::Record;
use crate::model::{Event, EventKind, Topology};
use crate::unit::SimTime;

#[derive(Default)]
pub(super) struct EventColumns {
    time: TimestampNanosecondBuilder,
    kind: StringBuilder,
    service: StringBuilder,
    instance: StringBuilder,
    reason: StringBuilder,
    attributes: StringBuilder,
}

impl Record for Event {
    const TABLE: Table = Table::Events;
    type Columns = EventColumns;

    fn visible(&self) -> SimTime {
        self.time
    }

    fn push(&self, columns: &mut EventColumns, map: &Topology) -> Result<(), String> {
        let entity = self.entity.as_ref().map(|name| map.find(name)).transpose();
        let entity = entity.map_err(|e| e.to_string())?;
        let names = entity.map(|id| names_of(map, id)).transpose()?;
        columns.time.append_value(self.time.nanos());
        columns.kind.append_value(kind_name(self.kind));
        columns.service.append_option(names.map(|(service, _)| service));
        columns.instance.append_option(names.and_then(|(_, instance)| instance));
        columns.reason.append_value(&self.reason);
        columns.attributes.append_value(object_text(&self.attributes));
        Ok(())
    }

    fn take(columns: &mut EventColumns) -> Vec<ArrayRef> {
        vec![
            Arc::new(columns.time.finish().with_timezone("UTC")),
            Arc::new(columns.kind.finish()),
            Arc::new(columns.service.finish()),
            Arc::new(columns.instance.finish()),
            Arc::new(columns.reason.finish()),
            Arc::new(columns.attributes.finish()),
        ]
    }

    fn read(batch: &RecordBatch, row: usize, map: &Topology) -> Result<Option<Self>, String> {
        let entity = entity_at(batch, 2, row, map)?;
        Ok(Some(Self {
            time: time_at(batch, 0, row),
            kind: named(&KINDS, text_at(batch, 1, row).unwrap_or_default(), "event kind")?,
            entity: entity.map(|id| map.name(id).clone()),
            reason: text_at(batch, 4, row).unwrap_or_default().to_owned(),
            attributes: object_of(text_at(batch, 5, row).unwrap_or("{}"))?,
        }))
    }
}

const KINDS: [(&str, EventKind); 7] = [
    ("kubernetes", EventKind::Kubernetes),
    ("deploy", EventKind::Deploy),
    ("config", EventKind::Config),
    ("commit", EventKind::Commit),
    ("flag", EventKind::Flag),
    ("external_status", EventKind::ExternalStatus),
    ("alert", EventKind::Alert),
];

fn kind_name(kind: EventKind) -> &'static str {
    KINDS.iter().find(|(_, k)| *k == kind).map_or("kubernetes", |(name, _)| *name)
}

/// Texts by name as one JSON object, keys sorted.
pub(super) fn object_text(map: &BTreeMap<String, String>) -> String {
    serde_json::to_string(map).expect("texts are always JSON")
}

/// The texts by name that a JSON object holds.
pub(super) fn object_of(text: &str) -> Result<BTreeMap<String, String>, String> {
    serde_json::from_str(text).map_err(|e| format!("expected a JSON object of texts: {e}"))
}
