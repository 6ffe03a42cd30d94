//! wasi:io: streams, what they wait for, and why they failed.
//!
//! A stream is a descriptor of the host and a position in it. Nothing is buffered: what a guest has written has been
//! written when the call returns, so that flushing has nothing to do.

use super::preview1::{Answer, Failure, Function, OpenFile, Preview1, DATA_BYTES};
use super::system::must;
use super::{Context, State};
use std::sync::Arc;
use wasmtime::component::{ComponentType, Lift, LinkerInstance, Lower, Resource, ResourceType, WasmList};
use wasmtime::{AsContext, AsContextMut, Error, Result};
use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode;

type Define = fn(&mut LinkerInstance<'_, State>) -> Result<()>;

pub fn definer(interface: &str) -> Option<Define> {
    Some(match interface {
        "wasi:io/error" => error,
        "wasi:io/poll" => poll,
        "wasi:io/streams" => streams,
        _ => return None,
    })
}

pub enum InputStream {
    Stdin,
    File { file: Arc<OpenFile>, position: u64 },
}

pub enum OutputStream {
    /// Standard output or standard error.
    Standard(u64),
    /// `None` appends.
    File { file: Arc<OpenFile>, position: Option<u64> },
}

pub enum Pollable {
    Ready,
    Stdin,
    /// On the guest's monotonic clock, in nanoseconds.
    At(u64),
}

/// Why a stream failed: `wasi:io/error`.
pub struct StreamFailure(pub ErrorCode);

#[derive(ComponentType, Lift, Lower)]
#[component(variant)]
enum StreamError {
    #[component(name = "last-operation-failed")]
    LastOperationFailed(Resource<StreamFailure>),
    #[component(name = "closed")]
    Closed,
}

/// What a stream's functions answer; the outer error ends the guest.
type StreamAnswer<T> = Result<(std::result::Result<T, StreamError>,)>;

fn answer<T>(mut context: Context<'_>, answer: Answer<Option<T>>) -> StreamAnswer<T> {
    Ok((match answer {
        Ok(Some(value)) => Ok(value),
        // The end of the input, or a reader of the output that is gone.
        Ok(None) | Err(Failure::Code(ErrorCode::Pipe)) => Err(StreamError::Closed),
        Err(Failure::Code(code)) => {
            Err(StreamError::LastOperationFailed(context.data_mut().resources.push(StreamFailure(code))?))
        }
        Err(Failure::Stop(error)) => return Err(error),
    },))
}

fn error(linker: &mut LinkerInstance<'_, State>) -> Result<()> {
    linker.resource("error", ResourceType::host::<StreamFailure>(), |mut context, rep| {
        context.data_mut().resources.delete(Resource::<StreamFailure>::new_own(rep))?;
        Ok(())
    })?;
    linker.func_wrap("[method]error.to-debug-string", |context: Context<'_>, (failure,): (Resource<StreamFailure>,)| {
        Ok((context.data().resources.get(&failure)?.0.message().to_owned(),))
    })
}

/// Subscriptions and events of preview 1, as they lie in its memory.
const SUBSCRIPTION_BYTES: usize = 48;
const EVENT_BYTES: usize = 32;
const MAX_POLLABLES: usize = 512;

/// Waits until one is ready, or only looks. Answers which are.
fn wait(host: &mut Preview1, pollables: &[PollKind], only_looks: bool) -> Answer<Vec<u32>> {
    let count = pollables.len() + usize::from(only_looks);
    let area = host.data(count * (SUBSCRIPTION_BYTES + EVENT_BYTES));
    area.fill(0);
    let looking = only_looks.then_some(&PollKind::At(0));
    for (index, kind) in pollables.iter().chain(looking).enumerate() {
        let subscription = &mut area[index * SUBSCRIPTION_BYTES..][..SUBSCRIPTION_BYTES];
        subscription[..8].copy_from_slice(&(index as u64).to_le_bytes());
        let (tag, value) = match kind {
            PollKind::At(_) => (0, 1), // a clock: the monotonic one
            PollKind::Stdin => (1, 0), // reading descriptor 0
            PollKind::Ready => (2, 1), // writing descriptor 1, which never makes anyone wait
        };
        subscription[8] = tag;
        subscription[16] = value;
        if let PollKind::At(when) = kind {
            subscription[24..32].copy_from_slice(&when.to_le_bytes());
            subscription[40] = 1; // the time is absolute
        }
    }
    let subscriptions = Preview1::data_address();
    let events = subscriptions + (count * SUBSCRIPTION_BYTES) as u64;
    host.call(Function::PollOneoff, &[subscriptions, events, count as u64, Preview1::result_address()])?;
    let ready = host.result_u32(0) as usize;
    let events = &host.data(count * (SUBSCRIPTION_BYTES + EVENT_BYTES))[count * SUBSCRIPTION_BYTES..];
    let mut indices: Vec<u32> = (0..ready)
        .map(|event| u32::from_le_bytes(events[event * EVENT_BYTES..][..4].try_into().expect("four bytes")))
        .filter(|&index| (index as usize) < pollables.len())
        .collect();
    indices.sort_unstable();
    Ok(indices)
}

