//! Runs WASI 0.2 commands: components that export `wasi:cli/run`.
//!
//! The interfaces of WASI 0.2 are translated here into calls of WASI preview 1, which the host answers (`preview1.rs`).
//! So both kinds of program meet the same code: the same path resolution, mounts and protected names, the same quotas,
//! deadlines, clocks and seeds, and the same record of changed files. Nothing in this folder makes a system call, and
//! nothing needs a thread or an event loop.
//!
//! What is linked depends on what the component imports: `system.rs` (cli, clocks, random), `streams.rs` (io),
//! `files.rs` (filesystem), `sockets.rs` (every call is refused). Whatever else it imports is named in the error.
//!
//! The C declarations are in runtime/src/wasm/engine_extensions.h.

mod files;
mod preview1;
mod sockets;
mod streams;
mod system;

use self::preview1::{HostHandle, Preview1};
use crate::OpenskillsMemoryAccount;
use std::ffi::{c_char, CStr};
use std::sync::Arc;
use wasmtime::component::{Component, InstancePre, Linker, ResourceTable};
use wasmtime::{Engine, Error, Precompiled, ResourceLimiter, Store, StoreContextMut, Trap, UpdateDeadline};
use wasmtime_c_api::{wasm_byte_vec_t, wasm_engine_t, wasmtime_error_t};

pub use self::preview1::OpenskillsPreview1Host;

/// Toolchains split one program into several core instances: the program, an adapter and what ties them together.
const MAX_INSTANCES: usize = 64;
const MAX_TABLES: usize = 256;
const MAX_MEMORIES: usize = 64;
/// Files, streams and pollables that are alive at once. Open files have a limit of their own.
const MAX_RESOURCES: usize = 4096;
/// What one call may pass to the host, which copies it: as much as the guest's memory may hold, within these.
const MIN_PASSED_BYTES: u64 = 1 << 20;
const MAX_PASSED_BYTES: u64 = 128 << 20;

/// What a store holds for the one run it serves.
pub(crate) struct State {
    pub host: Preview1,
    pub resources: ResourceTable,
    /// The folders the guest finds open, once it has asked for them.
    pub preopens: Option<Vec<(Arc<preview1::OpenFile>, String)>>,
    pub initial_cwd: String,
    account: Account,
}

pub(crate) type Context<'a> = StoreContextMut<'a, State>;

/// The account of the run, which the caller of `openskills_component_run` keeps.
struct Account(*mut OpenskillsMemoryAccount);
unsafe impl Send for Account {}
unsafe impl Sync for Account {}

impl Account {
    fn get(&mut self) -> &mut OpenskillsMemoryAccount {
        unsafe { &mut *self.0 }
    }
}

