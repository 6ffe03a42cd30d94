//! openskills-snapshot IN.wasm OUT.wasm [HOST_FOLDER::GUEST_FOLDER]…
//!
//! Runs a guest's `wizer-initialize` and writes the module as it is afterwards: memory and globals become the initial
//! ones, the initialiser's export is gone. The initialiser sees the named folders, read-only, and nothing else.
//!
//! openskills-snapshot --run IN.wasm [HOST_FOLDER::GUEST_FOLDER]… -- [NAME=VALUE]… PROGRAM ARGUMENT…
//!
//! Runs a guest as a command, with the engine's stock WASI and no sandbox worth the name: what a recipe needs to ask
//! its own guest something before the runtime exists. Folders are writable.

use std::future::Future;
use std::pin::pin;
use std::process::ExitCode;
use std::task::{Context, Poll, Waker};

use wasmtime::{Config, Engine, Instance, Linker, Module, Result, Store, Val};
use wasmtime_wasi::p1::{self, WasiP1Ctx};
use wasmtime_wasi::{FsPerms, I32Exit, WasiCtxBuilder};
use wasmtime_wizer::{InstanceState, SnapshotVal, ValType, Wizer};

/// Initialisers recurse through an interpreter, whose frames are large.
const STACK_BYTES: usize = 64 << 20;

struct Initialised {
    store: Store<WasiP1Ctx>,
    instance: Instance,
}

impl InstanceState for Initialised {
    async fn global_get(&mut self, name: &str, _: ValType) -> SnapshotVal {
        let global = self.instance.get_global(&mut self.store, name).expect("an exported global");
        match global.get(&mut self.store) {
            Val::I32(value) => SnapshotVal::I32(value),
            Val::I64(value) => SnapshotVal::I64(value),
            Val::F32(bits) => SnapshotVal::F32(bits),
            Val::F64(bits) => SnapshotVal::F64(bits),
            Val::V128(value) => SnapshotVal::V128(value.as_u128()),
            _ => panic!("global {name} holds a reference, which a snapshot cannot keep"),
        }
    }

    async fn memory_contents(&mut self, name: &str, contents: impl FnOnce(&[u8]) + Send) {
        let memory = self.instance.get_memory(&mut self.store, name).expect("an exported memory");
        contents(memory.data(&self.store));
    }
}

/// The crate's interface is asynchronous; an instance in this process never makes it wait.
fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("nothing here waits"),
    }
}

fn wasi(folders: &[String], access: FsPerms) -> Result<WasiCtxBuilder> {
    let mut builder = WasiCtxBuilder::new();
    builder.inherit_stdout().inherit_stderr().allow_blocking_current_thread(true);
    for folder in folders {
        let Some((host, guest)) = folder.split_once("::") else {
            wasmtime::bail!("a folder is named HOST::GUEST, not {folder}");
        };
        builder.preopened_dir(host, guest, access)?;
    }
    Ok(builder)
}

fn instantiate(wasm: &[u8], context: WasiP1Ctx) -> Result<Initialised> {
    let mut config = Config::new();
    config.max_wasm_stack(STACK_BYTES / 2);
    config.async_stack_size(STACK_BYTES);
    let engine = Engine::new(&config)?;
    let module = Module::new(&engine, wasm)?;
    let mut linker = Linker::new(&engine);
    p1::add_to_linker_sync(&mut linker, |context| context)?;
    let mut store = Store::new(&engine, context);
    let instance = linker.instantiate(&mut store, &module)?;
    Ok(Initialised { store, instance })
}

fn snapshot(input: &str, output: &str, folders: &[String]) -> Result<u8> {
    let wizer = Wizer::new();
    let wasm = std::fs::read(input)?;
    let (context, instrumented) = wizer.instrument(&wasm)?;
    let mut guest = instantiate(&instrumented, wasi(folders, FsPerms::ReadOnly)?.build_p1())?;
    guest.instance.get_typed_func::<(), ()>(&mut guest.store, wizer.get_init_func())?.call(&mut guest.store, ())?;
    std::fs::write(output, ready(wizer.snapshot(&context, &mut guest))?)?;
    Ok(0)
}

fn run(input: &str, rest: &[String]) -> Result<u8> {
    let end = rest.iter().position(|word| word == "--").unwrap_or(rest.len());
    let (folders, words) = (&rest[..end], rest.get(end + 1..).unwrap_or_default());
    let variables = words.iter().take_while(|word| word.contains('=')).count();
    let mut builder = wasi(folders, FsPerms::ReadWrite)?;
    builder.inherit_stdin().args(&words[variables..]);
    for word in &words[..variables] {
        let (name, value) = word.split_once('=').expect("counted above");
        builder.env(name, value);
    }
    let mut guest = instantiate(&std::fs::read(input)?, builder.build_p1())?;
    match guest.instance.get_typed_func::<(), ()>(&mut guest.store, "_start")?.call(&mut guest.store, ()) {
        Ok(()) => Ok(0),
        Err(error) => match error.downcast_ref::<I32Exit>() {
            Some(exit) => Ok(exit.0 as u8),
            None => Err(error),
        },
    }
}

fn work(arguments: &[String]) -> Result<u8> {
    match arguments {
        [mode, input, rest @ ..] if mode == "--run" => run(input, rest),
        [input, output, folders @ ..] => snapshot(input, output, folders),
        _ => wasmtime::bail!("usage: openskills-snapshot [--run] IN.wasm OUT.wasm [HOST_FOLDER::GUEST_FOLDER]…"),
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // The main thread's stack is as large as the shell's limit says; this one is as large as the guest may need.
    let thread = std::thread::Builder::new().stack_size(2 * STACK_BYTES).spawn(move || work(&arguments));
    match thread.expect("a thread").join().expect("no panic") {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            eprintln!("openskills-snapshot: {error:?}");
            ExitCode::FAILURE
        }
    }
}
