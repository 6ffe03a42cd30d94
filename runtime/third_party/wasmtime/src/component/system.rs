//! wasi:cli, wasi:clocks and wasi:random.

use super::preview1::{Answer, Failure, Function, Preview1};
use super::streams::{InputStream, OutputStream, Pollable};
use super::{Context, State};
use wasmtime::component::{LinkerInstance, Resource, ResourceType};
use wasmtime::{AsContextMut, Error, Result};
use wasmtime_wasi::p2::bindings::clocks::wall_clock::Datetime;

type Define = fn(&mut LinkerInstance<'_, State>) -> Result<()>;

pub fn definer(interface: &str) -> Option<Define> {
    Some(match interface {
        "wasi:cli/environment" => environment,
        "wasi:cli/exit" => exit,
        "wasi:cli/stdin" => stdin,
        "wasi:cli/stdout" => stdout,
        "wasi:cli/stderr" => stderr,
        "wasi:cli/terminal-input" => terminal_input,
        "wasi:cli/terminal-output" => terminal_output,
        "wasi:cli/terminal-stdin" => terminal_stdin,
        "wasi:cli/terminal-stdout" => terminal_stdout,
        "wasi:cli/terminal-stderr" => terminal_stderr,
        "wasi:clocks/monotonic-clock" => monotonic_clock,
        "wasi:clocks/wall-clock" => wall_clock,
        "wasi:random/random" => random,
        "wasi:random/insecure" => insecure,
        "wasi:random/insecure-seed" => insecure_seed,
        _ => return None,
    })
}

/// For calls that cannot answer an error: what goes wrong ends the guest.
pub fn must<T>(answer: Answer<T>) -> Result<T> {
    answer.map_err(|failure| match failure {
        Failure::Stop(error) => error,
        Failure::Code(code) => Error::msg(format!("a host call failed: {}", code.name())),
    })
}

fn environment(linker: &mut LinkerInstance<'_, State>) -> Result<()> {
    linker.func_wrap("get-environment", |mut context: Context<'_>, (): ()| {
        let host = &mut context.data_mut().host;
        let variables = must(host.strings(Function::EnvironSizesGet, Function::EnvironGet))?;
        let split = |text: String| match text.split_once('=') {
            Some((name, value)) => (name.to_owned(), value.to_owned()),
            None => (text, String::new()),
        };
        Ok((variables.into_iter().map(split).collect::<Vec<_>>(),))
    })?;
    linker.func_wrap("get-arguments", |mut context: Context<'_>, (): ()| {
        Ok((must(context.data_mut().host.strings(Function::ArgsSizesGet, Function::ArgsGet))?,))
    })?;
    linker.func_wrap("initial-cwd", |context: Context<'_>, (): ()| Ok((Some(context.data().initial_cwd.clone()),)))
}

fn end_with(mut context: Context<'_>, code: u8) -> Result<()> {
    must(context.data_mut().host.call(Function::ProcExit, &[code.into()]))
}

fn exit(linker: &mut LinkerInstance<'_, State>) -> Result<()> {
    linker.func_wrap("exit", |context: Context<'_>, (status,): (Result<(), ()>,)| {
        end_with(context, status.is_err().into())
    })?;
    linker.func_wrap("exit-with-code", |context: Context<'_>, (code,): (u8,)| end_with(context, code))
}

fn stdin(linker: &mut LinkerInstance<'_, State>) -> Result<()> {
    linker.func_wrap("get-stdin", |mut context: Context<'_>, (): ()| {
        Ok((context.data_mut().resources.push(InputStream::Stdin)?,))
    })
}

fn stdout(linker: &mut LinkerInstance<'_, State>) -> Result<()> {
    linker.func_wrap("get-stdout", |mut context: Context<'_>, (): ()| {
        Ok((context.data_mut().resources.push(OutputStream::Standard(1))?,))
    })
}

fn stderr(linker: &mut LinkerInstance<'_, State>) -> Result<()> {
    linker.func_wrap("get-stderr", |mut context: Context<'_>, (): ()| {
        Ok((context.data_mut().resources.push(OutputStream::Standard(2))?,))
    })
}

/// Types of handles that say no more than "this is a terminal".
struct TerminalInput;
struct TerminalOutput;

fn terminal_input(linker: &mut LinkerInstance<'_, State>) -> Result<()> {
    linker.resource("terminal-input", ResourceType::host::<TerminalInput>(), |mut context, rep| {
        context.data_mut().resources.delete(Resource::<TerminalInput>::new_own(rep))?;
        Ok(())
    })
}

/// There is never one of these, so there is nothing to drop.
fn terminal_output(linker: &mut LinkerInstance<'_, State>) -> Result<()> {
    linker.resource("terminal-output", ResourceType::host::<TerminalOutput>(), |_, _| Ok(()))
}

