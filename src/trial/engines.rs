//! Policy -> the system under test, whoever wrote it: where the engine's wing and the controllers'
//! wing are put together.

use std::sync::{Arc, Mutex};

use crate::catalog::KindError;
use crate::controllers::{OutsideStages, StartError, Subprocess, WebhookEngine};
use crate::engine;
use crate::model::{Engine, Policy};

/// Why there is no engine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// A kind or its parameters are wrong.
    #[error(transparent)]
    Kind(#[from] KindError),
    /// A command cannot be started.
    #[error(transparent)]
    Start(#[from] StartError),
}

/// The engine that a policy describes, ready for one trial. A command is started here and ends
/// with the trial, or when the engine is dropped.
///
/// # Errors
/// Every problem.
pub fn build_engine(
    policy: &Policy,
    seed: u64,
) -> Result<Box<dyn Engine + Send>, Vec<EngineError>> {
    let ours = |substitute| {
        engine::build_with(policy, seed, substitute)
            .map_err(|all| all.into_iter().map(EngineError::from).collect::<Vec<_>>())
    };
    let start = |error: StartError| vec![EngineError::from(error)];
    match &policy.engine {
        None => ours(None),
        Some(spec) if spec.webhook.is_some() => {
            let inner = ours(None)?;
            Ok(Box::new(WebhookEngine::start(spec, inner).map_err(start)?))
        }
        Some(spec) if spec.is_whole() => {
            Ok(Box::new(Subprocess::start(spec, seed).map_err(start)?))
        }
        Some(spec) => {
            let stages = OutsideStages::start(spec, seed).map_err(start)?;
            ours(Some(Arc::new(Mutex::new(stages))))
        }
    }
}
