//! When the error budget is spent, the engine no longer experiments on its own.
//!
//! In: requests and failures where users come in, over a rolling window. Out: a request for
//! approval (or a denial) once more than `max_spent` of the window's budget is gone. Unit: share of
//! the budget; the budget is (1 - objective) of the window's requests. Source: Beyer et al., Site
//! Reliability Engineering, ch. 3 (error budgets gate change). Limit: reads only what the history
//! holds; without traffic metrics it allows and says so.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, Finding, Guardrail, Request, allow_if};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{EntityKind, Risk, Ruling, names};
use crate::unit::{EntityId, Ratio, SimDuration};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "error_budget",
    summary: "ask a person once the error budget of a window is spent",
    help: "Sums requests and failures of the services that nobody calls over the window. Actions \
           below the class `from` pass: a remedy that can be taken back is how a budget is saved.",
    source: "Beyer et al., Site Reliability Engineering, 2016, ch. 3",
    example: "{ objective: 0.99, window: 1h, max_spent: 5, from: reversible }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Share of requests that must be good, 0..=1.
    objective: Ratio,
    /// Length of the rolling window.
    window: SimDuration,
    /// Share of the window's budget that may be spent; above 1 is overspent.
    max_spent: f64,
    /// Lowest risk class that is held up.
    from: Risk,
    /// Deny instead of asking a person.
    deny: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            objective: Ratio::clamped(0.99),
            window: SimDuration::from_secs(3600),
            max_spent: 1.0,
            from: Risk::Risky,
            deny: false,
        }
    }
}

struct ErrorBudget(Config);

fn build(spec: &Spec) -> Result<Box<dyn Guardrail + Send>, KindError> {
    Ok(Box::new(ErrorBudget(spec.read()?)))
}

impl Guardrail for ErrorBudget {
    fn check(&self, request: &Request<'_>) -> Finding {
        let Config { objective, window, max_spent, from, deny } = &self.0;
        let limit = format!("at most {max_spent} of the budget of {window}, from {from:?} on");
        let limit = limit.to_lowercase();
        let Some(bad) = bad_share(request, *window) else {
            let saw = "no traffic metrics where users come in".to_owned();
            return Finding { ruling: Ruling::Allow, saw, limit };
        };
        let spent = bad / (1.0 - objective.get()).max(1e-9);
        let held = spent > *max_spent && request.action.risk >= *from;
        let otherwise = if *deny { Ruling::Deny } else { Ruling::NeedsApproval };
        Finding {
            ruling: allow_if(!held, otherwise),
            saw: format!("{spent:.1} of the error budget spent"),
            limit,
        }
    }
}

/// Failed share of the requests where users come in, within the window.
fn bad_share(request: &Request<'_>, window: SimDuration) -> Option<f64> {
    let around = &request.around;
    let history = around.history;
    let from = history.position(request.now - window);
    let entry = |id: EntityId| {
        let map = around.topology;
        let is_service = map.get(id).kind == EntityKind::Service;
        is_service && !map.has_callers(id) && map.callees(id).next().is_some()
    };
    let (mut requests, mut failed) = (0.0, 0.0);
    for (rate_id, meta) in around.series.iter().filter(|(_, m)| m.metric == names::REQUEST_RATE) {
        if !entry(meta.entity) {
            continue;
        }
        let ratio = around.series.iter().find(|(_, m)| {
            m.metric == names::ERROR_RATIO && m.entity == meta.entity && m.labels == meta.labels
        });
        let Some((ratio_id, _)) = ratio else { continue };
        let rates = history.column(rate_id).range(from..);
        for (rate, ratio) in rates.zip(history.column(ratio_id).range(from..)) {
            if rate.is_finite() && ratio.is_finite() {
                requests += rate;
                failed += rate * ratio;
            }
        }
    }
    (requests > 0.0).then(|| failed / requests)
}
