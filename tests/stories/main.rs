//! The stories, each named for what a user does or meets. `tests/run` runs them.

mod rig_boots;
