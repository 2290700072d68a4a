//! Wake a person with the whole story.
//!
//! In: a hypothesis. Out: a page about its entity. The pipeline fills in the story as it stands
//! when the page goes out. Source: PagerDuty-like paging; the article's page with root cause.
//! Limit: heals nothing by itself.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, NotApplicable, Patient, Prescription, Remedy};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{Operation, Risk, Verb};
use crate::unit::SimDuration;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "page_on_call",
    summary: "wake the person on call with the whole story",
    help: "Always applies and passes every guardrail. The page carries the ranked causes with \
           confidence and evidence, the causal tree, and what was done so far with its result.",
    source: "incident response practice (Beyer et al., Site Reliability Engineering, ch. 14)",
    example: "{ with_previous: true }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Belongs to the plan of the remedy before it, instead of being an alternative to it.
    with_previous: bool,
}

struct PageOnCall(Config);

fn build(spec: &Spec) -> Result<Box<dyn Remedy + Send>, KindError> {
    Ok(Box::new(PageOnCall(spec.read()?)))
}

impl Remedy for PageOnCall {
    fn verb(&self) -> Verb {
        Verb::PageOnCall
    }

    fn with_previous(&self) -> bool {
        self.0.with_previous
    }

    fn prescribe(&self, patient: &Patient<'_>) -> Result<Prescription, NotApplicable> {
        Ok(Prescription {
            target: patient.hypothesis.entity.clone(),
            operation: Operation::PageOnCall { summary: String::new() },
            risk: Risk::Safe,
            expected: "a person takes over, knowing what is known".to_owned(),
            settle: SimDuration::ZERO,
            undo: None,
            complete: None,
            check: None,
        })
    }
}
