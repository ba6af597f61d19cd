//! Watches. A watcher only has a place in the history; it is read on from there when its client has
//! taken what came before. So a slow client costs no memory, and the newest events are shared.

mod batches;
mod create;
mod hub;
mod pump;
mod shelf;
mod stream;
mod watcher;

pub use batches::Batches;
pub use hub::Hub;
pub use stream::WatchStream;

#[cfg(test)]
mod tests;