/// A pollable without what keeps it alive.
#[derive(Clone, Copy)]
enum PollKind {
    Ready,
    Stdin,
    At(u64),
}

fn kind_of(state: &State, pollable: &Resource<Pollable>) -> Result<PollKind> {
    Ok(match state.resources.get(pollable)? {
        Pollable::Ready => PollKind::Ready,
        Pollable::Stdin => PollKind::Stdin,
        Pollable::At(when) => PollKind::At(*when),
    })
}

fn poll(linker: &mut LinkerInstance<'_, State>) -> Result<()> {
    linker.resource("pollable", ResourceType::host::<Pollable>(), |mut context, rep| {
        context.data_mut().resources.delete(Resource::<Pollable>::new_own(rep))?;
        Ok(())
    })?;
    linker.func_wrap("[method]pollable.ready", |mut context: Context<'_>, (pollable,): (Resource<Pollable>,)| {
        let state = context.data_mut();
        let kind = kind_of(state, &pollable)?;
        Ok((!must(wait(&mut state.host, &[kind], true))?.is_empty(),))
    })?;
    linker.func_wrap("[method]pollable.block", |mut context: Context<'_>, (pollable,): (Resource<Pollable>,)| {
        let state = context.data_mut();
        let kind = kind_of(state, &pollable)?;
        must(wait(&mut state.host, &[kind], false)).map(|_| ())
    })?;
    linker.func_wrap("poll", |mut context: Context<'_>, (pollables,): (Vec<Resource<Pollable>>,)| {
        let state = context.data_mut();
        if pollables.is_empty() || pollables.len() > MAX_POLLABLES {
            return Err(Error::msg(format!("poll takes from 1 to {MAX_POLLABLES} pollables, not {}", pollables.len())));
        }
        let kinds = pollables.iter().map(|pollable| kind_of(state, pollable)).collect::<Result<Vec<_>>>()?;
        Ok((must(wait(&mut state.host, &kinds, false))?,))
    })
}

#[derive(Clone, Copy, PartialEq)]
enum Waits {
    No,
    Yes,
}

/// Reads into the data area. Answers how much, or `None` at the end.
fn read(state: &mut State, stream: &Resource<InputStream>, len: u64, waits: Waits) -> Answer<Option<usize>> {
    let stream = state.resources.get_mut(stream).map_err(Error::from)?;
    if len == 0 {
        return Ok(Some(0));
    }
    let got = match stream {
        InputStream::Stdin => {
            if waits == Waits::No && wait(&mut state.host, &[PollKind::Stdin], true)?.is_empty() {
                return Ok(Some(0));
            }
            state.host.read(0, None, len)?.len()
        }
        InputStream::File { file, position } => {
            let got = state.host.read(file.fd, Some(*position), len)?.len();
            *position += got as u64;
            got
        }
    };
    Ok((got > 0).then_some(got))
}

/// Writes what the data area begins with, all of it.
fn write(state: &mut State, stream: &Resource<OutputStream>, len: usize) -> Answer<()> {
    let stream = state.resources.get_mut(stream).map_err(Error::from)?;
    let mut left = len;
    while left > 0 {
        let written = match stream {
            OutputStream::Standard(fd) => state.host.write(*fd, None, left)?,
            OutputStream::File { file, position: None } => {
                let end = super::files::size_of(&mut state.host, file)?;
                state.host.write(file.fd, Some(end), left)?
            }
            OutputStream::File { file, position: Some(position) } => {
                let written = state.host.write(file.fd, Some(*position), left)?;
                *position += written;
                written
            }
        };
        if written == 0 {
            return Err(ErrorCode::Io.into());
        }
        state.host.data(left).copy_within(written as usize.., 0);
        left -= written as usize;
    }
    Ok(())
}

/// What `check-write` permits. Writing more than that without asking ends the guest.
const PERMITTED_BYTES: u64 = 1 << 20;

fn check_permit(len: u64) -> Result<()> {
    if len > PERMITTED_BYTES {
        return Err(Error::msg(format!("a stream was written to beyond the {PERMITTED_BYTES} bytes it permits")));
    }
    Ok(())
}

fn write_bytes(mut context: Context<'_>, stream: Resource<OutputStream>, bytes: WasmList<u8>) -> StreamAnswer<()> {
    check_permit(bytes.len() as u64)?;
    let mut chunk = [0; DATA_BYTES];
    let mut at = 0;
    while at < bytes.len() {
        let size = DATA_BYTES.min(bytes.len() - at);
        chunk[..size].copy_from_slice(&bytes.as_le_slice(context.as_context())[at..at + size]);
        let state = context.data_mut();
        state.host.data(size).copy_from_slice(&chunk[..size]);
        if let Err(failure) = write(state, &stream, size) {
            return answer(context, Err(failure));
        }
        at += size;
    }
    Ok((Ok(()),))
}

