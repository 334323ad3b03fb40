//! Segment files on exchangeable I/O engines.
