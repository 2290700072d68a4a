//! Open incidents: opened, grown, merged, split and closed as anomalies come and go.

use crate::engine::correlate::Correlator;
use crate::model::{Decision, Event, Incident, StepInput};
use crate::unit::IncidentId;

/// Incidents that are open.
pub struct Incidents {
    correlators: Vec<Box<dyn Correlator + Send>>,
    open: Vec<Incident>,
}

impl Incidents {
    /// No incident yet.
    #[must_use]
    pub fn new(correlators: Vec<Box<dyn Correlator + Send>>) -> Self {
        Self { correlators, open: Vec::new() }
    }

    /// Takes in what the alarm gate said in this step (`Anomaly` and `Resolved`; other decisions
    /// are ignored) and the step's changes (from `input.batch.events`), and appends
    /// `Decision::Incident`s. Call it at every step.
    pub fn step(&mut self, input: &StepInput<'_>, gate: &[Decision], out: &mut Vec<Decision>) {
        let _ = (input, gate, out, &self.correlators);
    }

    /// Open incidents, oldest first.
    pub fn open(&self) -> impl Iterator<Item = &Incident> {
        self.open.iter()
    }

    /// An open incident.
    #[must_use]
    pub fn get(&self, id: IncidentId) -> Option<&Incident> {
        self.open.iter().find(|incident| incident.id == id)
    }

    /// Ids of the incident's anomalies that are not over.
    #[must_use]
    pub fn active(&self, id: IncidentId) -> Vec<u32> {
        let _ = id;
        Vec::new()
    }

    /// Changes of the lookback, oldest first.
    pub fn recent_changes(&self) -> impl Iterator<Item = &Event> {
        std::iter::empty()
    }
}
