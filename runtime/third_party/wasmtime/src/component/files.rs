//! wasi:filesystem. Paths, rights, quotas and the record of changes are the host's affair: here arguments only change
//! their shape.

use super::preview1::{Answer, Failure, Function, OpenFile, Preview1, DATA_BYTES};
use super::streams::{InputStream, OutputStream, StreamFailure};
use super::system::{datetime, must};
use super::{Context, State};
use std::hash::Hasher;
use std::sync::Arc;
use wasmtime::component::{LinkerInstance, Resource, ResourceType, WasmList};
use wasmtime::{AsContext, Error, Result};
use wasmtime_wasi::p2::bindings::filesystem::types::{
    Advice, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry, ErrorCode, MetadataHashValue,
    NewTimestamp, OpenFlags, PathFlags,
};

type Define = fn(&mut LinkerInstance<'_, State>) -> Result<()>;

pub fn definer(interface: &str) -> Option<Define> {
    Some(match interface {
        "wasi:filesystem/preopens" => preopens,
        "wasi:filesystem/types" => types,
        _ => return None,
    })
}

pub struct Descriptor {
    file: Arc<OpenFile>,
    flags: DescriptorFlags,
    is_directory: bool,
}

/// A listing that goes on where it stopped.
pub struct Listing {
    folder: Arc<OpenFile>,
    cookie: u64,
    /// Entries of preview 1 that were read, and how much of them has been given out.
    records: Vec<u8>,
    given: usize,
    at_end: bool,
}

type Fd = Resource<Descriptor>;

fn answer<T>(answer: Answer<T>) -> Result<(std::result::Result<T, ErrorCode>,)> {
    match answer {
        Ok(value) => Ok((Ok(value),)),
        Err(Failure::Code(code)) => Ok((Err(code),)),
        Err(Failure::Stop(error)) => Err(error),
    }
}

fn fd_of(state: &State, descriptor: &Fd) -> Result<u64> {
    Ok(state.resources.get(descriptor)?.file.fd)
}

// Rights of preview 1.
const READ: u64 = 1 << 1;
const SEEK_AND_TELL: u64 = 1 << 2 | 1 << 5;
const SYNC: u64 = 1 << 0 | 1 << 4;
const ADVISE: u64 = 1 << 7;
const WRITE_BYTES: u64 = 1 << 6;
/// Writing, allocating and changing the size: what makes the host answer `read-only` where nothing may be written.
const WRITE: u64 = WRITE_BYTES | 1 << 8 | 1 << 22;
const CREATE_FILE: u64 = 1 << 10;
/// Everything that concerns names, listings, status and times.
const NAMES: u64 = 0x3f << 9 | 0x7f << 15 | 1 << 23 | 1 << 24 | 1 << 25 | 1 << 26;
const STATUS: u64 = 1 << 21;
const EVERYTHING: u64 = (1 << 28) - 1;

fn flag(is_set: bool, flag: DescriptorFlags) -> DescriptorFlags {
    if is_set {
        flag
    } else {
        DescriptorFlags::empty()
    }
}

/// Makes a descriptor of what the host has opened.
fn describe(host: &mut Preview1, file: Arc<OpenFile>) -> Answer<Descriptor> {
    host.call(Function::FdFdstatGet, &[file.fd, Preview1::result_address()])?;
    let is_directory = host.result_u32(0) & 0xff == 3;
    let rights = host.result_u64(8);
    let modes = host.result_u32(0) >> 16;
    let flags = flag(is_directory || rights & READ != 0, DescriptorFlags::READ)
        | flag(!is_directory && rights & WRITE_BYTES != 0, DescriptorFlags::WRITE)
        | flag(is_directory && rights & CREATE_FILE != 0, DescriptorFlags::MUTATE_DIRECTORY)
        | flag(modes & 2 != 0, DescriptorFlags::DATA_INTEGRITY_SYNC)
        | flag(modes & 8 != 0, DescriptorFlags::REQUESTED_WRITE_SYNC)
        | flag(modes & 16 != 0, DescriptorFlags::FILE_INTEGRITY_SYNC);
    Ok(Descriptor { file, flags, is_directory })
}

fn find_preopens(host: &mut Preview1) -> Answer<Vec<(Arc<OpenFile>, String)>> {
    let mut found = Vec::new();
    for fd in 3.. {
        match host.call(Function::FdPrestatGet, &[fd, Preview1::result_address()]) {
            Ok(()) => {}
            Err(Failure::Code(ErrorCode::BadDescriptor)) => break,
            Err(failure) => return Err(failure),
        }
        let len = host.result_u32(4) as usize;
        host.call(Function::FdPrestatDirName, &[fd, Preview1::data_address(), len as u64])?;
        let name = String::from_utf8_lossy(host.data(len)).into_owned();
        found.push((host.open_file(fd), name));
    }
    Ok(found)
}

fn preopens(linker: &mut LinkerInstance<'_, State>) -> Result<()> {
    linker.func_wrap("get-directories", |mut context: Context<'_>, (): ()| {
        let state = context.data_mut();
        if state.preopens.is_none() {
            state.preopens = Some(must(find_preopens(&mut state.host))?);
        }
        let mut directories = Vec::new();
        for (file, name) in state.preopens.as_ref().into_iter().flatten() {
            let descriptor = must(describe(&mut state.host, file.clone()))?;
            directories.push((state.resources.push(descriptor)?, name.clone()));
        }
        Ok((directories,))
    })
}

