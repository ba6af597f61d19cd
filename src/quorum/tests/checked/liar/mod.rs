//! A service that lies, in front of an honest voter: what the judges are there to find. It stands only in
//! tests; the voter knows nothing of it.

mod kv;
mod lease;
mod lie;
mod maintenance;
mod serve;
mod watch;

pub use lie::Lie;
pub use serve::{Liar, serve};
