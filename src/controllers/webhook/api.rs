//! The small action API that a remediation service is given, on loopback, in simulated time.
//!
//! ```text
//! GET  /v1/time              now, simulated
//! GET  /v1/services          names and wanted replicas
//! POST /v1/actions           do it              -> {"id": 1}
//! POST /v1/approvals         ask a person first -> {"id": 1}
//! GET  /v1/actions[/ID]      how it stands
//! POST /v1/notifications     tell the team
//! POST /v1/done              after 202 to a webhook: all orders are given
//! ```
//!
//! In: requests of the service. Out: orders, in the order in which they came. A server thread
//! takes them; the trial collects them when the webhook was answered.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{collections::BTreeMap, thread};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::http::{Asked, answer, read_request};
use crate::model::{Cause, Operation, Risk, Ruling};
use crate::unit::{ActionId, IncidentId, Name, Ratio, SimTime};

/// Orders of one trial; more are refused.
const MOST_ORDERS: u32 = 10_000;
/// How long a service may take to send its request.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a service wants.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Order {
    /// An action, to be done or to be asked for.
    Action { id: ActionId, body: Box<ActionBody>, ask: bool },
    /// A message to the team.
    Notification(NotificationBody),
}

/// The body of `/v1/actions` and `/v1/approvals`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct ActionBody {
    /// The number of an approval that was given; absent: a new action.
    pub(super) id: Option<ActionId>,
    pub(super) target: Name,
    #[serde(flatten)]
    pub(super) operation: Operation,
    pub(super) incident: Option<IncidentId>,
    pub(super) risk: Option<Risk>,
    #[serde(default)]
    pub(super) dry_run: bool,
    #[serde(default)]
    pub(super) reason: String,
    /// What is believed to be wrong with the target; with `confidence` it is a diagnosis.
    pub(super) cause: Option<Cause>,
    pub(super) confidence: Option<Ratio>,
    #[serde(default)]
    pub(super) guardrails: Vec<GuardrailBody>,
}

/// A guardrail's ruling, for the audit log.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GuardrailBody {
    pub(super) name: String,
    pub(super) ruling: Ruling,
    #[serde(default)]
    pub(super) saw: String,
    #[serde(default)]
    pub(super) limit: String,
}

/// The body of `/v1/notifications`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NotificationBody {
    pub(super) incident: Option<IncidentId>,
    pub(super) action: Option<ActionId>,
    pub(super) text: String,
}

/// How an action stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Standing {
    pub(super) id: ActionId,
    pub(super) verb: String,
    pub(super) target: Name,
    pub(super) status: String,
    pub(super) detail: String,
}

/// What the trial and the server share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) now: SimTime,
    pub(super) services: BTreeMap<Name, Option<u32>>,
    pub(super) standings: BTreeMap<ActionId, Standing>,
    pub(super) orders: Vec<Order>,
    pub(super) done: bool,
    /// Requests that made no sense, for the journal.
    pub(super) refused: Vec<String>,
    last: u32,
    closed: bool,
}

/// The server.
#[derive(Debug)]
pub(super) struct Api {
    address: SocketAddr,
    state: Arc<(Mutex<Shared>, Condvar)>,
}

impl Api {
    /// Listens on a free port of the loopback.
    pub(super) fn listen() -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let state = Arc::new((Mutex::new(Shared::default()), Condvar::new()));
        let server = Arc::clone(&state);
        thread::spawn(move || serve(&listener, &server));
        Ok(Self { address, state })
    }

    /// Where it is.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What is shared.
    pub(super) fn lock(&self) -> MutexGuard<'_, Shared> {
        lock(&self.state)
    }

    /// Waits until the service says `done`, for no longer than `patience`. Whether it did.
    pub(super) fn wait_done(&self, patience: Duration) -> bool {
        let waited = self.state.1.wait_timeout_while(self.lock(), patience, |s| !s.done);
        let (mut shared, _) = waited.unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut shared.done)
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        self.lock().closed = true;
        // Wakes the server, which sees that it is to end.
        let _ = TcpStream::connect_timeout(&self.address, PATIENCE);
    }
}

fn lock(state: &(Mutex<Shared>, Condvar)) -> MutexGuard<'_, Shared> {
    state.0.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(listener: &TcpListener, state: &(Mutex<Shared>, Condvar)) {
    for stream in listener.incoming() {
        if lock(state).closed {
            return;
        }
        let Ok(mut stream) = stream else { continue };
        let _ = stream.set_read_timeout(Some(PATIENCE));
        let _ = stream.set_write_timeout(Some(PATIENCE));
        let (status, body) = match read_request(&mut stream) {
            Ok(asked) => {
                let answered = lock(state).take(&asked);
                state.1.notify_all();
                answered
            }
            Err(status) => (status, json!({ "error": "no good HTTP request" })),
        };
        let _ = answer(&mut stream, status, &body.to_string());
    }
}

