//! A remediation service that hangs on Alertmanager webhooks, in place of diagnosis, remediation
//! and guardrails.
//!
//! ```text
//! our detection -> alerts -> groups -> POST payload v4 -> the service
//!                                      world <- orders <- action API (`api`)
//! ```
//!
//! In: steps; the inner engine is our own chain without the stages that the service replaces. Out:
//! its signals and incidents, and what the service ordered while a webhook was open: those orders
//! belong to that instant, however long the service took. Calls at any other time count with the
//! next step, which cannot be repeated exactly. Limit: one receiver, one route.

mod alerts;
mod api;
mod groups;
mod http;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use self::alerts::{Alert, Payload};
use self::api::{ActionBody, Api, Order};
use self::groups::Groups;
use super::process::{Pipes, Process, StartError};
use super::protocol::SaidAction;
use super::stopwatch::{Stopwatch, pause};
use super::vet::Vet;
use crate::model::{
    AnswerKind, Decision, Diagnosis, Engine, EngineFailure, EntityKind, Evidence, FailureKind,
    Hypothesis, IncidentChange, Notification, OutsideEngine, Plan, Remark, StepInput, Verdict,
    Webhook, names,
};
use crate::unit::{IncidentId, Name, SimTime};

/// Failures that are passed over; one more ends the service's part.
const MOST_FAILURES: usize = 20;
/// How often a service is started on another port if it ends before it listens.
const STARTS: u32 = 3;

/// Our detection, somebody's remediation.
pub struct WebhookEngine {
    inner: Box<dyn Engine + Send>,
    spec: OutsideEngine,
    webhook: Webhook,
    api: Api,
    service: Option<(Process, SocketAddr)>,
    groups: Groups,
    firing: BTreeMap<u32, Alert>,
    incident: IncidentId,
    vet: Vet,
    failures: usize,
    remarks: Vec<Remark>,
    greeted: bool,
}

impl WebhookEngine {
    /// Starts the service; `inner` is our chain without what it replaces.
    ///
    /// # Errors
    /// If it cannot be started, or no port of the loopback is free.
    pub fn start(spec: &OutsideEngine, inner: Box<dyn Engine + Send>) -> Result<Self, StartError> {
        let command = spec.command.first().cloned().unwrap_or_default();
        let network = |error: std::io::Error| StartError {
            command: command.clone(),
            problem: format!("no port of the loopback: {error}"),
        };
        let api = Api::listen().map_err(network)?;
        let service = launch(spec, &api).map_err(|problem| match problem {
            Launch::Start(error) => error,
            Launch::Port(error) => network(error),
        })?;
        Ok(Self {
            inner,
            spec: spec.clone(),
            webhook: spec.webhook.clone().unwrap_or_default(),
            api,
            service: Some(service),
            groups: Groups::default(),
            firing: BTreeMap::new(),
            incident: IncidentId(1),
            vet: Vet::default(),
            failures: 0,
            remarks: Vec::new(),
            greeted: false,
        })
    }

    fn timeout(&self) -> Duration {
        Duration::from_nanos(u64::try_from(self.spec.timeout.nanos()).unwrap_or_default())
    }

    /// Waits until the service listens.
    fn greet(&mut self) {
        self.greeted = true;
        let (watch, timeout) = (Stopwatch::start(), self.timeout());
        for start in 1..=STARTS {
            let Some((process, address)) = &mut self.service else { return };
            while !process.has_ended() && watch.elapsed() < timeout {
                if TcpStream::connect_timeout(address, watch.left(timeout)).is_ok() {
                    let text = "engine under test: a service behind webhooks, payload version 4";
                    return self.remarks.push(Remark::Note(text.to_owned()));
                }
                pause();
            }
            if watch.elapsed() >= timeout {
                let what = format!("does not listen on $PORT within {}", self.spec.timeout);
                return self.give_up(FailureKind::TimedOut, what);
            }
            // Somebody else may have taken the port: another one, if it ended at once.
            if start < STARTS
                && let Ok(service) = launch(&self.spec, &self.api)
            {
                self.service = Some(service);
            }
        }
        self.crashed("ended before it listened on $PORT");
    }

