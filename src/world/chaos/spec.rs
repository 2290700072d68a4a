//! One line of a scenario's list of faults: when, and which fault with which parameters.
//!
//! In: a map with `at`, optionally `id`, and exactly one more key, the kind's name over its
//! parameters. Out: plain data; the kind itself reads the parameters (`chaos::build`).

use std::borrow::Cow;

use schemars::{JsonSchema, Schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::onset::Onset;
use crate::catalog::{Spec, schema_of};
use crate::unit::SimDuration;

/// When a fault is injected and which.
///
/// ```yaml
/// - at: 10m
///   onset: { ramp: 5m } # or step, or { flap: { on: 1m, off: 2m } }
///   bad_deploy: { service: api-server, version: v2.4.1, mode: leak }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FaultSpec {
    /// From the start of the scenario to the injection.
    pub at: SimDuration,
    /// Name of the incident that it causes; the kind and its number if absent.
    pub id: Option<String>,
    /// How it comes on (default: at once).
    pub onset: Onset,
    /// The fault.
    pub spec: Spec,
}

impl Serialize for FaultSpec {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut map = Map::new();
        map.insert("at".to_owned(), Value::String(self.at.to_string()));
        if let Some(id) = &self.id {
            map.insert("id".to_owned(), Value::String(id.clone()));
        }
        if self.onset != Onset::Step {
            let onset = serde_json::to_value(self.onset).map_err(serde::ser::Error::custom)?;
            map.insert("onset".to_owned(), onset);
        }
        map.insert(self.spec.kind.clone(), Value::Object(self.spec.params.clone()));
        map.serialize(s)
    }
}

impl<'de> Deserialize<'de> for FaultSpec {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let mut map = Map::<String, Value>::deserialize(d)?;
        let at = map.remove("at").ok_or_else(|| D::Error::missing_field("at"))?;
        let at = serde_json::from_value(at).map_err(|e| D::Error::custom(format!("at: {e}")))?;
        let id = map.remove("id").map(serde_json::from_value).transpose();
        let id = id.map_err(|e| D::Error::custom(format!("id: {e}")))?;
        let onset = map.remove("onset").map(serde_json::from_value).transpose();
        let onset = onset.map_err(|e| D::Error::custom(format!("onset: {e}")))?;
        let kinds: Vec<String> = map.keys().cloned().collect();
        match map.into_iter().next() {
            Some((kind, params)) if kinds.len() == 1 => {
                let params = match params {
                    Value::Object(params) => params,
                    Value::Null => Map::new(),
                    other => {
                        return Err(D::Error::custom(format!(
                            "{kind}: expected a map of parameters, found {other}"
                        )));
                    }
                };
                Ok(Self { at, id, onset: onset.unwrap_or_default(), spec: Spec { kind, params } })
            }
            _ => Err(D::Error::custom(format!(
                "expected `at`, optionally `id` and `onset`, and exactly one kind of fault, \
                 found {kinds:?}"
            ))),
        }
    }
}

impl JsonSchema for FaultSpec {
    fn schema_name() -> Cow<'static, str> {
        "FaultSpec".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> Schema {
        let duration = schemars::json_schema!({ "type": "string", "format": "duration" });
        let onset = schema_of::<Onset>().to_value();
        schemars::json_schema!({
            "description": "when (`at`, from the start), and one kind of fault over its parameters",
            "type": "object",
            "required": ["at"],
            "minProperties": 2,
            "maxProperties": 4,
            "properties": { "at": duration, "id": { "type": "string" }, "onset": onset },
            "additionalProperties": { "type": ["object", "null"] }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<FaultSpec, String> {
        serde_saphyr::from_str(text).map_err(|e| e.to_string())
    }

    #[test]
    fn a_fault_is_a_time_and_one_kind() {
        let fault = read("at: 10m\nbad_deploy: {service: api, mode: leak}").unwrap();
        assert_eq!(
            (fault.at, fault.spec.kind.as_str()),
            (SimDuration::from_secs(600), "bad_deploy")
        );
        assert_eq!(fault.spec.params["mode"], "leak");
        let back: FaultSpec =
            serde_json::from_str(&serde_json::to_string(&fault).unwrap()).unwrap();
        assert_eq!(back, fault);
        assert!(read("at: 1m\ntraffic_surge:").unwrap().spec.params.is_empty());
    }

    #[test]
    fn what_is_missing_or_too_much_is_named() {
        assert!(read("bad_deploy: {}").unwrap_err().contains("at"));
        assert!(read("at: 10m").unwrap_err().contains("exactly one kind"));
        assert!(read("at: 10m\na: {}\nb: {}").unwrap_err().contains("[\"a\", \"b\"]"));
        assert!(read("at: 5 minutes\na: {}").unwrap_err().contains("expected a duration"));
        assert!(read("at: 1m\na: 3").unwrap_err().contains("expected a map"));
    }
}
