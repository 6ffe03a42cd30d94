"""readline for the sandbox: there is no terminal to edit lines on, so that settings are kept and lines come unedited."""
backend = "none"
_history = []
_settings = {"completer": None, "delims": " \t\n`~!@#$%^&*()-=+[{]}\\|;:'\",<>/?", "length": -1}


def set_completer(function=None, /):
    _settings["completer"] = function


def get_completer():
    return _settings["completer"]


def set_completer_delims(string, /):
    _settings["delims"] = string


def get_completer_delims():
    return _settings["delims"]


def set_history_length(length, /):
    _settings["length"] = length


def get_history_length():
    return _settings["length"]


def add_history(string, /):
    _history.append(string)


def clear_history():
    _history.clear()


def get_current_history_length():
    return len(_history)


def get_history_item(index, /):
    return _history[index - 1] if 0 < index <= len(_history) else None


def remove_history_item(pos, /):
    del _history[pos]


def replace_history_item(pos, line, /):
    _history[pos] = line


def read_history_file(filename=None, /):
    with open(filename if filename is not None else _home(), encoding="utf-8", errors="surrogateescape") as file:
        _history.extend(file.read().splitlines())


def write_history_file(filename=None, /):
    lines = _history if _settings["length"] < 0 else _history[-_settings["length"]:] if _settings["length"] else []
    with open(filename if filename is not None else _home(), "w", encoding="utf-8", errors="surrogateescape") as file:
        file.writelines(line + "\n" for line in lines)


def append_history_file(nelements, filename=None, /):
    with open(filename if filename is not None else _home(), "a", encoding="utf-8", errors="surrogateescape") as file:
        file.writelines(line + "\n" for line in _history[-nelements:])


def _home():
    import os
    return os.path.expanduser("~/.history")


def _nothing(*_):
    return None


parse_and_bind = read_init_file = redisplay = insert_text = set_startup_hook = set_pre_input_hook = _nothing
set_completion_display_matches_hook = set_auto_history = _nothing


_READLINE_VERSION = _READLINE_RUNTIME_VERSION = 0x802
_READLINE_LIBRARY_VERSION = "8.2"


def get_line_buffer():
    return ""


def get_begidx():
    return 0


get_endidx = get_completion_type = get_begidx
