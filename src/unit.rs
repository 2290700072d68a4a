//! Quantities: time, ids and ratios that refuse bad values at the door.
//!
//! Owns the types that every other room counts with. Imports nothing of this crate.

mod hours;
mod id;
mod name;
mod ratio;
mod time;

pub use hours::{Day, Hours, HoursError};
pub use id::{ActionId, EntityId, IncidentId, SeriesId};
pub use name::Name;
pub use ratio::{Ratio, RatioError};
pub use time::{SimDuration, SimTime, TimeError, Window};
