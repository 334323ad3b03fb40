//! What every engine has to do alike: one suite, run over all of them.

#![allow(clippy::unwrap_used)]

mod crash;
mod faults;
mod large;
mod marks;
mod model;
mod random;
mod store;
