//! One run: the event loop that joins engine, world and referee.
