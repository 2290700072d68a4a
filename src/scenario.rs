//! Files on disk -> a checked experiment; all problems at once, with line and column.
