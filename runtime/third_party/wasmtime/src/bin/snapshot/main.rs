//! openskills-snapshot IN.wasm OUT.wasm [HOST_FOLDER::GUEST_FOLDER]…
//!
//! Runs a guest's `wizer-initialize` and writes the module as it is afterwards: memory and globals become the initial
//! ones, the initialiser's export is gone. The initialiser sees the named folders, read-only, and nothing else.
//!
//! openskills-snapshot --run IN.wasm [HOST_FOLDER::GUEST_FOLDER]… -- [NAME=VALUE]… PROGRAM ARGUMENT…
//!
//! Runs a guest as a command, with the engine's stock WASI and no sandbox worth the name: what a recipe needs to ask
//! its own guest something before the runtime exists. Folders are writable.
//!
//! openskills-snapshot --order NAMES IN.wasm OUT.wasm
//!
//! Writes the module with the functions that the file names first, a name a line, and without custom sections: what runs
//! execute then lies together. IN.wasm has a name section.
//!
//! openskills-snapshot --calls IN.wasm [HOST_FOLDER::GUEST_FOLDER]… -- PROGRAM ARGUMENT… [-- PROGRAM ARGUMENT…]…
//!
//! Snapshots the guest and runs each command in it: prints such a file, of what they call after the snapshot. First
//! what all of them call, then what fewer do, each in the order of their first calls. IN.wasm has a name section.

mod calls;
mod functions;

use std::future::Future;
use std::pin::pin;
use std::process::ExitCode;
use std::task::{Context, Poll, Waker};

use wasmtime::{bail, Caller, Config, Engine, Instance, Linker, Module, Result, Store, Val};
use wasmtime_wasi::p1::{self, WasiP1Ctx};
use wasmtime_wasi::{p2, FsPerms, I32Exit, WasiCtxBuilder};
use wasmtime_wizer::{InstanceState, SnapshotVal, ValType, Wizer};

/// Initialisers recurse through an interpreter, whose frames are large.
const STACK_BYTES: usize = 64 << 20;

struct Guest {
    wasi: WasiP1Ctx,
    called: calls::Calls,
}

struct Initialised {
    store: Store<Guest>,
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
            bail!("a folder is named HOST::GUEST, not {folder}");
        };
        builder.preopened_dir(host, guest, access)?;
    }
    Ok(builder)
}

fn compile(wasm: &[u8]) -> Result<Module> {
    let mut config = Config::new();
    config.max_wasm_stack(STACK_BYTES / 2);
    config.async_stack_size(STACK_BYTES);
    Module::new(&Engine::new(&config)?, wasm)
}

fn instantiate(module: &Module, wasi: WasiP1Ctx) -> Result<Initialised> {
    let mut linker = Linker::new(module.engine());
    p1::add_to_linker_sync(&mut linker, |guest: &mut Guest| &mut guest.wasi)?;
    linker.func_wrap(functions::TOLD_MODULE, functions::TOLD_NAME, |mut caller: Caller<'_, Guest>, function: u32| {
        caller.data_mut().called.add(function);
    })?;
    let mut store = Store::new(module.engine(), Guest { wasi, called: calls::Calls::default() });
    let instance = linker.instantiate(&mut store, module)?;
    Ok(Initialised { store, instance })
}

fn snapshot(wasm: &[u8], mut wasi: WasiCtxBuilder) -> Result<Vec<u8>> {
    let wizer = Wizer::new();
    let (context, instrumented) = wizer.instrument(wasm)?;
    let mut guest = instantiate(&compile(&instrumented)?, wasi.build_p1())?;
    guest.instance.get_typed_func::<(), ()>(&mut guest.store, wizer.get_init_func())?.call(&mut guest.store, ())?;
    ready(wizer.snapshot(&context, &mut guest))
}

/// Calls `_start`: its exit code.
fn start(guest: &mut Initialised) -> Result<i32> {
    match guest.instance.get_typed_func::<(), ()>(&mut guest.store, "_start")?.call(&mut guest.store, ()) {
        Ok(()) => Ok(0),
        Err(error) => match error.downcast_ref::<I32Exit>() {
            Some(exit) => Ok(exit.0),
            None => Err(error),
        },
    }
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
    Ok(start(&mut instantiate(&compile(&std::fs::read(input)?)?, builder.build_p1())?)? as u8)
}

/// The names of what the commands call, for `--order`.
fn called(input: &str, rest: &[String]) -> Result<String> {
    let wasm = std::fs::read(input)?;
    let mut parts = rest.split(|word| word == "--");
    let folders = parts.next().unwrap_or_default();
    // Standard output is for the names.
    let quiet = || -> Result<WasiCtxBuilder> {
        let mut builder = wasi(folders, FsPerms::ReadOnly)?;
        builder.stdout(p2::pipe::MemoryOutputPipe::new(1 << 20));
        Ok(builder)
    };
    let module = compile(&snapshot(&functions::telling_calls(&wasm)?, quiet()?)?)?;
    let mut runs = Vec::new();
    for command in parts {
        let mut builder = quiet()?;
        builder.args(command);
        let mut guest = instantiate(&module, builder.build_p1())?;
        let status = start(&mut guest)?;
        if status != 0 {
            bail!("{command:?} exited with {status}");
        }
        runs.push(guest.store.into_data().called);
    }
    if runs.is_empty() {
        bail!("there is no command to run: PROGRAM ARGUMENT… behind --");
    }
    calls::names(&runs, &functions::Functions::read(&wasm)?)
}

fn work(arguments: &[String]) -> Result<u8> {
    match arguments {
        [mode, input, rest @ ..] if mode == "--run" => return run(input, rest),
        [mode, input, rest @ ..] if mode == "--calls" => print!("{}", called(input, rest)?),
        [mode, names, input, output] if mode == "--order" => {
            let names = std::fs::read_to_string(names)?;
            std::fs::write(output, functions::in_order_of(&names, &std::fs::read(input)?)?)?;
        }
        [input, output, folders @ ..] => {
            std::fs::write(output, snapshot(&std::fs::read(input)?, wasi(folders, FsPerms::ReadOnly)?)?)?;
        }
        _ => bail!("usage: openskills-snapshot [--run|--calls|--order NAMES] IN.wasm [OUT.wasm] [HOST_FOLDER::GUEST_FOLDER]…"),
    }
    Ok(0)
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
