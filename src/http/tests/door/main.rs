//! Doors on real sockets, with reqwest and raw TCP as their clients.

mod access;
mod endurance;
mod kit;