fn type_of(file_type: u32) -> DescriptorType {
    match file_type & 0xff {
        1 => DescriptorType::BlockDevice,
        2 => DescriptorType::CharacterDevice,
        3 => DescriptorType::Directory,
        4 => DescriptorType::RegularFile,
        5 | 6 => DescriptorType::Socket,
        7 => DescriptorType::SymbolicLink,
        _ => DescriptorType::Unknown,
    }
}

/// The status a call has put into the result area.
fn stat_result(host: &Preview1) -> DescriptorStat {
    DescriptorStat {
        type_: type_of(host.result_u32(16)),
        link_count: host.result_u64(24),
        size: host.result_u64(32),
        data_access_timestamp: Some(datetime(host.result_u64(40))),
        data_modification_timestamp: Some(datetime(host.result_u64(48))),
        status_change_timestamp: Some(datetime(host.result_u64(56))),
    }
}

/// Differs when the object, its size or one of its times differs.
fn hash_result(host: &Preview1) -> MetadataHashValue {
    let half = |seed: u8| {
        let mut hasher = std::hash::DefaultHasher::new();
        hasher.write_u8(seed);
        for offset in [0, 8, 32, 48, 56] {
            hasher.write_u64(host.result_u64(offset));
        }
        hasher.finish()
    };
    MetadataHashValue { lower: half(0), upper: half(1) }
}

fn stat(host: &mut Preview1, fd: u64) -> Answer<()> {
    host.call(Function::FdFilestatGet, &[fd, Preview1::result_address()])
}

fn stat_at(host: &mut Preview1, fd: u64, flags: PathFlags, path: &str) -> Answer<()> {
    let [address, len] = host.path(path)?;
    host.call(Function::PathFilestatGet, &[fd, follow(flags), address, len, Preview1::result_address()])
}

pub fn size_of(host: &mut Preview1, file: &OpenFile) -> Answer<u64> {
    stat(host, file.fd)?;
    Ok(host.result_u64(32))
}

fn follow(flags: PathFlags) -> u64 {
    flags.contains(PathFlags::SYMLINK_FOLLOW).into()
}

/// Access and modification time as preview 1 takes them: two times and the flags that say which are meant.
fn times(accessed: NewTimestamp, modified: NewTimestamp) -> Answer<[u64; 3]> {
    let mut flags = 0;
    let mut one = |time: NewTimestamp, set: u64, now: u64| match time {
        NewTimestamp::NoChange => Ok(0),
        NewTimestamp::Now => {
            flags |= now;
            Ok(0)
        }
        NewTimestamp::Timestamp(time) => {
            flags |= set;
            let ns = time.seconds.checked_mul(1_000_000_000).and_then(|ns| ns.checked_add(time.nanoseconds.into()));
            ns.ok_or(Failure::Code(ErrorCode::Overflow))
        }
    };
    let (accessed, modified) = (one(accessed, 1, 2)?, one(modified, 4, 8)?);
    Ok([accessed, modified, flags])
}