impl Shared {
    /// Answers one request: status and document.
    fn take(&mut self, asked: &Asked) -> (u16, Value) {
        let path: Vec<&str> = asked.path.trim_matches('/').split('/').collect();
        match (asked.method.as_str(), path.as_slice()) {
            ("GET", ["v1", "time"]) => (200, json!({ "time": self.now })),
            ("GET", ["v1", "services"]) => {
                let all = self.services.iter();
                (200, all.map(|(name, n)| json!({ "name": name, "replicas": n })).collect())
            }
            ("GET", ["v1", "actions"]) => (200, json!(self.standings.values().collect::<Vec<_>>())),
            ("GET", ["v1", "actions", id]) => {
                let found = id.parse().ok().and_then(|id| self.standings.get(&ActionId(id)));
                found.map_or_else(
                    || (404, json!({ "error": format!("there is no action {id}") })),
                    |standing| (200, json!(standing)),
                )
            }
            ("POST", ["v1", "actions"]) => self.action(&asked.body, false),
            ("POST", ["v1", "approvals"]) => self.action(&asked.body, true),
            ("POST", ["v1", "notifications"]) => match serde_json::from_slice(&asked.body) {
                Ok(body) => {
                    self.orders.push(Order::Notification(body));
                    (202, json!({}))
                }
                Err(error) => self.refuse(format!("notification: {error}")),
            },
            ("POST", ["v1", "done"]) => {
                self.done = true;
                (200, json!({}))
            }
            (method @ ("GET" | "POST"), _) => {
                (404, json!({ "error": format!("there is no {method} {}", asked.path) }))
            }
            (method, _) => {
                (405, json!({ "error": format!("expected GET or POST, found {method}") }))
            }
        }
    }

    fn action(&mut self, body: &[u8], ask: bool) -> (u16, Value) {
        let body: ActionBody = match serde_json::from_slice(body) {
            Ok(body) => body,
            Err(error) => return self.refuse(format!("action: {error}")),
        };
        if self.last >= MOST_ORDERS {
            return self.refuse(format!("more than {MOST_ORDERS} actions"));
        }
        let id = match body.id {
            Some(id) if !self.standings.contains_key(&id) => {
                return self.refuse(format!("action {} was never asked for", id.0));
            }
            Some(id) => id,
            None => {
                self.last += 1;
                ActionId(self.last)
            }
        };
        let status = if ask { "asked" } else { "accepted" }.to_owned();
        let (verb, target) = (body.operation.verb().to_string(), body.target.clone());
        let detail = String::new();
        self.standings.insert(id, Standing { id, verb, target, status, detail });
        self.orders.push(Order::Action { id, body: Box::new(body), ask });
        (202, json!({ "id": id }))
    }

    fn refuse(&mut self, why: String) -> (u16, Value) {
        let answer = json!({ "error": why });
        self.refused.push(why);
        (400, answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(shared: &mut Shared, method: &str, path: &str, body: &str) -> (u16, Value) {
        let (method, path, body) = (method.to_owned(), path.to_owned(), body.as_bytes().to_vec());
        shared.take(&Asked { method, path, body })
    }

    #[test]
    fn actions_are_numbered_and_nonsense_is_refused_with_a_reason() {
        let mut shared = Shared::default();
        let restart = r#"{"verb":"restart","target":"cart"}"#;
        assert_eq!(ask(&mut shared, "POST", "/v1/actions", restart), (202, json!({ "id": 1 })));
        assert_eq!(ask(&mut shared, "POST", "/v1/approvals", restart), (202, json!({ "id": 2 })));
        let approved = r#"{"id":2,"verb":"restart","target":"cart"}"#;
        assert_eq!(ask(&mut shared, "POST", "/v1/actions", approved).1, json!({ "id": 2 }));
        assert_eq!(shared.orders.len(), 3);
        let (status, answer) = ask(&mut shared, "POST", "/v1/actions", r#"{"verb":"restrat"}"#);
        assert!(status == 400 && answer["error"].is_string(), "{answer}");
        assert_eq!(
            ask(&mut shared, "POST", "/v1/actions", r#"{"id":9,"verb":"restart","target":"a"}"#).0,
            400
        );
        assert_eq!(shared.refused.len(), 2);
        assert_eq!(ask(&mut shared, "GET", "/v1/actions/1", "").1["status"], "accepted");
        assert_eq!(ask(&mut shared, "GET", "/v1/actions/7", "").0, 404);
        assert_eq!(ask(&mut shared, "DELETE", "/v1/actions/1", "").0, 405);
    }
}
