//! Small, ordered, typed identifiers.
//!
//! Dense ids (`EntityId`, `SeriesId`) index the columns of one timeline and mean nothing outside
//! it; sequential ids (`IncidentId`, `ActionId`) count what one engine opened, from 1.

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize,
            Deserialize, schemars::JsonSchema,
        )]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl $name {
            /// The id as an index into a dense column.
            #[must_use]
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }
    };
}

id!(
    /// An entity of a topology: a service, replica, node, zone or external dependency.
    EntityId,
    "entity-"
);
id!(
    /// One column of the dense frames of a timeline.
    SeriesId,
    "series-"
);
id!(
    /// An incident as one engine numbered it, from 1.
    IncidentId,
    "incident-"
);
id!(
    /// An action as one engine numbered it, from 1.
    ActionId,
    "action-"
);
