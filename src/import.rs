//! Foreign recordings -> timelines, one file per format.
mod clock;
mod draft;
mod flaw;
mod table;
mod tally;
