//! Calls of WASI preview 1, answered by the host program. Arguments that a preview 1 program would have in its memory
//! (paths, buffers, structures) are put into a small memory of our own, which the host takes for the guest's.

use std::ffi::c_void;
use std::sync::Arc;
use wasmtime::Error;
use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode;

/// What answers the calls. Layout shared with C++ (runtime/src/wasm/engine_extensions.h).
#[repr(C)]
pub struct OpenskillsPreview1Host {
    pub context: *mut c_void,
    /// Calls `function` on a memory; the arguments are as many as it has. Answers a preview 1 errno, or `STOP`.
    pub call: extern "C" fn(context: *mut c_void, function: u32, memory: *mut u8, size: usize, args: *const u64) -> u32,
    /// Whether the guest may go on; called whenever the engine's epoch has moved.
    pub may_go_on: extern "C" fn(context: *mut c_void) -> bool,
    pub initial_cwd: *const u8,
    pub initial_cwd_len: usize,
}

/// The host ends the guest: its deadline has passed, it has exited, it is cancelled.
const STOP: u32 = 0xffff;

/// The order is that of the table in runtime/src/wasm/component_run.cc.
#[repr(u32)]
#[derive(Clone, Copy)]
pub enum Function {
    ArgsGet,
    ArgsSizesGet,
    EnvironGet,
    EnvironSizesGet,
    ClockResGet,
    ClockTimeGet,
    FdAdvise,
    FdClose,
    FdDatasync,
    FdFdstatGet,
    FdFilestatGet,
    FdFilestatSetSize,
    FdFilestatSetTimes,
    FdPread,
    FdPrestatGet,
    FdPrestatDirName,
    FdPwrite,
    FdRead,
    FdReaddir,
    FdSync,
    FdWrite,
    PathCreateDirectory,
    PathFilestatGet,
    PathFilestatSetTimes,
    PathLink,
    PathOpen,
    PathReadlink,
    PathRemoveDirectory,
    PathRename,
    PathSymlink,
    PathUnlinkFile,
    PollOneoff,
    ProcExit,
    RandomGet,
}

/// Why a call gave no value.
pub enum Failure {
    /// The guest ends here.
    Stop(Error),
    /// The guest is told.
    Code(ErrorCode),
}

pub type Answer<T> = Result<T, Failure>;

impl From<ErrorCode> for Failure {
    fn from(code: ErrorCode) -> Self {
        Failure::Code(code)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Stop(error)
    }
}

/// The host of one run. It outlives the store that refers to it.
#[derive(Clone, Copy)]
pub struct HostHandle(*const OpenskillsPreview1Host);
unsafe impl Send for HostHandle {}
unsafe impl Sync for HostHandle {}

impl HostHandle {
    pub fn new(host: &OpenskillsPreview1Host) -> Self {
        HostHandle(host)
    }

    fn host(&self) -> &OpenskillsPreview1Host {
        unsafe { &*self.0 }
    }

    pub fn may_go_on(&self) -> bool {
        let host = self.host();
        (host.may_go_on)(host.context)
    }

    pub fn initial_cwd(&self) -> String {
        let host = self.host();
        let bytes = unsafe { std::slice::from_raw_parts(host.initial_cwd, host.initial_cwd_len) };
        String::from_utf8_lossy(bytes).into_owned()
    }

    fn call(&self, function: Function, memory: &mut [u8], args: &[u64]) -> Answer<()> {
        let host = self.host();
        match (host.call)(host.context, function as u32, memory.as_mut_ptr(), memory.len(), args.as_ptr()) {
            0 => Ok(()),
            STOP => Err(Failure::Stop(Error::msg("ended by a host call"))),
            errno => Err(Failure::Code(code_of(errno))),
        }
    }
}

/// An open descriptor of the host, closed when the last resource that uses it is gone.
pub struct OpenFile {
    pub fd: u64,
    host: HostHandle,
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        // Closing what is open cannot fail in a way that anyone could mend.
        let _ = self.host.call(Function::FdClose, &mut [], &[self.fd]);
    }
}

// The small memory: results and structures, two paths, and bytes.
const RESULT: usize = 0;
const IOVEC: usize = 128;
const FIRST_PATH: usize = 4096;
const SECOND_PATH: usize = 12288;
const DATA: usize = 20480;
const MAX_PATH_BYTES: usize = 8192;
/// What one call moves at most.
pub const DATA_BYTES: usize = 65536;

pub struct Preview1 {
    handle: HostHandle,
    memory: Box<[u8]>,
}

impl Preview1 {
    pub fn new(handle: HostHandle) -> Self {
        Preview1 { handle, memory: vec![0; DATA + DATA_BYTES].into_boxed_slice() }
    }

    pub fn call(&mut self, function: Function, args: &[u64]) -> Answer<()> {
        self.handle.call(function, &mut self.memory, args)
    }

    pub fn result_u32(&self, offset: usize) -> u32 {
        let at = RESULT + offset;
        u32::from_le_bytes(self.memory[at..at + 4].try_into().expect("four bytes"))
    }

    pub fn result_u64(&self, offset: usize) -> u64 {
        let at = RESULT + offset;
        u64::from_le_bytes(self.memory[at..at + 8].try_into().expect("eight bytes"))
    }

