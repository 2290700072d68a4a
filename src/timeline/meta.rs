//! What a dataset says of itself: origin, licence, interval, provenance, and each case's files.
//!
//! Owns the text form of `dataset.yaml`. Unknown keys are refused.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::schema::FORMAT_VERSION;
use crate::unit::SimDuration;

/// Where a timeline comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// From a real system.
    Recorded,
    /// From a mock fleet.
    Synthetic,
}

/// What a dataset says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatasetMeta {
    /// Version of the format on disk.
    pub format_version: u32,
    /// Its name.
    pub name: String,
    /// Where it comes from: a URL, a paper, a team.
    pub origin: String,
    /// Licence of the data.
    pub licence: String,
    /// Scrape interval of its metrics.
    pub interval: SimDuration,
    /// Recorded or synthetic.
    pub provenance: Provenance,
    /// What a reader of any result must know: what was shifted, dropped, assumed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What a dataset says of one case.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseInfo {
    /// What was shifted, dropped or assumed in this case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// BLAKE3 of each of its files, in hexadecimal.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub blake3: BTreeMap<String, String>,
}

/// The whole of `dataset.yaml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DatasetFile {
    pub(crate) dataset: DatasetMeta,
    #[serde(default)]
    pub(crate) cases: BTreeMap<String, CaseInfo>,
}

impl DatasetMeta {
    /// A recorded dataset of this format version without notes.
    #[must_use]
    pub fn recorded(name: &str, origin: &str, licence: &str, interval: SimDuration) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            name: name.to_owned(),
            origin: origin.to_owned(),
            licence: licence.to_owned(),
            interval,
            provenance: Provenance::Recorded,
            notes: Vec::new(),
        }
    }
}
