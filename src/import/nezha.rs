//! The Nezha recordings.

use super::{Build, ImportError, Request, Summary};
use crate::catalog::{Entry, schema_of};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "nezha",
    summary: "recorded incidents of the Nezha benchmark",
    help: "",
    source: "",
    example: "{}",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {}

fn build(request: &mut Request<'_>) -> Result<Summary, ImportError> {
    let _: Config = request.config("nezha")?;
    Err(ImportError::file(request.source, "nothing", "a recording"))
}
