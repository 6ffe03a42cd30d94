"""mmap for the sandbox: the file is read as a whole, and written back on flush() and close()."""
import os as _os

ACCESS_DEFAULT, ACCESS_READ, ACCESS_WRITE, ACCESS_COPY = 0, 1, 2, 3
MAP_SHARED, MAP_PRIVATE, MAP_ANON, MAP_ANONYMOUS = 1, 2, 32, 32
PROT_READ, PROT_WRITE, PROT_EXEC = 1, 2, 4
PAGESIZE = ALLOCATIONGRANULARITY = 65536
error = OSError


class mmap:
    def __init__(self, fileno, length, flags=MAP_SHARED, prot=PROT_READ | PROT_WRITE, access=ACCESS_DEFAULT, offset=0):
        if length < 0 or offset < 0 or offset % ALLOCATIONGRANULARITY:
            raise ValueError("mmap length and offset must fit the file")
        if access == ACCESS_DEFAULT:
            access = ACCESS_COPY if flags & MAP_PRIVATE else ACCESS_WRITE if prot & PROT_WRITE else ACCESS_READ
        self._access, self._file, self._offset, self._at, self.closed = access, fileno, offset, 0, False
        if fileno == -1:
            self._data = bytearray(length)
            return
        size = _os.fstat(fileno).st_size
        if length == 0:
            if size <= offset:
                raise ValueError("cannot mmap an empty file" if size == 0 else "mmap offset is greater than file size")
            length = size - offset
        elif size < offset + length:
            raise ValueError("mmap length is greater than file size")
        self._data = bytearray()
        while len(self._data) < length:
            piece = _os.pread(fileno, length - len(self._data), offset + len(self._data))
            if not piece:
                break
            self._data += piece

    def _open(self):
        if self.closed:
            raise ValueError("mmap closed or invalid")
        return self._data

    def _writable(self):
        if self._access == ACCESS_READ:
            raise TypeError("mmap can't modify a readonly memory map.")
        return self._open()

    def __buffer__(self, flags):
        return memoryview(self._open() if self._access != ACCESS_READ else bytes(self._open()))

    def __len__(self):
        return len(self._open())

    def __getitem__(self, index):
        part = self._open()[index]
        return bytes(part) if isinstance(index, slice) else part

    def __setitem__(self, index, value):
        data = self._writable()
        if isinstance(index, slice) and len(data[index]) != len(value):
            raise IndexError("mmap slice assignment is wrong size")
        data[index] = value

    def __iter__(self):
        return (bytes([byte]) for byte in self._open())

    def __contains__(self, value):
        return value in self._open()

    def __enter__(self):
        self._open()
        return self

    def __exit__(self, *_):
        self.close()

    def __del__(self):
        if not getattr(self, "closed", True):
            self.close()

    def find(self, sub, start=None, end=None):
        return self._open().find(sub, self._at if start is None else start, len(self) if end is None else end)

    def rfind(self, sub, start=None, end=None):
        return self._open().rfind(sub, self._at if start is None else start, len(self) if end is None else end)

    def read(self, n=None):
        data = self._open()
        end = len(data) if n is None or n < 0 else min(len(data), self._at + n)
        part, self._at = bytes(data[self._at:end]), end
        return part

    def read_byte(self):
        if self._at >= len(self._open()):
            raise ValueError("read byte out of range")
        self._at += 1
        return self._data[self._at - 1]

    def readline(self):
        end = self._open().find(b"\n", self._at) + 1
        return self.read((end or len(self._data)) - self._at)

    def write(self, data):
        if self._at + len(data) > len(self._writable()):
            raise ValueError("data out of range")
        self._data[self._at:self._at + len(data)] = data
        self._at += len(data)
        return len(data)

    def write_byte(self, byte):
        self.write(bytes([byte]))

    def seek(self, pos, whence=0):
        to = pos + (0, self._at, len(self._open()))[whence]
        if not 0 <= to <= len(self._data):
            raise ValueError("seek out of range")
        self._at = to
        return to

    def tell(self):
        self._open()
        return self._at

    def seekable(self):
        return True

    def size(self):
        return len(self._open()) if self._file == -1 else _os.fstat(self._file).st_size

    def move(self, dest, src, count):
        data = self._writable()
        if min(dest, src, count) < 0 or max(dest, src) + count > len(data):
            raise ValueError("source, destination, or count out of range")
        data[dest:dest + count] = bytes(data[src:src + count])

    def resize(self, newsize):
        raise SystemError("mmap: resizing not available--no mremap()")

    def madvise(self, *_):
        self._open()

    def flush(self, *_):
        if self._access == ACCESS_WRITE and self._file != -1:
            _os.pwrite(self._file, self._open(), self._offset)

    def close(self):
        if not self.closed:
            try:
                self.flush()
            except OSError:
                pass
            self.closed = True
            self._data = bytearray()
