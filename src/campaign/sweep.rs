//! Many settings of many scenarios: plan, run in parts, merge.
//!
//! ```text
//! corpus, axes --plan--> Plan --units--> rows --parts--> Parquet --merge--> one result
//! ```
//!
//! A part has the same bytes wherever it was made, so that the merged result of many machines is
//! that of one. Memory holds the parts under way and nothing else.

pub mod axis;
pub mod output;
pub mod place;
pub mod plan;
pub mod row;
pub mod run;
pub mod sensitivity;
pub mod shard;
pub mod table;
