"""The names of Windows' types, for modules that mention them."""
from ctypes import (c_byte as BYTE, c_char_p as LPCSTR, c_int as BOOL, c_long as LONG, c_short as SHORT, c_uint as UINT,
                    c_ulong as DWORD, c_ushort as WORD, c_void_p as HANDLE, c_wchar_p as LPCWSTR)

LPSTR, LPWSTR, LPVOID, HWND, HINSTANCE, HMODULE, INT, ULONG = LPCSTR, LPCWSTR, HANDLE, HANDLE, HANDLE, HANDLE, BOOL, DWORD
