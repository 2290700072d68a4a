//! Order and chance: the event queue and the named random streams. Knows no service.

mod queue;
mod radix;
mod streams;

pub use queue::{EventBudgetSpent, EventKey, Queue};
pub use streams::{Stream, Streams, normal_quantile};
