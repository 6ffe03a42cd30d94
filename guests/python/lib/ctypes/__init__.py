"""ctypes for the sandbox, where no shared library can be loaded: types can be named and hold values, libraries fail."""
import struct as _struct

from _sandbox import missing as _missing, names_missing

__version__ = "1.1.0"
_WHY = "no shared library can be loaded"
DEFAULT_MODE, RTLD_LOCAL, RTLD_GLOBAL = 0, 0, 256


class ArgumentError(Exception):
    pass


class _SimpleMeta(type):
    def __mul__(cls, count):
        return type(f"{cls.__name__}_Array_{count}", (Array,), {"_type_": cls, "_length_": count})

    __rmul__ = __mul__


class _SimpleCData(metaclass=_SimpleMeta):
    _type_ = "i"

    def __init__(self, value=0):
        self.value = value

    def __setattr__(self, name, value):
        if name == "value":
            value = self._convert(value)
        object.__setattr__(self, name, value)

    @classmethod
    def _convert(cls, value):
        code = cls._type_
        if code in "fd":
            return _struct.unpack(code, _struct.pack(code, value))[0]
        if code == "?":
            return bool(value)
        if code in "czZPO" or code == "u":
            return value
        if not isinstance(value, int):
            raise TypeError(f"an integer is required (got type {type(value).__name__})")
        bits = 8 * _struct.calcsize(code)
        value &= (1 << bits) - 1
        return value - (1 << bits) if code.islower() and value >> (bits - 1) else value

    def __repr__(self):
        return f"{type(self).__name__}({self.value!r})"

    def __bool__(self):
        return bool(self.value)


def _simple(name, code, zero=0):
    def __init__(self, value=zero):
        self.value = value
    return _SimpleMeta(name, (_SimpleCData,), {"_type_": code, "__init__": __init__, "__module__": "ctypes"})


for _name, _code in dict(c_byte="b", c_ubyte="B", c_short="h", c_ushort="H", c_int="i", c_uint="I", c_long="l", c_ulong="L",
                         c_longlong="q", c_ulonglong="Q").items():
    globals()[_name] = _simple(_name, _code)
c_float, c_double, c_longdouble = _simple("c_float", "f", 0.0), _simple("c_double", "d", 0.0), _simple("c_longdouble", "d", 0.0)
c_bool, c_char, c_wchar = _simple("c_bool", "?", False), _simple("c_char", "c", b"\0"), _simple("c_wchar", "u", "\0")
c_char_p, c_wchar_p, c_void_p = _simple("c_char_p", "z", None), _simple("c_wchar_p", "Z", None), _simple("c_void_p", "P", None)
py_object = _simple("py_object", "O", None)
c_int8, c_uint8, c_int16, c_uint16, c_int32, c_uint32, c_int64, c_uint64 = (
    c_byte, c_ubyte, c_short, c_ushort, c_int, c_uint, c_longlong, c_ulonglong)
c_size_t, c_ssize_t, c_voidp, c_time_t = c_ulong, c_long, c_void_p, c_longlong
c_byte.__ctype_le__ = c_byte.__ctype_be__ = c_byte


def _refuse(what, error=OSError):
    def function(*args, **kwargs):
        raise error(_missing(what, _WHY))
    return function


class _Data(metaclass=_SimpleMeta):
    __init__ = _refuse("ctypes memory")


class Array(_Data):
    pass


class Structure(_Data):
    pass


class Union(_Data):
    pass


class _Pointer(_Data):
    pass


BigEndianStructure = LittleEndianStructure = Structure
BigEndianUnion = LittleEndianUnion = Union


class CDLL:
    def __init__(self, name=None, *args, **kwargs):
        raise OSError(f"{name}: " + _missing("ctypes.CDLL", _WHY))


class PyDLL(CDLL):
    pass


class LibraryLoader:
    def __init__(self, dlltype):
        self._dlltype = dlltype

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return self._dlltype(name)

    def __getitem__(self, name):
        return self._dlltype(name)

    def LoadLibrary(self, name):
        return self._dlltype(name)


cdll, pydll = LibraryLoader(CDLL), LibraryLoader(PyDLL)


def POINTER(type_):
    return type(f"LP_{getattr(type_, '__name__', type_)}", (_Pointer,), {"_type_": type_})


def CFUNCTYPE(restype, *argtypes, **_):
    return type("CFunctionType", (_Data,), {"_restype_": restype, "_argtypes_": argtypes})


PYFUNCTYPE = CFUNCTYPE


def sizeof(obj, /):
    code = getattr(obj, "_type_", None)
    if isinstance(code, str):
        return {"u": 4, "z": 4, "Z": 4, "P": 4, "O": 4, "l": 4, "L": 4}.get(code) or _struct.calcsize(code)
    if getattr(obj, "_length_", None) is not None:
        return obj._length_ * sizeof(obj._type_)
    raise TypeError("this type has no size")


def create_string_buffer(init, size=None):
    return _Data()


create_unicode_buffer = c_buffer = create_string_buffer
pointer = byref = addressof = cast = memmove = memset = string_at = wstring_at = resize = _refuse("ctypes memory")
get_errno = set_errno = lambda value=0: 0
alignment = sizeof
_errno = 0
__getattr__ = names_missing("ctypes", _WHY)
