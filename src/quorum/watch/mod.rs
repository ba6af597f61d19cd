//! Watches. A watcher only has a place in the history; it is read on from there when its client has
//! taken what came before. So a slow client costs no memory, and the newest events are shared.

mod create;
mod hub;
mod pump;
mod stream;
mod watcher;

pub use hub::Hub;
pub use stream::WatchStream;

#[cfg(test)]
mod tests;
