//! What a person reads: terminal, HTML, plots, JSON, Parquet.