fn terminal_stdin(linker: &mut LinkerInstance<'_, State>) -> Result<()> {
    const CHARACTER_DEVICE: u32 = 2;
    linker.func_wrap("get-terminal-stdin", |mut context: Context<'_>, (): ()| {
        let state = context.data_mut();
        must(state.host.call(Function::FdFdstatGet, &[0, Preview1::result_address()]))?;
        let is_terminal = state.host.result_u32(0) & 0xff == CHARACTER_DEVICE;
        Ok((if is_terminal { Some(state.resources.push(TerminalInput)?) } else { None },))
    })
}

fn terminal_stdout(linker: &mut LinkerInstance<'_, State>) -> Result<()> {
    linker.func_wrap("get-terminal-stdout", |_: Context<'_>, (): ()| Ok((None::<Resource<TerminalOutput>>,)))
}

fn terminal_stderr(linker: &mut LinkerInstance<'_, State>) -> Result<()> {
    linker.func_wrap("get-terminal-stderr", |_: Context<'_>, (): ()| Ok((None::<Resource<TerminalOutput>>,)))
}

const TIME_OF_DAY: u64 = 0;
const MONOTONIC: u64 = 1;

fn monotonic_clock(linker: &mut LinkerInstance<'_, State>) -> Result<()> {
    linker.func_wrap("now", |mut context: Context<'_>, (): ()| {
        Ok((must(context.data_mut().host.clock(Function::ClockTimeGet, MONOTONIC))?,))
    })?;
    linker.func_wrap("resolution", |mut context: Context<'_>, (): ()| {
        Ok((must(context.data_mut().host.clock(Function::ClockResGet, MONOTONIC))?,))
    })?;
    linker.func_wrap("subscribe-instant", |mut context: Context<'_>, (when,): (u64,)| {
        Ok((context.data_mut().resources.push(Pollable::At(when))?,))
    })?;
    linker.func_wrap("subscribe-duration", |mut context: Context<'_>, (wait_ns,): (u64,)| {
        let state = context.data_mut();
        let now_ns = must(state.host.clock(Function::ClockTimeGet, MONOTONIC))?;
        Ok((state.resources.push(Pollable::At(now_ns.saturating_add(wait_ns)))?,))
    })
}

pub fn datetime(ns: u64) -> Datetime {
    Datetime { seconds: ns / 1_000_000_000, nanoseconds: (ns % 1_000_000_000) as u32 }
}

fn wall_clock(linker: &mut LinkerInstance<'_, State>) -> Result<()> {
    linker.func_wrap("now", |mut context: Context<'_>, (): ()| {
        Ok((datetime(must(context.data_mut().host.clock(Function::ClockTimeGet, TIME_OF_DAY))?),))
    })?;
    linker.func_wrap("resolution", |mut context: Context<'_>, (): ()| {
        Ok((datetime(must(context.data_mut().host.clock(Function::ClockResGet, TIME_OF_DAY))?),))
    })
}

/// More than any program needs in one call, and no burden for the host.
const MAX_RANDOM_BYTES: u64 = 1 << 20;

fn random_bytes(mut context: Context<'_>, len: u64) -> Result<Vec<u8>> {
    if len > MAX_RANDOM_BYTES {
        return Err(Error::msg(format!("more than {MAX_RANDOM_BYTES} random bytes were asked for in one call")));
    }
    must(context.data_mut().host.random(len as usize))
}

fn random_u64(context: Context<'_>) -> Result<u64> {
    let bytes = random_bytes(context, 8)?;
    Ok(bytes.iter().fold(0, |value, &byte| value << 8 | u64::from(byte)))
}

fn random(linker: &mut LinkerInstance<'_, State>) -> Result<()> {
    linker.func_wrap("get-random-bytes", |context: Context<'_>, (len,): (u64,)| Ok((random_bytes(context, len)?,)))?;
    linker.func_wrap("get-random-u64", |context: Context<'_>, (): ()| Ok((random_u64(context)?,)))
}

fn insecure(linker: &mut LinkerInstance<'_, State>) -> Result<()> {
    linker.func_wrap("get-insecure-random-bytes", |context: Context<'_>, (len,): (u64,)| {
        Ok((random_bytes(context, len)?,))
    })?;
    linker.func_wrap("get-insecure-random-u64", |context: Context<'_>, (): ()| Ok((random_u64(context)?,)))
}

fn insecure_seed(linker: &mut LinkerInstance<'_, State>) -> Result<()> {
    linker.func_wrap("insecure-seed", |mut context: Context<'_>, (): ()| {
        let first = random_u64(context.as_context_mut())?;
        Ok(((first, random_u64(context)?),))
    })
}
