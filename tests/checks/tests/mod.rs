//! Tests of the judges: they accept whatever a correct service can show, and each lie is caught by the
//! judge that is there for it.

mod brute;
mod histories;
mod lies;
mod store;
mod watches;
