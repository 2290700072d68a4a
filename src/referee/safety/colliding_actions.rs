//! Two things were done to one target at the same time.
//!
//! Definition: a deed of the engine overlaps in time with another deed, its own or a person's, on
//! the same target; with `dependants` also on a direct caller or callee of it. One that never ended
//! lasts to the end of the trial; one that a newer deed cut short collided with it. Needs the
//! world's record.

use serde::{Deserialize, Serialize};

use super::{Build, Check, Violation, built, by_deed, engine_deeds};
use crate::catalog::{Entry, schema_of};
use crate::model::Deed;
use crate::referee::case::Case;
use crate::unit::{Name, Window};

/// What `list` and `explain` say.
pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "colliding_actions",
    summary: "two deeds on one target overlapped in time",
    help: "Deeds of people count as the other side, never as the offender.\n\
           Passes: fleet 20; 0-60 deed 1 a 1; 60-90 deed 2 a 1\n\
           Fails: fleet 20; 0-60 deed 1 a 1; 59-90 deed 2 a 1",
    source: "design rule",
    example: "{ dependants: false }",
    schema: schema_of::<Config>,
    build: built::<Config>,
};

/// What collides.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Deeds on direct callers and callees of the target collide too.
    pub dependants: bool,
}

impl Check for Config {
    fn check(&self, case: &Case<'_>) -> Result<Vec<Violation>, &'static str> {
        let last = case.evidence.window.end;
        let span = |d: &Deed| Window { start: d.began, end: d.ended.unwrap_or(last) };
        let mine = engine_deeds(case)?;
        let all = &case.evidence.record.deeds;
        let mut found = Vec::new();
        for deed in mine {
            let other = all.iter().find(|o| {
                let before = (o.began, o.action) < (deed.began, deed.action)
                    || (o.action.is_none() && o.began <= deed.began);
                let near = o.target == deed.target
                    || self.dependants && neighbours(case, &o.target, &deed.target);
                let cut_short =
                    !o.complete && o.ended == Some(deed.began) && o.target == deed.target;
                before && near && (cut_short || span(o).overlaps(&span(deed)))
            });
            if let Some(other) = other {
                let saw = format!("{} during {} since {}", deed.verb, other.verb, other.began);
                found.push(by_deed(deed, saw, "one deed at a time per target".to_owned()));
            }
        }
        Ok(found)
    }
}

fn neighbours(case: &Case<'_>, one: &Name, other: &Name) -> bool {
    let Some(map) = case.evidence.topology else { return false };
    let (Ok(one), Ok(other)) = (map.find(one), map.find(other)) else { return false };
    map.callees(one).chain(map.callers(one)).any(|near| near == other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::referee::sketch::Sketch;

    #[test]
    fn only_overlap_on_one_target_collides() {
        let check = |sketch: Sketch| sketch.breaches(&Config::default());
        let base = || Sketch::default().fleet(20).deed(0, 60, 1, "a", 1);
        assert_eq!(check(base().deed(60, 90, 2, "a", 1)), 0);
        assert_eq!(check(base().deed(59, 90, 2, "a", 1)), 1);
        assert_eq!(check(base().deed(30, 90, 2, "b", 1)), 0);
        let mut cut = base().deed(60, 90, 2, "a", 1);
        cut.record.deeds[0].complete = false;
        assert_eq!(check(cut), 1, "a newer rollout supersedes an older one");
        let near = Config { dependants: true };
        let calls = |sketch: Sketch| sketch.calls(&[("a", "b")]).breaches(&near);
        assert_eq!(calls(base().deed(30, 90, 2, "b", 1)), 1);
        assert_eq!(calls(base().deed(30, 90, 2, "c", 1)), 0);
        let mut person = base().deed(30, 90, 2, "a", 1);
        person.record.deeds[1].action = None;
        assert_eq!(check(person), 0, "a person who came later is not the engine's fault");
    }
}
