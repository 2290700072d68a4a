//! Order and chance: the event queue and the named random streams. Knows no service.

mod gauss;
mod queue;
mod radix;
mod streams;

pub use gauss::Gauss;
pub use queue::{EventBudgetSpent, EventKey, Queue};
pub use streams::{Lane, Stream, Streams, Tick, normal_quantile, uniform};