fn write_zeroes(mut context: Context<'_>, stream: Resource<OutputStream>, len: u64) -> StreamAnswer<()> {
    check_permit(len)?;
    let mut left = len as usize;
    while left > 0 {
        let size = DATA_BYTES.min(left);
        let state = context.data_mut();
        state.host.data(size).fill(0);
        if let Err(failure) = write(state, &stream, size) {
            return answer(context, Err(failure));
        }
        left -= size;
    }
    Ok((Ok(()),))
}

fn read_list(mut context: Context<'_>, stream: Resource<InputStream>, len: u64, waits: Waits) -> StreamAnswer<Vec<u8>> {
    let state = context.data_mut();
    let got = read(state, &stream, len, waits);
    let bytes = got.map(|got| got.map(|got| state.host.data(got).to_vec()));
    answer(context, bytes)
}

fn skip(mut context: Context<'_>, stream: Resource<InputStream>, len: u64, waits: Waits) -> StreamAnswer<u64> {
    let got = read(context.data_mut(), &stream, len, waits);
    answer(context, got.map(|got| got.map(|got| got as u64)))
}

fn splice(
    mut context: Context<'_>,
    to: Resource<OutputStream>,
    from: Resource<InputStream>,
    len: u64,
    waits: Waits,
) -> StreamAnswer<u64> {
    let state = context.data_mut();
    let moved = match read(state, &from, len, waits) {
        Ok(Some(got)) => write(state, &to, got).map(|()| Some(got as u64)),
        Ok(None) => Ok(None),
        Err(failure) => Err(failure),
    };
    answer(context, moved)
}

fn flush(context: Context<'_>, (stream,): (Resource<OutputStream>,)) -> StreamAnswer<()> {
    context.data().resources.get(&stream)?;
    Ok((Ok(()),))
}

fn streams(linker: &mut LinkerInstance<'_, State>) -> Result<()> {
    input_streams(linker)?;
    output_streams(linker)
}

type In = Resource<InputStream>;
type Out = Resource<OutputStream>;

fn input_streams(linker: &mut LinkerInstance<'_, State>) -> Result<()> {
    linker.resource("input-stream", ResourceType::host::<InputStream>(), |mut context, rep| {
        context.data_mut().resources.delete(In::new_own(rep))?;
        Ok(())
    })?;
    linker.func_wrap("[method]input-stream.read", |context: Context<'_>, (stream, len): (In, u64)| {
        read_list(context, stream, len, Waits::No)
    })?;
    linker.func_wrap("[method]input-stream.blocking-read", |context: Context<'_>, (stream, len): (In, u64)| {
        read_list(context, stream, len, Waits::Yes)
    })?;
    linker.func_wrap("[method]input-stream.skip", |context: Context<'_>, (stream, len): (In, u64)| {
        skip(context, stream, len, Waits::No)
    })?;
    linker.func_wrap("[method]input-stream.blocking-skip", |context: Context<'_>, (stream, len): (In, u64)| {
        skip(context, stream, len, Waits::Yes)
    })?;
    linker.func_wrap("[method]input-stream.subscribe", |mut context: Context<'_>, (stream,): (In,)| {
        let resources = &mut context.data_mut().resources;
        let pollable = match resources.get(&stream)? {
            InputStream::Stdin => Pollable::Stdin,
            InputStream::File { .. } => Pollable::Ready,
        };
        Ok((resources.push(pollable)?,))
    })
}

fn output_streams(linker: &mut LinkerInstance<'_, State>) -> Result<()> {
    linker.resource("output-stream", ResourceType::host::<OutputStream>(), |mut context, rep| {
        context.data_mut().resources.delete(Out::new_own(rep))?;
        Ok(())
    })?;
    linker.func_wrap("[method]output-stream.check-write", |context: Context<'_>, (stream,): (Out,)| {
        context.data().resources.get(&stream)?;
        Ok((Ok::<u64, StreamError>(PERMITTED_BYTES),))
    })?;
    for name in ["[method]output-stream.write", "[method]output-stream.blocking-write-and-flush"] {
        linker.func_wrap(name, |context: Context<'_>, (stream, bytes): (Out, WasmList<u8>)| {
            write_bytes(context, stream, bytes)
        })?;
    }
    for name in ["[method]output-stream.write-zeroes", "[method]output-stream.blocking-write-zeroes-and-flush"] {
        linker.func_wrap(name, |context: Context<'_>, (stream, len): (Out, u64)| write_zeroes(context, stream, len))?;
    }
    for name in ["[method]output-stream.flush", "[method]output-stream.blocking-flush"] {
        linker.func_wrap(name, flush)?;
    }
    linker.func_wrap("[method]output-stream.splice", |context: Context<'_>, (to, from, len): (Out, In, u64)| {
        splice(context, to, from, len, Waits::No)
    })?;
    linker.func_wrap(
        "[method]output-stream.blocking-splice",
        |context: Context<'_>, (to, from, len): (Out, In, u64)| splice(context, to, from, len, Waits::Yes),
    )?;
    linker.func_wrap("[method]output-stream.subscribe", |mut context: Context<'_>, (stream,): (Out,)| {
        let resources = &mut context.data_mut().resources;
        resources.get(&stream)?;
        Ok((resources.push(Pollable::Ready)?,))
    })
}