    /// The first bytes of what a call put into the data area.
    pub fn data(&mut self, len: usize) -> &mut [u8] {
        &mut self.memory[DATA..DATA + len]
    }

    fn path_at(&mut self, at: usize, path: &str) -> Answer<[u64; 2]> {
        if path.len() > MAX_PATH_BYTES {
            return Err(ErrorCode::NameTooLong.into());
        }
        self.memory[at..at + path.len()].copy_from_slice(path.as_bytes());
        Ok([at as u64, path.len() as u64])
    }

    pub fn path(&mut self, path: &str) -> Answer<[u64; 2]> {
        self.path_at(FIRST_PATH, path)
    }

    pub fn second_path(&mut self, path: &str) -> Answer<[u64; 2]> {
        self.path_at(SECOND_PATH, path)
    }

    /// One iovec over the first bytes of the data area.
    fn iovec(&mut self, len: usize) -> [u64; 2] {
        self.memory[IOVEC..IOVEC + 4].copy_from_slice(&(DATA as u32).to_le_bytes());
        self.memory[IOVEC + 4..IOVEC + 8].copy_from_slice(&(len as u32).to_le_bytes());
        [IOVEC as u64, 1]
    }

    /// Fills the data area with at most `len` bytes; `offset` is `None` for a stream.
    pub fn read(&mut self, fd: u64, offset: Option<u64>, len: u64) -> Answer<&[u8]> {
        let [iovec, count] = self.iovec(len.min(DATA_BYTES as u64) as usize);
        match offset {
            Some(offset) => self.call(Function::FdPread, &[fd, iovec, count, offset, RESULT as u64])?,
            None => self.call(Function::FdRead, &[fd, iovec, count, RESULT as u64])?,
        }
        let got = self.result_u32(0) as usize;
        Ok(self.data(got))
    }

    /// Writes what the data area begins with. Answers how much was written.
    pub fn write(&mut self, fd: u64, offset: Option<u64>, len: usize) -> Answer<u64> {
        let [iovec, count] = self.iovec(len);
        match offset {
            Some(offset) => self.call(Function::FdPwrite, &[fd, iovec, count, offset, RESULT as u64])?,
            None => self.call(Function::FdWrite, &[fd, iovec, count, RESULT as u64])?,
        }
        Ok(self.result_u32(0).into())
    }

    /// Where a call may put its result.
    pub const fn result_address() -> u64 {
        RESULT as u64
    }

    pub const fn data_address() -> u64 {
        DATA as u64
    }

    pub fn open_file(&self, fd: u64) -> Arc<OpenFile> {
        Arc::new(OpenFile { fd, host: self.handle })
    }

    /// argv, or the environment.
    pub fn strings(&mut self, sizes: Function, get: Function) -> Answer<Vec<String>> {
        self.call(sizes, &[RESULT as u64, RESULT as u64 + 4])?;
        let (count, size) = (self.result_u32(0) as usize, self.result_u32(4) as usize);
        let mut memory = vec![0; count * 4 + size];
        self.handle.call(get, &mut memory, &[0, count as u64 * 4])?;
        let text = &memory[count * 4..];
        Ok(text.split(|&byte| byte == 0).take(count).map(|s| String::from_utf8_lossy(s).into_owned()).collect())
    }

    pub fn random(&mut self, len: usize) -> Answer<Vec<u8>> {
        let mut bytes = vec![0; len];
        self.handle.call(Function::RandomGet, &mut bytes, &[0, len as u64])?;
        Ok(bytes)
    }

    /// Preview 1 clock 0 is the time of day, 1 the monotonic clock.
    pub fn clock(&mut self, function: Function, id: u64) -> Answer<u64> {
        match function {
            Function::ClockResGet => self.call(function, &[id, RESULT as u64])?,
            _ => self.call(function, &[id, 0, RESULT as u64])?,
        }
        Ok(self.result_u64(0))
    }
}

fn code_of(errno: u32) -> ErrorCode {
    use ErrorCode::*;
    match errno {
        2 => Access,
        6 => WouldBlock,
        7 => Already,
        8 => BadDescriptor,
        10 => Busy,
        16 => Deadlock,
        19 => Quota,
        20 => Exist,
        22 => FileTooLarge,
        25 => IllegalByteSequence,
        26 => InProgress,
        27 => Interrupted,
        28 => Invalid,
        31 => IsDirectory,
        32 => Loop,
        33 | 41 | 42 | 48 => InsufficientMemory,
        34 => TooManyLinks,
        35 => MessageSize,
        37 => NameTooLong,
        43 => NoDevice,
        44 => NoEntry,
        46 => NoLock,
        51 => InsufficientSpace,
        52 | 58 => Unsupported,
        54 => NotDirectory,
        55 => NotEmpty,
        56 => NotRecoverable,
        59 => NoTty,
        60 => NoSuchDevice,
        61 => Overflow,
        63 | 76 => NotPermitted,
        64 => Pipe,
        69 => ReadOnly,
        70 => InvalidSeek,
        74 => TextFileBusy,
        75 => CrossDevice,
        _ => Io,
    }
}
