//! The Wasmtime C API as one static library, and what it lacks: a store limiter that accounts for what the guest
//! holds, so that a run can report its peak memory and whether a request was refused; compiling to bytes without ever
//! mapping them as executable, so that a process that may not have executable memory can compile; and settings.
#![allow(unused_imports)]

use wasmtime_c_api::wasmtime::{Config, Enabled, Engine, Error, PoolingAllocationConfig, ResourceLimiter, Store};
pub use wasmtime_c_api::*;

mod component;
pub use component::*;

/// Layout shared with C++ (`openskills_memory_account` in runtime/src/wasm/engine_extensions.h).
#[repr(C)]
pub struct OpenskillsMemoryAccount {
    /// What all linear memories and tables of the store may hold together, in bytes.
    pub limit_bytes: u64,
    pub used_bytes: u64,
    pub peak_bytes: u64,
    /// A request was refused.
    pub refused: bool,
}

/// What a table element costs on the host.
const TABLE_ELEMENT_BYTES: u64 = 8;
const MAX_INSTANCES: usize = 8;
const MAX_TABLES: usize = 64;
const MAX_MEMORIES: usize = 8;

impl OpenskillsMemoryAccount {
    fn admit(&mut self, current: u64, desired: u64) -> bool {
        let wanted = self.used_bytes.saturating_add(desired.saturating_sub(current));
        if wanted > self.limit_bytes {
            self.refused = true;
            return false;
        }
        self.used_bytes = wanted;
        self.peak_bytes = self.peak_bytes.max(wanted);
        true
    }
}

impl ResourceLimiter for OpenskillsMemoryAccount {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool, Error> {
        // Past the memory's own maximum the engine refuses anyway; nothing may be charged for it.
        if maximum.is_some_and(|most| desired > most) {
            return Ok(false);
        }
        Ok(self.admit(current as u64, desired as u64))
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool, Error> {
        if maximum.is_some_and(|most| desired > most) {
            return Ok(false);
        }
        let bytes = |elements: usize| (elements as u64).saturating_mul(TABLE_ELEMENT_BYTES);
        Ok(self.admit(bytes(current), bytes(desired)))
    }

    fn instances(&self) -> usize {
        MAX_INSTANCES
    }

    fn tables(&self) -> usize {
        MAX_TABLES
    }

    fn memories(&self) -> usize {
        MAX_MEMORIES
    }
}

/// Puts the account in charge of every growth in the store.
///
/// # Safety
/// `store` is a live `wasmtime_store_t`, and `account` outlives it and is touched by no other thread while the store
/// is in use. `wasmtime_store_t` is `repr(C)` with the Rust store as its only field.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn openskills_store_set_account(
    store: *mut wasmtime_store_t,
    account: *mut OpenskillsMemoryAccount,
) {
    struct Borrowed(*mut OpenskillsMemoryAccount);
    unsafe impl Send for Borrowed {}
    unsafe impl Sync for Borrowed {}
    impl Borrowed {
        fn get(&mut self) -> &'static mut OpenskillsMemoryAccount {
            unsafe { &mut *self.0 }
        }
    }
    let mut borrowed = Borrowed(account);
    let store = unsafe { &mut *store.cast::<Store<WasmtimeStoreData>>() };
    store.limiter(move |_| borrowed.get());
}

/// Compiles a module into what `wasmtime_module_deserialize_file` loads, without loading it. Null on success.
///
/// # Safety
/// `engine` is a live `wasm_engine_t`, which is `repr(C)` with the Rust engine as its only field; `wasm` points to
/// `wasm_len` bytes; `code` to a vector that is overwritten.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn openskills_engine_precompile(
    engine: *const wasm_engine_t,
    wasm: *const u8,
    wasm_len: usize,
    code: &mut wasm_byte_vec_t,
) -> Option<Box<wasmtime_error_t>> {
    let engine = unsafe { &*engine.cast::<Engine>() };
    let wasm = unsafe { std::slice::from_raw_parts(wasm, wasm_len) };
    match engine.precompile_module(wasm) {
        Ok(bytes) => {
            code.set_buffer(bytes);
            None
        }
        Err(error) => Some(Box::new(wasmtime_error_t::from(error))),
    }
}

/// Leaves out the backtrace of a trap: a guest that exits with a code ends in one, and nobody reads it.
///
/// # Safety
/// `config` is a live `wasm_config_t`, which is `repr(C)` with the Rust configuration as its only field.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn openskills_config_disable_backtraces(config: *mut wasm_config_t) {
    let config = unsafe { &mut *config.cast::<Config>() };
    config.wasm_backtrace(false);
}

/// Leaves the compiler out: an engine that only runs code made elsewhere is there sooner. Settings of the compiler may not
/// follow.
///
/// # Safety
/// `config` is a live `wasm_config_t`, as above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn openskills_config_disable_compiler(config: *mut wasm_config_t) {
    let config = unsafe { &mut *config.cast::<Config>() };
    config.enable_compiler(false);
}

/// Resets a slot by asking the kernel which pages were written, where it can tell (Linux 6.7), instead of copying all.
///
/// # Safety
/// `config` is a live `wasmtime_pooling_allocation_config_t`, which is `repr(C)` with the Rust one as its only field.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn openskills_pooling_enable_pagemap_scan(config: *mut wasmtime_pooling_allocation_config_t) {
    let config = unsafe { &mut *config.cast::<PoolingAllocationConfig>() };
    config.pagemap_scan(Enabled::Auto);
}
