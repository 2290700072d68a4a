//! Journal + truth + what really happened -> scorecard. Never asks the engine how it did.
