//! A sentence -> what it says, or the place where it cannot be read.
//!
//! ```text
//! sentence  = predicate [over N seeds]
//!           | STAT ( METRIC ) RELATION VALUE over N seeds            STAT = pNN | median | mean
//!           | P ( predicate ) RELATION SHARE at SHARE [over N seeds]
//! predicate = not predicate | never HAPPENING
//!           | healed | detected | wrong_action
//!           | METRIC RELATION VALUE
//!           | root_cause RELATION ENTITY [/ CAUSE] [within top N] | cause RELATION CAUSE [...]
//!           | HAPPENING [before INSTANT | after INSTANT | within DURATION | count RELATION N]
//!           | HAPPENING then HAPPENING ...
//! HAPPENING = [action] (VERB | paged | approved | ...) [ENTITY]
//! ```

use super::names::{Metric, metrics};
use super::statement::{
    Form, Happening, Instant, Order, Predicate, Relation, SORTS, Sort, State, Statement, Statistic,
};
use super::token::{Token, tokens};
use crate::catalog::{did_you_mean, nearest};
use crate::model::{Cause, Verb};
use crate::unit::{Name, SimDuration};

/// Most seeds that a probability is tried on when the sentence names none.
const MOST_SEEDS: u64 = 500;
/// Most seeds that a sentence may ask for.
const LIMIT_SEEDS: f64 = 100_000.0;

/// A sentence that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Misread {
    /// Characters before the place.
    pub at: usize,
    /// Characters at fault.
    pub width: usize,
    /// What was expected and what was found.
    pub message: String,
}

const RELATIONS: [(&str, Relation); 7] = [
    ("<", Relation::Less),
    ("<=", Relation::AtMost),
    ("==", Relation::Equal),
    ("=", Relation::Equal),
    ("!=", Relation::Other),
    (">=", Relation::AtLeast),
    (">", Relation::More),
];

const STATES: [(&str, State); 3] = [
    ("healed", State::Healed),
    ("detected", State::Detected),
    ("wrong_action", State::WrongAction),
];

/// Words that may follow something that happens.
const FOLLOW: [&str; 6] = ["before", "after", "within", "count", "then", "over"];

/// Reads a sentence.
///
/// # Errors
/// The first place that cannot be read.
pub fn read(text: &str) -> Result<Statement, Misread> {
    let mut reader = Reader { text, tokens: tokens(text), place: 0, metrics: metrics() };
    let form = reader.sentence()?;
    if reader.peek().is_some() {
        return Err(reader.wrong("the end of the sentence"));
    }
    Ok(Statement { text: text.trim().to_owned(), form })
}

struct Reader<'a> {
    text: &'a str,
    tokens: Vec<Token<'a>>,
    place: usize,
    metrics: Vec<Metric>,
}