    fn crashed(&mut self, how: &str) {
        let last = self.service.as_mut().and_then(|(process, _)| {
            process.kill();
            process.last_words()
        });
        let last = last.map(|said| format!("; its last words: {said}")).unwrap_or_default();
        self.give_up(FailureKind::Crashed, format!("{how}{last}"));
    }

    fn give_up(&mut self, kind: FailureKind, detail: String) {
        if let Some((mut process, _)) = self.service.take() {
            process.kill();
            self.remarks.push(Remark::Failure(EngineFailure { kind, detail, fatal: true }));
        }
    }

    fn fail(&mut self, kind: FailureKind, detail: String) {
        self.failures += 1;
        if self.failures > MOST_FAILURES {
            let detail = format!("more than {MOST_FAILURES} failures, the last: {detail}");
            return self.give_up(FailureKind::Runaway, detail);
        }
        self.remarks.push(Remark::Failure(EngineFailure { kind, detail, fatal: false }));
    }

    /// Takes in what our detection said; messages to the team are the service's business.
    fn take_in(&mut self, now: SimTime, said: Vec<Decision>, out: &mut Vec<Decision>) {
        for decision in said {
            match &decision {
                Decision::Anomaly(anomaly) => {
                    let alert = Alert::firing(anomaly);
                    self.groups.put(now, alert.clone(), &self.webhook);
                    self.firing.insert(anomaly.id, alert);
                }
                Decision::Resolved { anomaly, .. } => {
                    if let Some(alert) = self.firing.remove(anomaly) {
                        self.groups.put(now, Alert { ends: Some(now), ..alert }, &self.webhook);
                    }
                }
                Decision::Incident(incident) if incident.change != IncidentChange::Closed => {
                    self.incident = incident.other.unwrap_or(incident.id);
                }
                Decision::Notify(_) => continue,
                _ => {}
            }
            out.push(decision);
        }
    }

    /// Brings what the service can ask for up to date.
    fn update(&self, input: &StepInput<'_>) {
        let mut shared = self.api.lock();
        shared.now = input.now;
        let services = input.topology.iter().filter(|(_, e)| e.kind == EntityKind::Service);
        for (_, entity) in services {
            shared.services.entry(entity.name.clone()).or_default();
        }
        if input.batch.has_frame {
            let pods = input.series.iter().filter(|(_, m)| m.metric == names::DESIRED_PODS);
            for (id, meta) in pods {
                let name = input.topology.name(input.topology.service_of(meta.entity)).clone();
                let wanted = input.batch.frame.get(id).map(|pods| pods.max(0.0) as u32);
                shared.services.insert(name, wanted);
            }
        }
        for outcome in &input.batch.outcomes {
            if let Some(standing) = shared.standings.get_mut(&outcome.action) {
                standing.status = format!("{:?}", outcome.status).to_lowercase();
                standing.detail.clone_from(&outcome.detail);
            }
        }
        for answer in &input.batch.answers {
            let said = match answer.kind {
                AnswerKind::Approved => "approved",
                AnswerKind::Refused => "refused",
                _ => continue,
            };
            if let Some(standing) = shared.standings.get_mut(&answer.action) {
                said.clone_into(&mut standing.status);
            }
        }
    }

    /// Posts what is due, one group after the other.
    fn post(&mut self, now: SimTime) {
        for (labels, alerts) in self.groups.due(now, &self.webhook) {
            let Some((_, address)) = &self.service else { return };
            let payload = Payload::new(&labels, &alerts, &self.api.url(), self.incident);
            let body = serde_json::to_vec(&payload).expect("a payload is plain data");
            let (address, timeout) = (*address, self.timeout());
            let watch = Stopwatch::start();
            match http::post(address, &self.webhook.path, &body, timeout) {
                Ok(202) if self.api.wait_done(watch.left(timeout)) => {}
                Ok(202) => {
                    let limit = self.spec.timeout;
                    let what = format!("answered 202 and did not POST /v1/done within {limit}");
                    self.give_up(FailureKind::TimedOut, what);
                }
                Ok(200..=299) => {}
                Ok(status) => {
                    let what = format!("expected 200 or 202 to a webhook, found {status}");
                    self.fail(FailureKind::WrongReply, what);
                }
                Err(error) if is_late(&error) => {
                    let what = format!("no answer to a webhook within {}", self.spec.timeout);
                    self.give_up(FailureKind::TimedOut, what);
                }
                Err(error) => self.crashed(&format!("did not answer a webhook: {error}")),
            }
        }
    }