fn open_at(
    state: &mut State,
    folder: &Fd,
    path_flags: PathFlags,
    path: &str,
    open_flags: OpenFlags,
    flags: DescriptorFlags,
) -> Answer<Fd> {
    let folder = fd_of(state, folder)?;
    let mut rights = SEEK_AND_TELL | SYNC | ADVISE | NAMES | STATUS;
    if flags.contains(DescriptorFlags::READ) {
        rights |= READ;
    }
    if flags.contains(DescriptorFlags::WRITE) {
        rights |= WRITE;
    }
    let bit = |set: bool, bit: u64| if set { bit } else { 0 };
    let how = bit(open_flags.contains(OpenFlags::CREATE), 1)
        | bit(open_flags.contains(OpenFlags::DIRECTORY), 2)
        | bit(open_flags.contains(OpenFlags::EXCLUSIVE), 4)
        | bit(open_flags.contains(OpenFlags::TRUNCATE), 8);
    let modes = bit(flags.contains(DescriptorFlags::DATA_INTEGRITY_SYNC), 2)
        | bit(flags.contains(DescriptorFlags::REQUESTED_WRITE_SYNC), 8)
        | bit(flags.contains(DescriptorFlags::FILE_INTEGRITY_SYNC), 16);
    let host = &mut state.host;
    let [address, len] = host.path(path)?;
    let result = Preview1::result_address();
    host.call(Function::PathOpen, &[folder, follow(path_flags), address, len, how, rights, EVERYTHING, modes, result])?;
    let file = host.open_file(host.result_u32(0).into());
    let descriptor = describe(host, file)?;
    Ok(state.resources.push(descriptor).map_err(Error::from)?)
}

/// Small, since a guest may hold many listings.
const LISTING_BYTES: usize = 8192;
const ENTRY_BYTES: usize = 24;

fn fill(host: &mut Preview1, listing: &mut Listing) -> Answer<()> {
    let (address, result) = (Preview1::data_address(), Preview1::result_address());
    host.call(Function::FdReaddir, &[listing.folder.fd, address, LISTING_BYTES as u64, listing.cookie, result])?;
    let used = host.result_u32(0) as usize;
    listing.records = host.data(used).to_vec();
    listing.given = 0;
    listing.at_end = used < LISTING_BYTES;
    Ok(())
}

/// The next entry that has been read. An entry that is cut off comes whole the next time.
fn take_record(listing: &mut Listing) -> Option<(u32, Vec<u8>)> {
    let rest = &listing.records[listing.given..];
    let header = rest.get(..ENTRY_BYTES)?;
    let len = u32::from_le_bytes(header[16..20].try_into().expect("four bytes")) as usize;
    let name = rest.get(ENTRY_BYTES..ENTRY_BYTES + len)?.to_vec();
    let file_type = header[20].into();
    listing.cookie = u64::from_le_bytes(header[..8].try_into().expect("eight bytes"));
    listing.given += ENTRY_BYTES + len;
    Some((file_type, name))
}

fn next_entry(state: &mut State, listing: &Resource<Listing>) -> Answer<Option<DirectoryEntry>> {
    let listing = state.resources.get_mut(listing).map_err(Error::from)?;
    loop {
        match take_record(listing) {
            Some((_, name)) if name == b"." || name == b".." => {}
            Some((file_type, name)) => {
                let name = String::from_utf8(name).map_err(|_| ErrorCode::IllegalByteSequence)?;
                return Ok(Some(DirectoryEntry { type_: type_of(file_type), name }));
            }
            None if listing.at_end => return Ok(None),
            None => fill(&mut state.host, listing)?,
        }
    }
}

fn stream_over(state: &State, descriptor: &Fd, needed: DescriptorFlags) -> Answer<Arc<OpenFile>> {
    let descriptor = state.resources.get(descriptor).map_err(Error::from)?;
    if descriptor.is_directory {
        return Err(ErrorCode::IsDirectory.into());
    }
    if !descriptor.flags.contains(needed) {
        return Err(ErrorCode::BadDescriptor.into());
    }
    Ok(descriptor.file.clone())
}

fn types(linker: &mut LinkerInstance<'_, State>) -> Result<()> {
    linker.resource("descriptor", ResourceType::host::<Descriptor>(), |mut context, rep| {
        context.data_mut().resources.delete(Fd::new_own(rep))?;
        Ok(())
    })?;
    linker.resource("directory-entry-stream", ResourceType::host::<Listing>(), |mut context, rep| {
        context.data_mut().resources.delete(Resource::<Listing>::new_own(rep))?;
        Ok(())
    })?;
    linker.func_wrap("filesystem-error-code", |context: Context<'_>, (error,): (Resource<StreamFailure>,)| {
        Ok((Some(context.data().resources.get(&error)?.0),))
    })?;
    contents(linker)?;
    properties(linker)?;
    names(linker)
}

