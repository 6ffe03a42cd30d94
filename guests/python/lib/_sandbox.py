"""What the guest's stand-ins for missing parts of the platform share."""


def missing(what, why):
    """The one line a script gets when it really uses something the sandbox lacks."""
    return f"{what} is not available in the WebAssembly sandbox: {why}; a native tier would have it"


def refuses(module, why, error=OSError):
    """A maker of functions that exist and fail: `ioctl = refuse("ioctl")`."""
    def refuse(name):
        def function(*args, **kwargs):
            raise error(missing(f"{module}.{name}", why))
        function.__name__ = function.__qualname__ = name
        function.__module__ = module
        return function
    return refuse


def names_missing(module, why):
    """A module's __getattr__: hasattr() stays False, and the error says why."""
    def __getattr__(name):
        if name.startswith("__"):
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        raise AttributeError(missing(f"{module}.{name}", why), name=name)
    return __getattr__
