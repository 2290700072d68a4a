//! OTLP as JSON: scalars, attributes and values of any type.
//!
//! The protobuf JSON mapping as OTLP bends it: 64-bit integers as text or number, doubles that may
//! be text, enums as numbers (names are taken too), ids as hex. Source: OpenTelemetry protocol
//! 1.x, section "JSON Protobuf Encoding"; its common types.
//! Known limit: integers above 2^63 - 1 are refused.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

/// An attribute.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct KeyValue {
    pub(super) key: Text,
    pub(super) value: Option<AnyValue>,
}

/// A value of any type: at most one of these is there.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct AnyValue {
    string_value: Option<String>,
    bool_value: Option<bool>,
    int_value: Option<Int>,
    double_value: Option<Double>,
    bytes_value: Option<String>,
    array_value: Option<Values>,
    kvlist_value: Option<Pairs>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Values {
    values: Option<Vec<AnyValue>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Pairs {
    values: Option<Vec<KeyValue>>,
}

/// Text; `null` is empty.
#[derive(Debug, Default, Clone)]
pub(super) struct Text(pub(super) String);

/// A 64-bit integer as number or text; `null` is 0.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Int(pub(super) i64);

/// A double as number or as `"NaN"`, `"Infinity"`, `"-Infinity"`; `null` is absent (NaN).
#[derive(Debug, Clone, Copy)]
pub(super) struct Double(pub(super) f64);

/// An enum by number or by name; the name is kept as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Enum {
    Number(i64),
    Name(String),
}

impl Default for Enum {
    fn default() -> Self {
        Self::Number(0)
    }
}

impl Enum {
    /// Its number: its place among `names` if it is written by name.
    pub(super) fn number(&self, names: &[&str]) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Name(name) => {
                names.iter().position(|n| n == name).and_then(|at| i64::try_from(at).ok())
            }
        }
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(Self(Option::<String>::deserialize(d)?.unwrap_or_default()))
    }
}

/// A number, a text or nothing, before its meaning is known.
enum Scalar {
    Int(i64),
    Float(f64),
    Text(String),
    Nothing,
}

struct ScalarVisitor;

impl Visitor<'_> for ScalarVisitor {
    type Value = Scalar;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or a number as text")
    }
    fn visit_i64<E>(self, v: i64) -> Result<Scalar, E> {
        Ok(Scalar::Int(v))
    }
    fn visit_u64<E: de::Error>(self, v: u64) -> Result<Scalar, E> {
        Ok(i64::try_from(v).map_or(Scalar::Float(v as f64), Scalar::Int))
    }
    fn visit_f64<E>(self, v: f64) -> Result<Scalar, E> {
        Ok(Scalar::Float(v))
    }
    fn visit_str<E>(self, v: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(v.to_owned()))
    }
    fn visit_unit<E>(self) -> Result<Scalar, E> {
        Ok(Scalar::Nothing)
    }
}

impl<'de> Deserialize<'de> for Int {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let bad =
            |found: String| de::Error::custom(format!("expected a 64-bit integer, found {found}"));
        match d.deserialize_any(ScalarVisitor)? {
            Scalar::Int(value) => Ok(Self(value)),
            Scalar::Nothing => Ok(Self(0)),
            Scalar::Float(v) if v.fract() == 0.0 && v.abs() < 9.2e18 => Ok(Self(v as i64)),
            Scalar::Float(value) => Err(bad(value.to_string())),
            Scalar::Text(text) => text.parse().map(Self).map_err(|_| bad(format!("{text:?}"))),
        }
    }
}

impl<'de> Deserialize<'de> for Double {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        match d.deserialize_any(ScalarVisitor)? {
            Scalar::Int(value) => Ok(Self(value as f64)),
            Scalar::Float(value) => Ok(Self(value)),
            Scalar::Nothing => Ok(Self(f64::NAN)),
            Scalar::Text(text) => text
                .parse()
                .map(Self)
                .map_err(|_| de::Error::custom(format!("expected a number, found {text:?}"))),
        }
    }
}