fn contents(linker: &mut LinkerInstance<'_, State>) -> Result<()> {
    linker.func_wrap("[method]descriptor.read-via-stream", |mut context: Context<'_>, (fd, position): (Fd, u64)| {
        let state = context.data_mut();
        answer(
            stream_over(state, &fd, DescriptorFlags::READ).and_then(|file| {
                Ok(state.resources.push(InputStream::File { file, position }).map_err(Error::from)?)
            }),
        )
    })?;
    linker.func_wrap(
        "[method]descriptor.write-via-stream",
        |mut context: Context<'_>, (fd, position): (Fd, u64)| {
            let state = context.data_mut();
            answer(stream_over(state, &fd, DescriptorFlags::WRITE).and_then(|file| {
                let stream = OutputStream::File { file, position: Some(position) };
                Ok(state.resources.push(stream).map_err(Error::from)?)
            }))
        },
    )?;
    linker.func_wrap("[method]descriptor.append-via-stream", |mut context: Context<'_>, (fd,): (Fd,)| {
        let state = context.data_mut();
        answer(stream_over(state, &fd, DescriptorFlags::WRITE).and_then(|file| {
            let stream = OutputStream::File { file, position: None };
            Ok(state.resources.push(stream).map_err(Error::from)?)
        }))
    })?;
    linker.func_wrap("[method]descriptor.read", |mut context: Context<'_>, (fd, len, offset): (Fd, u64, u64)| {
        let state = context.data_mut();
        let fd = fd_of(state, &fd)?;
        answer(state.host.read(fd, Some(offset), len).map(|bytes| (bytes.to_vec(), len > 0 && bytes.is_empty())))
    })?;
    linker.func_wrap(
        "[method]descriptor.write",
        |mut context: Context<'_>, (fd, bytes, offset): (Fd, WasmList<u8>, u64)| {
            let size = DATA_BYTES.min(bytes.len());
            let mut chunk = [0; DATA_BYTES];
            chunk[..size].copy_from_slice(&bytes.as_le_slice(context.as_context())[..size]);
            let state = context.data_mut();
            state.host.data(size).copy_from_slice(&chunk[..size]);
            let fd = fd_of(state, &fd)?;
            answer(state.host.write(fd, Some(offset), size))
        },
    )?;
    linker.func_wrap("[method]descriptor.read-directory", |mut context: Context<'_>, (fd,): (Fd,)| {
        let state = context.data_mut();
        let descriptor = state.resources.get(&fd)?;
        if !descriptor.is_directory {
            return Ok((Err(ErrorCode::NotDirectory),));
        }
        let folder = descriptor.file.clone();
        let listing = Listing { folder, cookie: 0, records: Vec::new(), given: 0, at_end: false };
        Ok((Ok(state.resources.push(listing)?),))
    })?;
    linker.func_wrap(
        "[method]directory-entry-stream.read-directory-entry",
        |mut context: Context<'_>, (listing,): (Resource<Listing>,)| answer(next_entry(context.data_mut(), &listing)),
    )
}

/// Defines functions that take a descriptor and pass on what preview 1 answers.
macro_rules! pass {
    ($linker:expr, $name:literal, |$host:ident, $fd:ident $(, $arg:ident: $ty:ty)*| $body:expr) => {
        $linker.func_wrap(
            concat!("[method]descriptor.", $name),
            |mut context: Context<'_>, (descriptor, $($arg,)*): (Fd, $($ty,)*)| {
                let state = context.data_mut();
                let $fd = fd_of(state, &descriptor)?;
                let $host = &mut state.host;
                answer((|| -> Answer<_> { $body })())
            },
        )?
    };
}

fn properties(linker: &mut LinkerInstance<'_, State>) -> Result<()> {
    linker.func_wrap("[method]descriptor.get-flags", |context: Context<'_>, (fd,): (Fd,)| {
        Ok((Ok::<_, ErrorCode>(context.data().resources.get(&fd)?.flags),))
    })?;
    linker.func_wrap("[method]descriptor.is-same-object", |mut context: Context<'_>, (one, other): (Fd, Fd)| {
        let state = context.data_mut();
        let mut identity = |fd: &Fd| -> Result<_> {
            let fd = fd_of(state, fd)?;
            must(stat(&mut state.host, fd))?;
            Ok((state.host.result_u64(0), state.host.result_u64(8)))
        };
        Ok((identity(&one)? == identity(&other)?,))
    })?;
    pass!(linker, "get-type", |host, fd| {
        host.call(Function::FdFdstatGet, &[fd, Preview1::result_address()])?;
        Ok(type_of(host.result_u32(0)))
    });
    pass!(linker, "stat", |host, fd| {
        stat(host, fd)?;
        Ok(stat_result(host))
    });
    pass!(linker, "metadata-hash", |host, fd| {
        stat(host, fd)?;
        Ok(hash_result(host))
    });
    pass!(linker, "sync", |host, fd| host.call(Function::FdSync, &[fd]));
    pass!(linker, "sync-data", |host, fd| host.call(Function::FdDatasync, &[fd]));
    pass!(linker, "set-size", |host, fd, size: u64| host.call(Function::FdFilestatSetSize, &[fd, size]));
    pass!(linker, "advise", |host, fd, offset: u64, len: u64, advice: Advice| {
        host.call(Function::FdAdvise, &[fd, offset, len, advice as u64])
    });
    pass!(linker, "set-times", |host, fd, accessed: NewTimestamp, modified: NewTimestamp| {
        let [accessed, modified, flags] = times(accessed, modified)?;
        host.call(Function::FdFilestatSetTimes, &[fd, accessed, modified, flags])
    });
    Ok(())
}

