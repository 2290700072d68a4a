//! Many trials: the cases of a dataset in parallel, aggregates, tables.
