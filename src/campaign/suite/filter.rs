//! Which tests: `-E 'memory & !trap'`.
//!
//! ```text
//! filter = all [| all ...]     all = one [& one ...]     one = !one | ( filter ) | [FIELD:]TEXT
//! ```
//!
//! A text fits if it stands somewhere in the field, `*` for any stretch; `=TEXT` must be the whole
//! of it. Fields: `id` (the default), `name`, `fault` (kinds), `service`, `policy`, `expect`.

use super::find::Test;
use crate::catalog::{did_you_mean, nearest};

/// A filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// Any of them.
    Any(Vec<Self>),
    /// All of them.
    All(Vec<Self>),
    /// Not it.
    Not(Box<Self>),
    /// A text in a field.
    Text {
        /// The field.
        field: Field,
        /// The text.
        text: String,
    },
}

/// What of a test a text is looked for in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The path without its extension.
    Id,
    /// The scenario's name.
    Name,
    /// Kinds of its faults.
    Fault,
    /// Its services.
    Service,
    /// The policy under test.
    Policy,
    /// Its expectations.
    Expect,
}

/// A filter that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("filter {text:?}, character {at}: {message}")]
pub struct FilterError {
    text: String,
    at: usize,
    message: String,
}

const FIELDS: [(&str, Field); 6] = [
    ("id", Field::Id),
    ("name", Field::Name),
    ("fault", Field::Fault),
    ("service", Field::Service),
    ("policy", Field::Policy),
    ("expect", Field::Expect),
];

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// The first place that cannot be read.
    pub fn read(text: &str) -> Result<Self, FilterError> {
        let mut reader = Reader { text, all: text.chars().collect(), at: 0 };
        let filter = reader.any()?;
        match reader.peek() {
            None => Ok(filter),
            Some(found) => Err(reader.wrong(&format!("expected the end, found {found:?}"))),
        }
    }

    /// Whether a test fits.
    #[must_use]
    pub fn fits(&self, test: &Test) -> bool {
        match self {
            Self::Any(all) => all.iter().any(|one| one.fits(test)),
            Self::All(all) => all.iter().all(|one| one.fits(test)),
            Self::Not(one) => !one.fits(test),
            Self::Text { field, text } => values(*field, test).iter().any(|v| fits(text, v)),
        }
    }
}

fn values(field: Field, test: &Test) -> Vec<String> {
    let file = &test.checked.file;
    match field {
        Field::Id => vec![test.id.clone()],
        Field::Name => vec![file.name.clone()],
        Field::Fault => file.faults.iter().map(|fault| fault.spec.kind.clone()).collect(),
        Field::Service => file.fleet.services.keys().cloned().collect(),
        Field::Policy => vec![test.checked.policy.name.clone()],
        Field::Expect => file.expect.iter().map(ToString::to_string).collect(),
    }
}

fn fits(pattern: &str, value: &str) -> bool {
    match pattern.strip_prefix('=') {
        Some(exact) => glob(exact, value),
        None => glob(&format!("*{pattern}*"), value),
    }
}

/// `*` stands for any stretch, everything else for itself.
fn glob(pattern: &str, value: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = value.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(place) => rest = &rest[place + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

struct Reader<'a> {
    text: &'a str,
    all: Vec<char>,
    at: usize,
}

impl Reader<'_> {
    fn peek(&mut self) -> Option<char> {
        while self.all.get(self.at).is_some_and(|c| c.is_whitespace()) {
            self.at += 1;
        }
        self.all.get(self.at).copied()
    }

    fn take(&mut self, sign: char) -> bool {
        let found = self.peek() == Some(sign);
        self.at += usize::from(found);
        found
    }

    fn wrong(&self, message: &str) -> FilterError {
        FilterError { text: self.text.to_owned(), at: self.at + 1, message: message.to_owned() }
    }

    fn any(&mut self) -> Result<Filter, FilterError> {
        let mut all = vec![self.all()?];
        while self.take('|') {
            all.push(self.all()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Filter::Any(all) })
    }

    fn all(&mut self) -> Result<Filter, FilterError> {
        let mut all = vec![self.one()?];
        while self.take('&') {
            all.push(self.one()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Filter::All(all) })
    }

    fn one(&mut self) -> Result<Filter, FilterError> {
        if self.take('!') {
            return Ok(Filter::Not(Box::new(self.one()?)));
        }
        if self.take('(') {
            let inner = self.any()?;
            return if self.take(')') { Ok(inner) } else { Err(self.wrong("expected )")) };
        }
        self.peek();
        let start = self.at;
        while self.all.get(self.at).is_some_and(|c| !"&|!()".contains(*c)) {
            self.at += 1;
        }
        let word: String = self.all[start..self.at].iter().collect();
        let word = word.trim();
        let (field, text) = match word.split_once(':') {
            Some((name, text)) => (self.field(name, start)?, text.trim()),
            None => (Field::Id, word),
        };
        if text.is_empty() {
            return Err(self.wrong("expected a text to look for"));
        }
        Ok(Filter::Text { field, text: text.to_owned() })
    }

    fn field(&mut self, name: &str, start: usize) -> Result<Field, FilterError> {
        if let Some((_, field)) = FIELDS.iter().find(|(known, _)| *known == name) {
            return Ok(*field);
        }
        self.at = start;
        let names = FIELDS.map(|(known, _)| known);
        let near = nearest(name, names);
        let all = if near.is_none() { format!(" ({})", names.join(", ")) } else { String::new() };
        Err(self.wrong(&format!("unknown field {name:?}{}{all}", did_you_mean(near))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_as_written() {
        for (pattern, value, expected) in [
            ("leak", "scenarios/memory-leak", true),
            ("=leak", "memory-leak", false),
            ("=*leak", "memory-leak", true),
            ("mem*eak", "a/memory-leak", true),
            ("=memory", "memory", true),
            ("x*", "abc", false),
        ] {
            assert_eq!(fits(pattern, value), expected, "{pattern} {value}");
        }
    }

    #[test]
    fn filters_nest_and_slips_have_their_place() {
        let text = |text: &str| Filter::Text { field: Field::Id, text: text.to_owned() };
        let not = Filter::Not(Box::new(text("trap")));
        assert_eq!(
            Filter::read("leak & !trap | (a)").unwrap(),
            Filter::Any(vec![Filter::All(vec![text("leak"), not]), text("a")])
        );
        for (bad, message) in [
            ("fautl:x", "character 1: unknown field \"fautl\", did you mean \"fault\"?"),
            ("a & ", "character 5: expected a text"),
            ("(a", "character 3: expected )"),
            ("a) b", "character 2: expected the end, found ')'"),
        ] {
            let error = Filter::read(bad).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }
}
