//! What would tell the best hypothesis from the runner-up: an observation, not an argument.
//!
//! In: a case, both suspects, and the cause of the best. Out: one sentence. A change can be undone
//! and looked at; of a caller and its callee the time and failures of the callee's other callers,
//! or of the callee itself, say whose the trouble is; suspects without a path between them part
//! when one of them is mended. Source: discriminating tests after de Kleer and Williams,
//! "Diagnosing multiple faults" (1987). Limit: the map's calls only; nobody makes the observation.

use super::Case;
use crate::model::{Cause, EntityKind};
use crate::unit::EntityId;

/// The sentence.
pub(super) fn tell(case: &Case<'_>, best: EntityId, cause: Cause, second: EntityId) -> String {
    let topology = case.around.topology;
    let (best_name, second_name) = (topology.name(best), topology.name(second));
    if matches!(cause, Cause::BadDeploy | Cause::ConfigDrift) {
        return format!(
            "undo the change of {best_name}: {second_name} recovers with it, or is to blame itself"
        );
    }
    let calls = |from: EntityId, to: EntityId| topology.callees(from).any(|callee| callee == to);
    let (caller, callee) = match (calls(best, second), calls(second, best)) {
        (true, false) => (best, second),
        (false, true) => (second, best),
        _ => {
            return format!(
                "no call joins them alone: with {best_name} mended {second_name} recovers, or \
                 there are two troubles"
            );
        }
    };
    let other = topology.callers(callee).find(|other| *other != caller && *other != callee);
    let (caller_name, callee_name) = (topology.name(caller), topology.name(callee));
    match other {
        Some(other) => format!(
            "look at {}, which calls {callee_name} too: if it suffers as well, it is \
             {callee_name}, else {caller_name}",
            topology.name(other)
        ),
        None if topology.get(callee).kind == EntityKind::External => format!(
            "ask for {callee_name}'s own account of the calls: only {caller_name} sees it from here"
        ),
        None => format!(
            "compare both ends of the calls: what {callee_name} itself does not need is \
             {caller_name}'s or the network's"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::case_fixture::Shop;
    use super::*;

    #[track_caller]
    fn check(best: &str, cause: Cause, second: &str, expected: &str) {
        let shop = Shop::new();
        let id = |name: &str| shop.topology().find(name).unwrap();
        let told = shop.with_case(|case| tell(case, id(best), cause, id(second)));
        assert!(told.contains(expected), "{told}");
    }

    #[test]
    fn the_observation_follows_from_how_they_are_joined() {
        check("cart", Cause::BadDeploy, "web", "undo the change of cart");
        check("db", Cause::Unknown, "cart", "what db itself does not need is cart's");
        check("cart", Cause::Unknown, "db", "what db itself does not need is cart's");
        check("ads", Cause::CodeDefect, "db", "no call joins them alone");
    }
}