impl ResourceLimiter for Account {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool, Error> {
        self.get().memory_growing(current, desired, maximum)
    }
    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool, Error> {
        self.get().table_growing(current, desired, maximum)
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

/// A component whose code is mapped, and whose imports are resolved once it is linked.
pub struct OpenskillsComponent {
    component: Component,
    linked: Option<(InstancePre<State>, String)>,
}

/// The interfaces a component may import, by name without version, and what defines them.
fn definer(interface: &str) -> Option<fn(&mut wasmtime::component::LinkerInstance<'_, State>) -> Result<(), Error>> {
    system::definer(interface).or_else(|| streams::definer(interface)).or_else(|| files::definer(interface))
}

/// The interface in `name`, e.g. `wasi:io/streams` of `wasi:io/streams@0.2.3`, when its version is one of WASI 0.2.
fn interface_of(name: &str) -> Option<&str> {
    let (interface, version) = name.split_once('@')?;
    let patch = version.strip_prefix("0.2.")?;
    patch.bytes().all(|digit| digit.is_ascii_digit()).then_some(interface)
}

/// Each import is defined under the very name the component uses, so that no version has to be guessed.
fn link(component: &Component, lacks_import: &mut bool) -> Result<(InstancePre<State>, String), Error> {
    let engine = component.engine();
    let component_type = component.component_type();
    let mut linker = Linker::new(engine);
    let mut missing = Vec::new();
    for (name, import) in component_type.imports(engine) {
        match interface_of(name) {
            Some(interface) if interface.starts_with("wasi:sockets/") => {
                sockets::define(&mut linker.instance(name)?, &import.ty, engine)?;
            }
            Some(interface) if definer(interface).is_some() => {
                if let Some(define) = definer(interface) {
                    define(&mut linker.instance(name)?)?;
                }
            }
            _ => missing.push(format!("'{name}'")),
        }
    }
    *lacks_import = !missing.is_empty();
    if *lacks_import {
        return Err(Error::msg(format!("it imports {}", missing.join(", "))));
    }
    let run = component_type
        .exports(engine)
        .map(|(name, _)| name)
        .find(|name| interface_of(name) == Some("wasi:cli/run"))
        .ok_or_else(|| Error::msg("it does not export wasi:cli/run@0.2, so it is no command"))?
        .to_owned();
    Ok((linker.instantiate_pre(component)?, run))
}

/// How a run ended.
#[repr(C)]
pub struct OpenskillsComponentEnd {
    /// The guest's own code was reached: an error is what it did, not that it could not begin.
    pub began: bool,
    /// `run` returned, with an error when `failed` is set.
    pub returned: bool,
    pub failed: bool,
}

fn run(
    linked: &(InstancePre<State>, String),
    host: &OpenskillsPreview1Host,
    account: *mut OpenskillsMemoryAccount,
    end: &mut OpenskillsComponentEnd,
) -> Result<(), Error> {
    let (instance_pre, run_name) = linked;
    let mut resources = ResourceTable::new();
    resources.set_max_capacity(MAX_RESOURCES);
    let handle = HostHandle::new(host);
    let passed = unsafe { &*account }.limit_bytes.clamp(MIN_PASSED_BYTES, MAX_PASSED_BYTES);
    let state = State {
        host: Preview1::new(handle),
        resources,
        preopens: None,
        initial_cwd: handle.initial_cwd(),
        account: Account(account),
    };
    let mut store = Store::new(instance_pre.engine(), state);
    store.limiter(|state| &mut state.account);
    store.set_hostcall_fuel(usize::try_from(passed)?);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |_| {
        if handle.may_go_on() {
            Ok(UpdateDeadline::Continue(1))
        } else {
            Err(Error::msg("stopped"))
        }
    });
    // A start function runs here.
    let instance = instance_pre.instantiate(&mut store).inspect_err(|error| end.began = error.is::<Trap>())?;
    let not_a_command = || Error::msg("wasi:cli/run has no function 'run'");
    let interface = instance.get_export_index(&mut store, None, run_name).ok_or_else(not_a_command)?;
    let function = instance.get_export_index(&mut store, Some(&interface), "run").ok_or_else(not_a_command)?;
    let function = instance.get_typed_func::<(), (Result<(), ()>,)>(&mut store, &function)?;
    end.began = true;
    let (answer,) = function.call(&mut store, ())?;
    end.returned = true;
    end.failed = answer.is_err();
    Ok(())
}

/// The causes on one line, the outermost first.
fn boxed(error: Error) -> Option<Box<wasmtime_error_t>> {
    Some(Box::new(wasmtime_error_t::from(Error::msg(format!("{error:#}")))))
}

/// Compiles a component into what `openskills_component_load` takes, without loading it. Null on success.
///
/// # Safety
/// As `openskills_engine_precompile`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn openskills_engine_precompile_component(
    engine: *const wasm_engine_t,
    wasm: *const u8,
    wasm_len: usize,
    code: &mut wasm_byte_vec_t,
) -> Option<Box<wasmtime_error_t>> {
    let engine = unsafe { &*engine.cast::<Engine>() };
    let wasm = unsafe { std::slice::from_raw_parts(wasm, wasm_len) };
    match engine.precompile_component(wasm) {
        Ok(bytes) => {
            code.set_buffer(bytes);
            None
        }
        Err(error) => boxed(error),
    }
}

fn text_of<'a>(path: *const c_char) -> Result<&'a str, Error> {
    Ok(unsafe { CStr::from_ptr(path) }.to_str()?)
}

/// Whether the file holds the code of a component, not that of a module.
///
/// # Safety
/// `path` is a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn openskills_is_component_code(path: *const c_char) -> bool {
    let kind = text_of(path).and_then(Engine::detect_precompiled_file);
    matches!(kind, Ok(Some(Precompiled::Component)))
}

/// Maps a component's code. Null on success.
///
/// # Safety
/// `engine` as in `openskills_engine_precompile`; `path` is a C string, and the file's bytes were written by
/// `openskills_engine_precompile_component` and are trusted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn openskills_component_load(
    engine: *const wasm_engine_t,
    path: *const c_char,
    loaded: &mut *mut OpenskillsComponent,
) -> Option<Box<wasmtime_error_t>> {
    let engine = unsafe { &*engine.cast::<Engine>() };
    match text_of(path).and_then(|path| unsafe { Component::deserialize_file(engine, path) }) {
        Ok(component) => {
            *loaded = Box::into_raw(Box::new(OpenskillsComponent { component, linked: None }));
            None
        }
        Err(error) => boxed(error),
    }
}

/// Resolves the component's imports and finds what to run. Null on success; `lacks_import` says what an error is about.
#[unsafe(no_mangle)]
pub extern "C" fn openskills_component_link(
    component: &mut OpenskillsComponent,
    lacks_import: &mut bool,
) -> Option<Box<wasmtime_error_t>> {
    match link(&component.component, lacks_import) {
        Ok(linked) => {
            component.linked = Some(linked);
            None
        }
        Err(error) => boxed(error),
    }
}

/// Runs a linked component to its end. Null when `run` returned.
///
/// # Safety
/// What `host` points to, and `account`, are the caller's until the call returns, and no other thread's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn openskills_component_run(
    component: &OpenskillsComponent,
    host: &OpenskillsPreview1Host,
    account: *mut OpenskillsMemoryAccount,
    end: &mut OpenskillsComponentEnd,
) -> Option<Box<wasmtime_error_t>> {
    *end = OpenskillsComponentEnd { began: false, returned: false, failed: false };
    let Some(linked) = &component.linked else {
        return boxed(Error::msg("the component is not linked"));
    };
    run(linked, host, account, end).err().and_then(boxed)
}

/// # Safety
/// `component` came from `openskills_component_load` and is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn openskills_component_delete(component: *mut OpenskillsComponent) {
    drop(unsafe { Box::from_raw(component) });
}
