//! How kinds are listed: one plain, alphabetical array of entries per plug-in folder.
//!
//! Owns `Spec` (a kind's name and its parameters, as a file gives them), `Entry` (what a folder
//! says of one kind) and lookup with the nearest valid name. A kind reads its own parameters from
//! the `Spec`; its JSON Schema, generated from the same type, serves checking, `explain` and docs.

use schemars::{JsonSchema, Schema};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

/// A kind and its parameters: `mad`, or `mad: { threshold: 6 }` in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// Name of the kind, snake_case.
    pub kind: String,
    /// Its parameters; absent ones take the kind's defaults.
    pub params: Map<String, Value>,
}

/// What a plug-in folder says of one kind. `B` is how the folder builds it.
pub struct Entry<B: 'static> {
    /// Name in files; equals the file's name.
    pub kind: &'static str,
    /// One line for `list`.
    pub summary: &'static str,
    /// Some sentences for `explain`: what it does, when it fails, its limit.
    pub help: &'static str,
    /// Paper, specification or tool it follows.
    pub source: &'static str,
    /// Example parameters, a YAML value for the kind's key; built by a test.
    pub example: &'static str,
    /// JSON Schema of its parameters.
    pub schema: fn() -> Schema,
    /// Builds it from parameters.
    pub build: B,
}

/// Why a kind could not be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KindError {
    /// No such kind.
    #[error("unknown {what} {found:?}{}", did_you_mean(nearest.as_deref()))]
    Unknown {
        /// What was looked for, e.g. "detector".
        what: &'static str,
        /// What the file said.
        found: String,
        /// The nearest valid name.
        nearest: Option<String>,
    },
    /// Its parameters are wrong.
    #[error("{kind}: {problem}")]
    Params {
        /// The kind.
        kind: String,
        /// What is wrong with them.
        problem: String,
    },
}

/// Text to append to "unknown x": the nearest valid name, or nothing.
#[must_use]
pub fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map(|n| format!(", did you mean {n:?}?")).unwrap_or_default()
}

/// The valid name closest to `found`, if any is close enough to be a slip.
#[must_use]
pub fn nearest<'a>(found: &str, valid: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let found = found.to_lowercase();
    valid
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&found, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= 1 + name.len().max(found.len()) / 3)
        .min()
        .map(|(_, name)| name)
}

/// The entry for `kind` among `entries`.
///
/// # Errors
/// `KindError::Unknown` with the nearest valid name.
pub fn find<'a, B>(
    what: &'static str,
    entries: &'a [Entry<B>],
    kind: &str,
) -> Result<&'a Entry<B>, KindError> {
    entries.iter().find(|entry| entry.kind == kind).ok_or_else(|| KindError::Unknown {
        what,
        found: kind.to_owned(),
        nearest: nearest(kind, entries.iter().map(|e| e.kind)).map(str::to_owned),
    })
}

/// The schema of a kind's parameter type, for `Entry::schema`.
#[must_use]
pub fn schema_of<C: JsonSchema>() -> Schema {
    schemars::generate::SchemaSettings::draft2020_12()
        .with(|s| s.inline_subschemas = true)
        .into_generator()
        .into_root_schema_for::<C>()
}

impl Spec {
    /// A kind with default parameters.
    #[must_use]
    pub fn plain(kind: &str) -> Self {
        Self { kind: kind.to_owned(), params: Map::new() }
    }

    /// The parameters as the kind's own type.
    ///
    /// # Errors
    /// `KindError::Params` with what serde found wrong.
    pub fn read<C: DeserializeOwned>(&self) -> Result<C, KindError> {
        serde_json::from_value(Value::Object(self.params.clone()))
            .map_err(|e| KindError::Params { kind: self.kind.clone(), problem: e.to_string() })
    }
}

impl Serialize for Spec {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if self.params.is_empty() {
            return s.serialize_str(&self.kind);
        }
        let mut map = Map::new();
        map.insert(self.kind.clone(), Value::Object(self.params.clone()));
        map.serialize(s)
    }
}

impl<'de> Deserialize<'de> for Spec {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        match Value::deserialize(d)? {
            Value::String(kind) => Ok(Self { kind, params: Map::new() }),
            Value::Object(map) if map.len() == 1 => match map.into_iter().next() {
                Some((kind, Value::Object(params))) => Ok(Self { kind, params }),
                Some((kind, Value::Null)) => Ok(Self { kind, params: Map::new() }),
                _ => Err(D::Error::custom("expected a map of parameters under the kind's name")),
            },
            other => Err(D::Error::custom(format!(
                "expected a kind's name, or one name with a map of parameters, found {other}"
            ))),
        }
    }
}

impl JsonSchema for Spec {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Spec".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "description": "a kind's name, or one name with a map of its parameters",
            "oneOf": [
                { "type": "string" },
                { "type": "object", "minProperties": 1, "maxProperties": 1 }
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_name_and_noise_finds_none() {
        let valid = ["blast_radius", "confidence_floor", "cooldown"];
        assert_eq!(nearest("blast_raduis", valid), Some("blast_radius"));
        assert_eq!(nearest("Cooldown", valid), Some("cooldown"));
        assert_eq!(nearest("xyz", valid), None);
    }

    #[test]
    fn a_spec_reads_both_forms_and_refuses_others() {
        let plain: Spec = serde_json::from_str("\"mad\"").unwrap();
        assert_eq!(plain, Spec::plain("mad"));
        let full: Spec = serde_json::from_str(r#"{"mad":{"threshold":6}}"#).unwrap();
        assert_eq!(full.params["threshold"], 6);
        assert!(serde_json::from_str::<Spec>(r#"{"a":{},"b":{}}"#).is_err());
        assert!(serde_json::from_str::<Spec>("3").is_err());
    }
}