impl<'de> Deserialize<'de> for Enum {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        match d.deserialize_any(ScalarVisitor)? {
            Scalar::Int(value) => Ok(Self::Number(value)),
            Scalar::Float(value) => Ok(Self::Number(value as i64)),
            Scalar::Nothing => Ok(Self::default()),
            Scalar::Text(text) => {
                Ok(text.parse().map_or_else(|_| Self::Name(text.clone()), Self::Number))
            }
        }
    }
}

impl AnyValue {
    /// The value as a person would read it: text as it is, the rest as JSON.
    pub(super) fn render(&self) -> String {
        match self.json() {
            serde_json::Value::String(text) => text,
            serde_json::Value::Null => String::new(),
            other => other.to_string(),
        }
    }

    fn json(&self) -> serde_json::Value {
        if let Some(text) = self.string_value.as_ref().or(self.bytes_value.as_ref()) {
            return text.as_str().into();
        }
        if let Some(values) = &self.array_value {
            return values.values.iter().flatten().map(Self::json).collect();
        }
        if let Some(pairs) = &self.kvlist_value {
            let pair = |p: &KeyValue| {
                (p.key.0.clone(), p.value.as_ref().map_or(serde_json::Value::Null, Self::json))
            };
            return pairs.values.iter().flatten().map(pair).collect();
        }
        let int = self.int_value.map(|v| v.0.into());
        let double = self.double_value.map(|v| v.0.into());
        self.bool_value.map(Into::into).or(int).or(double).unwrap_or_default()
    }
}

/// The attribute `key` as text, if there is one and it is not empty.
pub(super) fn attribute(attributes: Option<&Vec<KeyValue>>, key: &str) -> Option<String> {
    let found = attributes?.iter().find(|a| a.key.0 == key)?;
    found.value.as_ref().map(AnyValue::render).filter(|text| !text.is_empty())
}

/// An id of `digits` hex digits; empty or all zero is 0, which OTLP calls "no id".
pub(super) fn hex_id(text: &str, digits: usize) -> Result<u128, String> {
    if text.is_empty() {
        return Ok(0);
    }
    let hex = text.len() == digits && text.bytes().all(|b| b.is_ascii_hexdigit());
    let value = hex.then(|| u128::from_str_radix(text, 16).ok()).flatten();
    value.ok_or_else(|| format!("expected an id of {digits} hex digits, found {text:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_numbers_or_text() {
        let read = |text: &str| serde_json::from_str::<Int>(text).map(|i| i.0).ok();
        assert_eq!(read("\"1700000000000000000\""), Some(1_700_000_000_000_000_000));
        assert_eq!((read("12"), read("null"), read("3.0")), (Some(12), Some(0), Some(3)));
        assert_eq!((read("\"x\""), read("1.5"), read("[]")), (None, None, None));
    }

    #[test]
    fn enums_are_numbers_or_names() {
        let read = |text: &str| serde_json::from_str::<Enum>(text).unwrap().number(&["A", "B"]);
        assert_eq!((read("1"), read("\"B\""), read("\"C\"")), (Some(1), Some(1), None));
    }

    #[test]
    fn bodies_of_any_type_become_text() {
        let read = |text: &str| serde_json::from_str::<AnyValue>(text).unwrap().render();
        assert_eq!(read(r#"{"stringValue":"out of memory"}"#), "out of memory");
        assert_eq!(read(r#"{"intValue":"7"}"#), "7");
        assert_eq!(
            read(
                r#"{"kvlistValue":{"values":[{"key":"a","value":{"arrayValue":{"values":[
                {"boolValue":true},{"doubleValue":1.5}]}}}]}}"#
            ),
            r#"{"a":[true,1.5]}"#
        );
        assert_eq!(read("{}"), "");
    }

    #[test]
    fn ids_are_hex_of_their_length() {
        assert_eq!(hex_id("00000000000000ff", 16), Ok(255));
        assert_eq!(hex_id("", 16), Ok(0));
        assert!(hex_id("ff", 16).is_err() && hex_id("zz000000000000ff", 16).is_err());
    }
}
