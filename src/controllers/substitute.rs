//! Single stages of our chain in somebody else's process.
//!
//! In: steps, and questions about an incident, a diagnosis or an action. Out: the stage's answer,
//! with its names checked. Steps always come, so that the process can remember what it saw; only a
//! substitute for detection answers them with readings. A reply that makes no sense is a failure
//! and counts as none.

use super::process::StartError;
use super::protocol::{
    DiagnoseRequest, DiagnosisReply, GuardRequest, RemediateRequest, RemediationReply, Request,
    RulingReply,
};
use super::subprocess::Talk;
use super::translate::diagnosis;
use crate::model::{
    Diagnosis, FailureKind, Incident, Order, OutsideEngine, Proposal, Reading, Remark, Ruled,
    Stage, StepInput, Substitute, Topology,
};
use crate::unit::SimTime;

/// Stages behind a pipe.
#[derive(Debug)]
pub struct OutsideStages {
    talk: Talk,
    stages: Vec<Stage>,
    topology: Topology,
}

impl OutsideStages {
    /// Starts the command of a policy.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(spec: &OutsideEngine, seed: u64) -> Result<Self, StartError> {
        let (talk, topology) = (Talk::start(spec, seed)?, Topology::default());
        Ok(Self { talk, stages: spec.stages.clone(), topology })
    }

    /// The talk, for whoever checks it.
    pub(super) fn talk(&mut self) -> &mut Talk {
        &mut self.talk
    }

    fn bad<T>(&mut self, problem: String) -> Option<T> {
        self.talk.link.fail(FailureKind::BadDecision, problem);
        None
    }
}

impl Substitute for OutsideStages {
    fn supplies(&self, stage: Stage) -> bool {
        self.stages.contains(&stage)
    }

    fn observe(&mut self, input: &StepInput<'_>) -> Vec<Reading> {
        if self.topology.len() != input.topology.len() {
            self.topology = input.topology.clone();
        }
        let readings = self.talk.step(input).map(|reply| reply.readings).unwrap_or_default();
        if !self.supplies(Stage::Detect) {
            return Vec::new();
        }
        let mut good = Vec::new();
        for reading in readings {
            let named = std::iter::once(&reading.entity).chain(&reading.instance);
            let unknown = named.filter_map(|name| input.topology.find(name).err()).next();
            if let Some(error) = unknown {
                self.bad::<()>(format!("reading {:?}: {error}", reading.signal));
            } else if !reading.score.is_finite() || reading.since.is_some_and(|s| s > input.now) {
                let what = "expected a number as score and a time that has come";
                self.bad::<()>(format!("reading {:?}: {what}", reading.signal));
            } else {
                good.push(reading);
            }
        }
        good
    }

    fn diagnose(&mut self, now: SimTime, incident: &Incident) -> Option<Diagnosis> {
        let (seq, incident) = (self.talk.link.seq(), incident.clone());
        let id = incident.id;
        let request = Request::Diagnose(DiagnoseRequest { seq, time: now, incident });
        let reply: DiagnosisReply = self.talk.link.ask(&request)?;
        match diagnosis(&self.topology, id, reply.diagnosis) {
            Ok(diagnosis) => Some(diagnosis),
            Err(problem) => self.bad(problem),
        }
    }

    fn remediate(
        &mut self,
        now: SimTime,
        incident: &Incident,
        diagnosis: &Diagnosis,
    ) -> Option<Vec<Order>> {
        let seq = self.talk.link.seq();
        let (incident, diagnosis) = (incident.clone(), diagnosis.clone());
        let request = RemediateRequest { seq, time: now, incident, diagnosis };
        let reply: RemediationReply = self.talk.link.ask(&Request::Remediate(request))?;
        Some(reply.actions)
    }

    fn rule(&mut self, now: SimTime, proposal: &Proposal) -> Option<Ruled> {
        let (seq, proposal) = (self.talk.link.seq(), proposal.clone());
        let request = Request::Guard(GuardRequest { seq, time: now, proposal });
        let reply: RulingReply = self.talk.link.ask(&request)?;
        Some(reply.verdict)
    }

    fn remarks(&mut self, out: &mut Vec<Remark>) {
        self.talk.link.remarks(out);
    }

    fn finish(&mut self) {
        self.talk.bye();
    }
}
