//! Frameworks: how they subscribe, fail over and leave.

mod leave;
mod subscribe;