fn names(linker: &mut LinkerInstance<'_, State>) -> Result<()> {
    linker.func_wrap(
        "[method]descriptor.open-at",
        |mut context: Context<'_>,
         (fd, path_flags, path, open_flags, flags): (Fd, PathFlags, String, OpenFlags, DescriptorFlags)| {
            answer(open_at(context.data_mut(), &fd, path_flags, &path, open_flags, flags))
        },
    )?;
    linker.func_wrap(
        "[method]descriptor.rename-at",
        |mut context: Context<'_>, (fd, from, to_fd, to): (Fd, String, Fd, String)| {
            let state = context.data_mut();
            let (fd, to_fd) = (fd_of(state, &fd)?, fd_of(state, &to_fd)?);
            answer(rename(&mut state.host, fd, &from, to_fd, &to))
        },
    )?;
    linker.func_wrap(
        "[method]descriptor.link-at",
        |mut context: Context<'_>, (fd, flags, from, to_fd, to): (Fd, PathFlags, String, Fd, String)| {
            let state = context.data_mut();
            let (fd, to_fd) = (fd_of(state, &fd)?, fd_of(state, &to_fd)?);
            answer(link(&mut state.host, fd, follow(flags), &from, to_fd, &to))
        },
    )?;
    pass!(linker, "stat-at", |host, fd, flags: PathFlags, path: String| {
        stat_at(host, fd, flags, &path)?;
        Ok(stat_result(host))
    });
    pass!(linker, "metadata-hash-at", |host, fd, flags: PathFlags, path: String| {
        stat_at(host, fd, flags, &path)?;
        Ok(hash_result(host))
    });
    pass!(linker, "set-times-at", |host,
                                   fd,
                                   path_flags: PathFlags,
                                   path: String,
                                   accessed: NewTimestamp,
                                   modified: NewTimestamp| {
        let [accessed, modified, flags] = times(accessed, modified)?;
        let [address, len] = host.path(&path)?;
        host.call(Function::PathFilestatSetTimes, &[fd, follow(path_flags), address, len, accessed, modified, flags])
    });
    pass!(linker, "create-directory-at", |host, fd, path: String| on_path(
        host,
        Function::PathCreateDirectory,
        fd,
        &path
    ));
    pass!(linker, "remove-directory-at", |host, fd, path: String| on_path(
        host,
        Function::PathRemoveDirectory,
        fd,
        &path
    ));
    pass!(linker, "unlink-file-at", |host, fd, path: String| on_path(host, Function::PathUnlinkFile, fd, &path));
    pass!(linker, "symlink-at", |host, fd, target: String, path: String| {
        let [target, target_len] = host.path(&target)?;
        let [address, len] = host.second_path(&path)?;
        host.call(Function::PathSymlink, &[target, target_len, fd, address, len])
    });
    pass!(linker, "readlink-at", |host, fd, path: String| {
        let [address, len] = host.path(&path)?;
        let (data, result) = (Preview1::data_address(), Preview1::result_address());
        host.call(Function::PathReadlink, &[fd, address, len, data, DATA_BYTES as u64, result])?;
        let len = host.result_u32(0) as usize;
        Ok(String::from_utf8(host.data(len).to_vec()).map_err(|_| ErrorCode::IllegalByteSequence)?)
    });
    Ok(())
}

fn on_path(host: &mut Preview1, function: Function, fd: u64, path: &str) -> Answer<()> {
    let [address, len] = host.path(path)?;
    host.call(function, &[fd, address, len])
}

fn rename(host: &mut Preview1, fd: u64, from: &str, to_fd: u64, to: &str) -> Answer<()> {
    let [from, from_len] = host.path(from)?;
    let [to, to_len] = host.second_path(to)?;
    host.call(Function::PathRename, &[fd, from, from_len, to_fd, to, to_len])
}

fn link(host: &mut Preview1, fd: u64, flags: u64, from: &str, to_fd: u64, to: &str) -> Answer<()> {
    let [from, from_len] = host.path(from)?;
    let [to, to_len] = host.second_path(to)?;
    host.call(Function::PathLink, &[fd, flags, from, from_len, to_fd, to, to_len])
}
