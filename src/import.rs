//! Foreign recordings -> timelines, one file per format.
