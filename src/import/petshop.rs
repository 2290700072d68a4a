//! The PetShop recordings.

use super::{Build, ImportError, Request, Summary};
use crate::catalog::{Entry, schema_of};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "petshop",
    summary: "recorded incidents of the PetShop benchmark",
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
    let _: Config = request.config("petshop")?;
    Err(ImportError::file(request.source, "nothing", "a recording"))
}