type Read<T> = Result<T, Misread>;

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.tokens.get(self.place).map(|token| token.text)
    }

    fn after(&self) -> Option<&'a str> {
        self.tokens.get(self.place + 1).map(|token| token.text)
    }

    fn take(&mut self, text: &str) -> bool {
        let found = self.peek() == Some(text);
        self.place += usize::from(found);
        found
    }

    fn expect(&mut self, text: &str) -> Read<()> {
        if self.take(text) { Ok(()) } else { Err(self.wrong(&format!("{text:?}"))) }
    }

    fn word(&mut self, expected: &str) -> Read<&'a str> {
        match self.tokens.get(self.place) {
            Some(token) if token.word => {
                self.place += 1;
                Ok(token.text)
            }
            _ => Err(self.wrong(expected)),
        }
    }

    /// "expected X, found Y" at the next token.
    fn wrong(&self, expected: &str) -> Misread {
        match self.tokens.get(self.place) {
            Some(token) => Misread {
                at: token.at,
                width: token.text.chars().count(),
                message: format!("expected {expected}, found {:?}", token.text),
            },
            None => Misread {
                at: self.text.trim_end().chars().count(),
                width: 1,
                message: format!("expected {expected}, found the end of the sentence"),
            },
        }
    }

    /// "unknown X Y, did you mean Z?" at the token before.
    fn unknown<'n>(&self, what: &str, valid: impl IntoIterator<Item = &'n str>) -> Misread {
        let token = &self.tokens[self.place - 1];
        let hint = did_you_mean(nearest(token.text, valid));
        Misread {
            at: token.at,
            width: token.text.chars().count(),
            message: format!("unknown {what} {:?}{hint}", token.text),
        }
    }

    fn sentence(&mut self) -> Read<Form> {
        if self.after() == Some("(") {
            return self.statistical();
        }
        let predicate = self.predicate()?;
        Ok(match self.over()? {
            Some(seeds) => Form::Every { predicate, seeds },
            None => Form::Holds(predicate),
        })
    }

    fn statistical(&mut self) -> Read<Form> {
        let name = self.word("p95, median, mean or P")?;
        let statistic = match name {
            "P" => None,
            "mean" => Some(Statistic::Mean),
            "median" => Some(Statistic::Quantile(0.5)),
            other => {
                let digits = other.strip_prefix('p').and_then(|digits| digits.parse::<f64>().ok());
                match digits.filter(|percent| (0.0..=100.0).contains(percent)) {
                    Some(percent) => Some(Statistic::Quantile(percent / 100.0)),
                    None => return Err(self.unknown("statistic", ["p95", "median", "mean", "P"])),
                }
            }
        };
        self.expect("(")?;
        let Some(statistic) = statistic else { return self.probability() };
        let metric = self.metric()?;
        self.expect(")")?;
        let (relation, limit) = (self.relation()?, self.value(&metric)?);
        let seeds = self.over()?.ok_or_else(|| self.wrong("\"over N seeds\""))?;
        Ok(Form::Statistic { statistic, metric, relation, limit, seeds })
    }

    fn probability(&mut self) -> Read<Form> {
        let predicate = self.predicate()?;
        self.expect(")")?;
        let relation = self.relation()?;
        if matches!(relation, Relation::Equal | Relation::Other) {
            self.place -= 1;
            return Err(self.wrong("<= or >= for a probability"));
        }
        let share = self.share()?;
        self.expect("at")?;
        let level = self.share()?;
        if !(0.5..1.0).contains(&level) {
            self.place -= 1;
            return Err(self.wrong("a confidence from 50 % to below 100 %"));
        }
        let seeds = self.over()?.unwrap_or(MOST_SEEDS);
        Ok(Form::Probability { predicate, relation, share, level, seeds })
    }

    fn over(&mut self) -> Read<Option<u64>> {
        if !self.take("over") {
            return Ok(None);
        }
        let seeds = self.number("a number of seeds")?;
        if !(1.0..=LIMIT_SEEDS).contains(&seeds) || seeds.fract() != 0.0 {
            self.place -= 1;
            return Err(self.wrong("a whole number of seeds, at least 1"));
        }
        if !self.take("seeds") {
            self.expect("seed")?;
        }
        Ok(Some(seeds as u64))
    }

    fn predicate(&mut self) -> Read<Predicate> {
        if self.take("not") {
            return Ok(Predicate::Not(Box::new(self.predicate()?)));
        }
        if self.take("never") {
            let what = self.happening()?;
            return Ok(Predicate::Not(Box::new(Predicate::Happens(what))));
        }
        if self.peek() == Some("root_cause") || self.peek() == Some("cause") {
            return self.blames();
        }
        let next = self.peek().unwrap_or_default();
        let follows = self.after().unwrap_or_default();
        let state = STATES.iter().find(|(name, _)| *name == next);
        if let (Some((_, state)), false) = (state, FOLLOW[..5].contains(&follows)) {
            self.place += 1;
            return Ok(Predicate::State(*state));
        }
        if RELATIONS.iter().any(|(sign, _)| *sign == follows) {
            let metric = self.metric()?;
            let (relation, limit) = (self.relation()?, self.value(&metric)?);
            return Ok(Predicate::Number { metric, relation, limit });
        }
        let what = self.happening()?;
        self.follow(what)
    }

    fn follow(&mut self, what: Happening) -> Read<Predicate> {
        if self.take("count") {
            let relation = self.relation()?;
            let limit = self.number("a number")?;
            return Ok(Predicate::Count { what, relation, limit });
        }
        for (word, order) in [("before", Order::Before), ("after", Order::After)] {
            if self.take(word) {
                let instant = self.instant()?;
                return Ok(Predicate::When { what, order, instant });
            }
        }
        if self.take("within") {
            let instant = Instant::AfterFault(self.duration()?);
            return Ok(Predicate::When { what, order: Order::Before, instant });
        }
        if self.peek() != Some("then") {
            return Ok(Predicate::Happens(what));
        }
        let mut order = vec![what];
        while self.take("then") {
            order.push(self.happening()?);
        }
        Ok(Predicate::Sequence(order))
    }

    fn blames(&mut self) -> Read<Predicate> {
        let whole = self.word("root_cause")? == "root_cause";
        let relation = self.relation()?;
        if !matches!(relation, Relation::Equal | Relation::Other) {
            self.place -= 1;
            return Err(self.wrong("== or !="));
        }
        let (mut entity, mut cause) = (None, None);
        if whole {
            entity = Some(Name::from(self.word("the name of a service")?));
        }
        if !whole || self.take("/") {
            let found = self.word("a cause")?;
            let known = Cause::ALL.into_iter().find(|cause| cause.as_str() == found);
            cause =
                Some(known.ok_or_else(|| self.unknown("cause", Cause::ALL.map(Cause::as_str)))?);
        }
        let mut within = 1;
        if self.take("within") {
            self.expect("top")?;
            let top = self.number("a rank")?;
            within = if top >= 1.0 { top as usize } else { 1 };
        }
        let blames = Predicate::Blames { entity, cause, within };
        let other = relation == Relation::Other;
        Ok(if other { Predicate::Not(Box::new(blames)) } else { blames })
    }

    fn happening(&mut self) -> Read<Happening> {
        let verbs = Verb::ALL.map(|verb| (verb.as_str(), verb));
        let sort = if self.take("action") {
            let found = self.word("an action, such as rollback")?;
            let known = verbs.iter().find(|(name, _)| *name == found);
            let known = known.ok_or_else(|| self.unknown("action", verbs.map(|(name, _)| name)))?;
            Sort::Act(known.1)
        } else {
            let found = self.word("a measure, an action or an event")?;
            let sorts = SORTS.iter().copied();
            let mut known = sorts.chain(verbs.map(|(name, verb)| (name, Sort::Act(verb))));
            match known.find(|(name, _)| *name == found) {
                Some((_, sort)) => sort,
                // `detected then paged`: the state as something that happens.
                None if found == "detected" => Sort::Signal,
                None if found == "healed" => Sort::Recovery,
                None => return Err(self.unknown_start(&verbs)),
            }
        };
        let target =
            self.tokens.get(self.place).filter(|token| token.word && !FOLLOW.contains(&token.text));
        let target = target.map(|token| Name::from(token.text));
        self.place += usize::from(target.is_some());
        // A page is an action too: its verb and the word say the same.
        let sort = if sort == Sort::Act(Verb::PageOnCall) { Sort::Page } else { sort };
        Ok(Happening { sort, target })
    }

    fn unknown_start(&self, verbs: &[(&'static str, Verb)]) -> Misread {
        let words = SORTS.iter().map(|(name, _)| *name);
        let verbs = verbs.iter().map(|(name, _)| *name);
        let states = STATES.iter().map(|(name, _)| *name);
        let further = ["root_cause", "cause", "never", "not"];
        let metrics = self.metrics.iter().map(|metric| metric.name.as_str());
        let all = words.chain(verbs).chain(states).chain(further).chain(metrics);
        self.unknown("measure, action or event", all.collect::<Vec<_>>())
    }

    fn metric(&mut self) -> Read<Metric> {
        let found = self.word("the name of a measure")?;
        let known = self.metrics.iter().find(|metric| metric.name == found).cloned();
        known.ok_or_else(|| {
            self.unknown("measure", self.metrics.iter().map(|metric| metric.name.as_str()))
        })
    }

    fn relation(&mut self) -> Read<Relation> {
        let next = self.peek().unwrap_or_default();
        match RELATIONS.iter().find(|(sign, _)| *sign == next) {
            Some((_, relation)) => {
                self.place += 1;
                Ok(*relation)
            }
            None => Err(self.wrong("one of <, <=, ==, !=, >=, >")),
        }
    }

    fn value(&mut self, metric: &Metric) -> Read<f64> {
        if metric.seconds {
            return Ok(self.duration()?.secs_f64());
        }
        let number = self.number("a number")?;
        Ok(if self.take("%") { number / 100.0 } else { number })
    }

    fn share(&mut self) -> Read<f64> {
        let number = self.number("a share, such as 2 %")?;
        let share = if self.take("%") { number / 100.0 } else { number };
        if (0.0..=1.0).contains(&share) {
            return Ok(share);
        }
        self.place -= 1;
        Err(self.wrong("a share from 0 to 1 (write 2 % or 0.02)"))
    }

    fn number(&mut self, expected: &str) -> Read<f64> {
        let found = self.peek().and_then(|text| text.parse::<f64>().ok());
        match found.filter(|number| number.is_finite()) {
            Some(number) => {
                self.place += 1;
                Ok(number)
            }
            None => Err(self.wrong(expected)),
        }
    }

    fn duration(&mut self) -> Read<SimDuration> {
        let found = self.peek().and_then(|text| text.parse::<SimDuration>().ok());
        match found {
            Some(duration) => {
                self.place += 1;
                Ok(duration)
            }
            None => Err(self.wrong("a duration, such as 90s or 5m")),
        }
    }

    fn instant(&mut self) -> Read<Instant> {
        let text = self.peek().unwrap_or_default();
        let found = match text.strip_prefix('+') {
            Some(offset) => offset.parse().ok().map(Instant::AfterFault),
            None => clock(text).map(Instant::Clock),
        };
        match found {
            Some(instant) => {
                self.place += 1;
                Ok(instant)
            }
            None => Err(self.wrong("a time of day, such as 03:00, or +5m after the fault")),
        }
    }
}

/// Seconds from midnight of `HH:MM` or `HH:MM:SS`.
fn clock(text: &str) -> Option<u32> {
    let parts: Vec<&str> = text.split(':').collect();
    let two = |part: &&str| part.len() == 2;
    if !(2..=3).contains(&parts.len()) || !parts.iter().all(two) {
        return None;
    }
    let numbers: Option<Vec<u32>> = parts.iter().map(|part| part.parse().ok()).collect();
    let numbers = numbers?;
    let seconds = numbers.get(2).copied().unwrap_or(0);
    let fits = numbers[0] < 24 && numbers[1] < 60 && seconds < 60;
    fits.then(|| numbers[0] * 3600 + numbers[1] * 60 + seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentences_of_the_docs_are_read_and_kept() {
        for text in [
            "healed",
            "not healed",
            "mttr <= 5m",
            "violations == 0",
            "blast_radius == 0",
            "timing.apply < 10m",
            "root_cause == api-server/bad_deploy within top 1",
            "root_cause != cart",
            "cause == bad_deploy within top 3",
            "never scale_out checkout",
            "never act",
            "paged before 03:00",
            "paged before +5m",
            "page count <= 1",
            "action rollback before 14:40",
            "rollback within 5m",
            "fault then detected then rollback api-server then recovered",
            "violations == 0 over 20 seeds",
            "p95(mttr) <= 8m over 50 seeds",
            "mean(bad_requests) < 1000 over 10 seeds",
            "P(wrong_action) <= 2 % at 95 %",
            "P(not healed) <= 0.05 at 0.9 over 200 seeds",
        ] {
            let read = read(text).unwrap_or_else(|slip| panic!("{text}: {slip:?}"));
            assert_eq!(read.to_string(), text);
        }
    }

    #[test]
    fn what_is_read_is_what_was_said() {
        let form = |text| read(text).unwrap().form;
        let Form::Statistic { statistic, limit, seeds, .. } = form("p95(mttr) <= 8m over 50 seeds")
        else {
            panic!("a statistic")
        };
        assert_eq!((statistic, limit, seeds), (Statistic::Quantile(0.95), 480.0, 50));
        let Form::Probability { share, level, seeds, .. } = form("P(wrong_action) <= 2 % at 95 %")
        else {
            panic!("a probability")
        };
        assert_eq!((share, level, seeds), (0.02, 0.95, MOST_SEEDS));
        let what = Happening { sort: Sort::Page, target: None };
        let instant = Instant::Clock(3 * 3600);
        assert_eq!(
            form("paged before 03:00"),
            Form::Holds(Predicate::When { what, order: Order::Before, instant })
        );
    }

    #[test]
    fn slips_have_their_place_and_the_nearest_name() {
        for (text, at, message) in [
            ("mttrr <= 5m", 0, "unknown measure \"mttrr\", did you mean \"mttr\"?"),
            ("mttr <= 5", 8, "expected a duration, such as 90s or 5m, found \"5\""),
            ("mttr <= ", 7, "expected a duration, such as 90s or 5m, found the end"),
            ("never rolback cart", 6, "did you mean \"rollback\"?"),
            ("cause == bad_depoly", 9, "unknown cause \"bad_depoly\", did you mean \"bad_deploy\""),
            ("paged before 25:00", 13, "expected a time of day"),
            ("p95(mttr) <= 8m", 15, "expected \"over N seeds\""),
            ("P(healed) == 5 % at 95 %", 10, "expected <= or >="),
            ("healed yes", 7, "expected the end of the sentence, found \"yes\""),
            ("heald", 0, "did you mean \"healed\"?"),
            ("P(wrong_action) <= 2 at 95 %", 19, "a share from 0 to 1"),
        ] {
            let slip = read(text).unwrap_err();
            assert_eq!(slip.at, at, "{text}: {slip:?}");
            assert!(slip.message.contains(message), "{text}: {slip:?}");
        }
    }
}
