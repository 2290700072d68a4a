//! Files on disk -> a checked experiment; all problems at once, with line and column.
//!
//! Text becomes a tree that knows its places (`yaml`), the tree is held against the schema of our
//! own types (`shape`) and against the catalogs (`kinds`), and only then becomes a type. Whoever
//! reads a file gets either a checked value or every problem (`diagnostic`), sorted.

pub mod diagnostic;
pub mod shape;
pub mod yaml;
