//! Re-exports the Wasmtime C API so that one static library carries it.
#![allow(unused_imports)]
pub use wasmtime_c_api::*;