    /// What the service ordered, as decisions.
    fn collect(&mut self, now: SimTime, out: &mut Vec<Decision>) {
        let (orders, refused) = {
            let mut shared = self.api.lock();
            (std::mem::take(&mut shared.orders), std::mem::take(&mut shared.refused))
        };
        refused.into_iter().for_each(|why| self.fail(FailureKind::BadDecision, why));
        let mut decisions = Vec::new();
        for order in orders {
            match order {
                Order::Notification(body) => decisions.push(Decision::Notify(Notification {
                    incident: body.incident.unwrap_or(self.incident),
                    action: body.action,
                    text: body.text,
                })),
                Order::Action { id, body, ask } => self.action(id, *body, ask, &mut decisions),
            }
        }
        for decision in decisions {
            match self.vet.check(now, &decision) {
                Ok(()) => out.push(decision),
                Err(problem) => self.fail(FailureKind::BadDecision, problem),
            }
        }
    }

    fn action(
        &self,
        id: crate::unit::ActionId,
        body: ActionBody,
        ask: bool,
        out: &mut Vec<Decision>,
    ) {
        let incident = body.incident.unwrap_or(self.incident);
        let entity: Name = body.target.clone();
        let action = SaidAction {
            id,
            incident,
            target: body.target,
            operation: body.operation,
            risk: body.risk,
            dry_run: body.dry_run,
            reason: body.reason.clone(),
        };
        let action = action.action();
        if let (Some(cause), Some(confidence)) = (body.cause, body.confidence) {
            let method = "engine".to_owned();
            let evidence = Evidence { method, text: body.reason.clone(), weight: 1.0, time: None };
            let hypothesis =
                Hypothesis { entity: entity.clone(), cause, confidence, evidence: vec![evidence] };
            let summary = body.reason;
            let hypotheses = vec![hypothesis];
            out.push(Decision::Diagnosis(Diagnosis { incident, hypotheses, tree: None, summary }));
            let (actions, rejected) = (vec![action.clone()], Vec::new());
            let plan = Plan { incident, entity, cause, confidence, actions, rejected };
            out.push(Decision::Plan(plan));
        }
        out.extend(body.guardrails.into_iter().map(|rail| {
            let (guardrail, ruling, saw, limit) = (rail.name, rail.ruling, rail.saw, rail.limit);
            Decision::Verdict(Verdict { action: id, guardrail, ruling, saw, limit })
        }));
        out.push(if ask { Decision::Ask(action) } else { Decision::Act(action) });
    }
}

impl Engine for WebhookEngine {
    fn step(&mut self, input: &StepInput<'_>, out: &mut Vec<Decision>) {
        if !self.greeted {
            self.greet();
        }
        let mut said = Vec::new();
        self.inner.step(input, &mut said);
        self.take_in(input.now, said, out);
        self.update(input);
        self.post(input.now);
        self.collect(input.now, out);
    }

    fn remarks(&mut self, out: &mut Vec<Remark>) {
        self.inner.remarks(out);
        out.append(&mut self.remarks);
    }

    fn finish(&mut self) {
        self.inner.finish();
        if let Some((mut process, _)) = self.service.take() {
            process.kill();
        }
    }
}

enum Launch {
    Start(StartError),
    Port(std::io::Error),
}

/// Starts the service with a free port in `PORT` and the API's address in `WINDTUNNEL_API`.
fn launch(spec: &OutsideEngine, api: &Api) -> Result<(Process, SocketAddr), Launch> {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(Launch::Port)?;
    let address = free.local_addr().map_err(Launch::Port)?;
    drop(free);
    let mut env = spec.env.clone();
    env.insert("PORT".to_owned(), address.port().to_string());
    env.insert("WINDTUNNEL_API".to_owned(), api.url());
    let process = Process::start(&spec.command, &spec.directory, &env, Pipes::ErrorsOnly)
        .map_err(Launch::Start)?;
    Ok((process, address))
}

fn is_late(error: &std::io::Error) -> bool {
    // A read that times out is `WouldBlock` on Unix and `TimedOut` elsewhere.
    matches!(error.kind(), std::io::ErrorKind::TimedOut | std::io::ErrorKind::WouldBlock)
}
