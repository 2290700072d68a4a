//! Foreign recordings -> timelines, one file per format.
mod clock;
mod draft;
mod files;
mod flaw;
mod nab;
mod otlp;
mod table;
mod tally;
