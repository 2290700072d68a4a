//! Test doubles: a world that ticks and obeys, and an engine that says its lines.

use crate::model::*;
use crate::unit::*;
use crate::world::{World, WorldError};

/// Visible every 10 s: one frame with one series, one event. Applies everything at the next tick.
pub(crate) struct ScriptedWorld {
    times: Vec<SimTime>,
    place: usize,
    topology: Topology,
    series: SeriesCatalog,
    record: WorldRecord,
    pending: Vec<ActionId>,
    pub(crate) truth: Option<Truth>,
}

impl ScriptedWorld {
    /// A world of so many ticks, 10 s apart.
    pub(crate) fn new(ticks: i64) -> Self {
        Self::at(&(0..ticks).map(|t| t * 10).collect::<Vec<_>>())
    }

    /// A world that is visible at these seconds.
    pub(crate) fn at(secs: &[i64]) -> Self {
        let (mut topology, mut series) = (Topology::default(), SeriesCatalog::default());
        let web = topology.service("a");
        let meta = SeriesMeta::gauge(web, names::ERROR_RATIO, "1");
        series.add(meta).expect("the first series");
        Self {
            times: secs.iter().map(|s| SimTime::from_secs(*s)).collect(),
            place: 0,
            topology,
            series,
            record: WorldRecord::default(),
            pending: Vec::new(),
            truth: None,
        }
    }
}

impl World for ScriptedWorld {
    fn window(&self) -> Window {
        let last = self.times.iter().max().copied().unwrap_or_default();
        Window { start: self.times[0], end: last + SimDuration::from_secs(10) }
    }
    fn topology(&self) -> &Topology {
        &self.topology
    }
    fn series(&self) -> &SeriesCatalog {
        &self.series
    }
    fn next(&mut self) -> Option<SimTime> {
        self.times.get(self.place).copied()
    }
    fn advance(&mut self, to: SimTime, batch: &mut Batch) -> Result<(), WorldError> {
        batch.frame.reset(to, 1);
        batch.frame.values[0] = self.place as f64;
        batch.has_frame = true;
        batch.events.push(Event::new(to, EventKind::Kubernetes, None, "Pulled"));
        batch.outcomes.extend(self.pending.drain(..).map(|action| Outcome {
            action,
            time: to,
            status: OutcomeStatus::Applied,
            detail: String::new(),
        }));
        self.place += 1;
        Ok(())
    }
    fn apply(&mut self, _: SimTime, action: &Action) {
        self.pending.push(action.id);
    }
    fn ask(&mut self, _: SimTime, _: &Action) {}
    fn truth(&self) -> Option<Truth> {
        self.truth.clone()
    }
    fn record(&self) -> &WorldRecord {
        &self.record
    }
}

/// Says what its script holds for an instant, in seconds.
pub(crate) struct ScriptedEngine {
    script: Vec<(SimTime, Vec<Decision>)>,
}

impl ScriptedEngine {
    pub(crate) fn new(script: &[(i64, Vec<Decision>)]) -> Self {
        let line = |(secs, said): &(i64, Vec<Decision>)| (SimTime::from_secs(*secs), said.clone());
        Self { script: script.iter().map(line).collect() }
    }
}

impl Engine for ScriptedEngine {
    fn step(&mut self, input: &StepInput<'_>, out: &mut Vec<Decision>) {
        let due = self.script.iter().filter(|(time, _)| *time == input.now);
        out.extend(due.flat_map(|(_, said)| said.iter().cloned()));
    }
}

/// A restart of `target` for incident 1.
pub(crate) fn act(id: u32, target: &str) -> Decision {
    Decision::Act(Action {
        id: ActionId(id),
        incident: IncidentId(1),
        target: Name::from(target),
        operation: Operation::Restart,
        risk: Risk::Reversible,
        dry_run: false,
        reason: "script".to_owned(),
    })
}

/// An allowing verdict on action `id`.
pub(crate) fn verdict(id: u32) -> Decision {
    Decision::Verdict(Verdict {
        action: ActionId(id),
        guardrail: "all".to_owned(),
        ruling: Ruling::Allow,
        saw: String::new(),
        limit: String::new(),
    })
}
