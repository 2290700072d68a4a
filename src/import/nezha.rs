//! Nezha: metrics, logs and traces of two microservice systems with injected faults.
//!
//! In: the folder with `faults.csv` and `SYSTEM/DATE/{metric,trace,log,normal}`. Out: a case per
//! fault: the history before it and what follows, one minute between samples. Labels reach the
//! truth only; the service map comes from call edges of the data. Source: Yu et al., "Nezha",
//! ESEC/FSE 2023. Known limits: spans and logs exist around faults and in one fault-free minute
//! only; where that minute is not in the history it is moved to just before it, said in the notes.

mod case;
mod day;
mod faults;
mod metrics;
mod minutes;

use serde::Deserialize;

use super::{Build, ImportError, Request, Summary, write_cases};
use crate::catalog::{Entry, schema_of};
use crate::timeline::DatasetMeta;
use crate::unit::SimDuration;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "nezha",
    summary: "Nezha: metrics, logs and traces of Online Boutique and TrainTicket with faults",
    help: "SOURCE is the folder with faults.csv and SYSTEM/DATE/metric, trace, log, normal. Each \
           fault becomes a case: `history` before the injection, then the minute of injection \
           and `after`. Windows of earlier faults are marked to be ignored. The success rate of \
           pods (always 0) is left out; latencies of 0 s say that there was no request.",
    source: "Yu et al., \"Nezha: Interpretable Fine-Grained Root Causes Analysis\", ESEC/FSE 2023",
    example: "{ history: 30m, after: 3m }",
    schema: schema_of::<Config>,
    build,
};

const MINUTE: SimDuration = SimDuration::from_secs(60);

/// Parameters.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// How much is kept before the injection.
    history: SimDuration,
    /// How much is kept after the minute of injection.
    after: SimDuration,
    /// Also make a case without fault of each day's end: nothing should be alarmed.
    normal_cases: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { history: MINUTE * 60, after: MINUTE * 3, normal_cases: false }
    }
}

fn build(request: &mut Request<'_>) -> Result<Summary, ImportError> {
    let config: Config = request.config("nezha")?;
    let faults = faults::read(&request.source.join("faults.csv"))?;
    let days = day::read_all(request.source, &faults)?;
    let origin = "https://github.com/IntelligentDDS/Nezha";
    let mut meta = DatasetMeta::recorded("nezha", origin, "MIT", MINUTE);
    meta.notes = vec![
        "metrics are placed at the scrape of their minute; a pod's success rate is left out".into(),
        "a latency of 0 s says that there was no request, and is left out".into(),
        "a fault counts as 3 minutes long; labels may be off by -120 s to +60 s".into(),
    ];
    let dataset = request.dataset(meta)?;
    let cases = case::plan(&days, &config);
    let mut summary = write_cases(
        request,
        &cases,
        |case| &case.name,
        |case| case.gather()?.write(&dataset, &case.name),
    )?;
    dataset.finish()?;
    for day in &days {
        day.tell(&mut summary);
    }
    Ok(summary)
}
