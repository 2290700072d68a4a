//! Blame who owns the time of traces: excess own time, and gaps between both ends of calls.
//!
//! In: the case's owners of time (`engine/case/waits.rs`). Out: per service its share of all excess
//! time, times how sure that it is no chance; 0..=1. Source: Sigelman et al., "Dapper" (2010);
//! Gan et al., "Sage" (ASPLOS 2021). Limit: only what is traced; an untraced call is own time.

use super::{Build, Case, Method, NoParameters, Parts, Suspicion, certain, evidence};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::Cause;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "owned_time",
    summary: "who owns the excess time of traces: own time, or the gap between client and server",
    help: "A visit's own time is what its calls do not explain. What a client waits beyond what \
           its server needed is the gap; it belongs to the end whose other calls wait too, else to \
           the callee. The share of all excess is the score.",
    source: "Sigelman et al., Dapper, 2010; Gan et al., Sage, ASPLOS 2021",
    example: "{}",
    schema: schema_of::<NoParameters>,
    build,
};

struct OwnedTime;

fn build(spec: &Spec, _: Parts) -> Result<Box<dyn Method + Send>, KindError> {
    let NoParameters {} = spec.read()?;
    Ok(Box::new(OwnedTime))
}

impl Method for OwnedTime {
    fn rank(&mut self, case: &Case<'_>, out: &mut Vec<Suspicion>) {
        let owners = case.owners();
        let all: f64 = owners.values().map(|owned| owned.total_ms()).sum();
        for (entity, owned) in owners {
            let share = owned.total_ms() / all.max(1e-9);
            let score = share * certain(owned.z);
            let [before, now] = owned.grew;
            let gaps = match owned.edges {
                [0, 0] => String::new(),
                [callee, caller] => format!(
                    "; client ends wait longer than servers work on {callee} call(s) to it and \
                     {caller} from it"
                ),
            };
            let text = format!(
                "{} owns {:.0} % of the excess time ({:.1} s itself, {:.1} s of gaps): {before:.0} \
                 ms -> {now:.0} ms{gaps}",
                case.around.topology.name(*entity),
                share * 100.0,
                owned.own_ms / 1e3,
                owned.gap_ms / 1e3,
            );
            let cause = (owned.gap_ms > owned.own_ms && owned.edges[0] > 0 && owned.edges[1] == 0)
                .then_some(Cause::NetworkFault);
            let said = vec![evidence("owned_time", score, owned.since, text)];
            out.push(Suspicion { entity: *entity, cause, score, evidence: said });
        }
    }
}
