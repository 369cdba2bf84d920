"""Why a single object cannot be pickled, and what people do instead.

The text is the same on every Python: CPython's own messages differ from version to version.
"""

from __future__ import annotations

import functools
import os
import re
import sys
import types
from dataclasses import dataclass
from typing import Any

_STDLIB = os.path.dirname(os.__file__)
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


@dataclass(frozen=True)
class Reason:
    """What an object is, why that cannot be pickled, and the usual remedy."""

    what: str
    why: str
    remedy: str

    def __str__(self) -> str:
        return f"is {self.what}; {self.why}: {self.remedy}"


_LOCK = Reason(
    "a lock",
    "a lock belongs to one process",
    "make it in the child, leave it out in __getstate__, or hand over a multiprocessing lock when "
    "the child is started",
)
_RUNNING = Reason(
    "a generator",
    "a frame that is running cannot be copied",
    "send list(...) of it, or a function that makes it",
)
_FRAME = Reason(
    "a frame", "it is a part of the running interpreter", "send traceback.format_exception(...)"
)
_DATABASE = Reason(
    "a database connection",
    "it belongs to one process",
    "send what connects, and connect in the child",
)
_VIEW = Reason("a view of a dict", "it is no data of its own", "send list(...) of it")

# By the full name of the class, so that nothing has to be imported.
_KNOWN = {
    "_thread.lock": _LOCK,
    "_thread.RLock": _LOCK,
    "_thread._local": Reason(
        "a thread-local",
        "its values belong to the threads of one process",
        "send the values that are needed",
    ),
    "_thread._ThreadHandle": Reason(
        "a thread", "threads belong to one process", "start it in the child"
    ),
    "builtins.generator": _RUNNING,
    "builtins.coroutine": Reason(
        "a coroutine",
        "a frame that is running cannot be copied",
        "send the function and its arguments, and call it in the child",
    ),
    "builtins.async_generator": _RUNNING,
    "builtins.frame": _FRAME,
    "builtins.traceback": _FRAME,
    "builtins.dict_keys": _VIEW,
    "builtins.dict_values": _VIEW,
    "builtins.dict_items": _VIEW,
    "builtins.memoryview": Reason(
        "a memoryview", "it points into the memory of this process", "send bytes(...) of it"
    ),
    "builtins.mappingproxy": Reason(
        "a mappingproxy", "it is no data of its own", "send dict(...) of it"
    ),
    "weakref.ReferenceType": Reason(
        "a weak reference",
        "it means an object of this process",
        "send the object, or the key to find it by",
    ),
    "mmap.mmap": Reason(
        "a memory map",
        "it belongs to one process",
        "send the path, or use multiprocessing.shared_memory",
    ),
    "socket.socket": Reason(
        "a socket",
        "a socket belongs to one process",
        "send its address and connect in the child; multiprocessing can hand over the socket "
        "itself, as an argument of Process or through its own Queue or Pipe",
    ),
    "sqlite3.Connection": _DATABASE,
    "sqlite3.Cursor": _DATABASE,
    "_contextvars.ContextVar": Reason(
        "a context variable", "its values belong to this process", "send the value"
    ),
}


def reason_of_function(function: types.FunctionType) -> Reason | None:
    """Why a function cannot be pickled; None if it can.

    A function is pickled by its name, and looked up again under that name.
    """
    where = (
        f"({os.path.basename(function.__code__.co_filename)}:{function.__code__.co_firstlineno})"
    )
    if function.__qualname__.endswith("<lambda>"):
        return Reason(
            f"a lambda {where}",
            "functions are pickled by name and a lambda has none",
            "use a module-level function, functools.partial or an initializer",
        )
    found = _look_up(function)
    if found is function:
        return _reason_of_main(f"a function {where}", function.__module__)
    inside_another = "<locals>" in function.__qualname__
    public = _public_name(function) if inside_another else ""
    if public:
        return Reason(
            f"the decorated function {public} {where}",
            f"functions are pickled by name and this one calls itself {function.__qualname__}",
            "put @functools.wraps(function) on the wrapper that the decorator returns",
        )
    if inside_another:
        outer = function.__qualname__.split(".<locals>")[0]
        return Reason(
            f"a function {where} that {outer}() makes",
            "functions are pickled by name and a name inside a function cannot be looked up",
            "move it to module level, and pass what it needs as arguments or by functools.partial",
        )
    name = f"{function.__module__}.{function.__qualname__}"
    if found is None:
        return Reason(
            f"a function {where}",
            f"functions are pickled by name and there is no {name}",
            "give it the name under which its module has it",
        )
    return Reason(
        f"a function {where}",
        f"functions are pickled by name and {name} is another object",
        "keep the undecorated function under its own name, or use @functools.wraps",
    )


def reason_of_class(kind: type) -> Reason | None:
    """Why a class, or an instance of it, cannot be pickled by the name of the class."""
    found = _look_up(kind)
    if found is kind:
        return _reason_of_main(f"the class {kind.__qualname__}", kind.__module__)
    if "<locals>" in kind.__qualname__:
        outer, _, name = kind.__qualname__.rpartition(".<locals>.")
        return Reason(
            f"the class {name}, which {outer}() makes",
            "classes are pickled by name and a name inside a function cannot be looked up",
            "move the class to module level",
        )
    name = f"{kind.__module__}.{kind.__qualname__}"
    missing = f"there is no {name}" if found is None else f"{name} is another object"
    return Reason(
        f"the class {kind.__qualname__}",
        f"classes are pickled by name and {missing}",
        "give it the name under which its module has it",
    )


def reason_of_instance(kind: type, error: BaseException) -> Reason:
    """Why an object that refuses to be pickled does so.

    Args:
        kind: its class.
        error: what its method of pickling raised.
    """
    for base in kind.__mro__:
        known = _KNOWN.get(f"{base.__module__}.{base.__qualname__}")
        if known is not None:
            return known
    if issubclass(kind, types.ModuleType):
        return Reason("a module", "modules are not pickled", "import it where it is used")
    if kind.__module__ == "_io":
        return Reason(
            "an open file",
            "an open file belongs to one process",
            "send its path, and open it in the child",
        )
    name = f"a {kind.__module__}.{kind.__qualname__}".replace("a builtins.", "a ")
    if isinstance(error, RuntimeError) and "inheritance" in str(error):
        return Reason(
            name.replace("a multiprocessing.", "a multiprocessing "),
            "it can be handed over only while a child is being started",
            "pass it as an argument of Process, or through the initializer of a Pool or executor",
        )
    if _is_written_in_python(error):
        return Reason(
            name,
            f"its own method of pickling raised {type(error).__name__}: {normalised(str(error))}",
            "mend __reduce__, __reduce_ex__ or __getstate__ of the class",
        )
    return Reason(
        name,
        "objects of that class do not support pickling",
        "leave it out in __getstate__, and make it anew in the child",
    )


def reason_of_loading(kind: type, error: BaseException) -> Reason:
    """Why an object that was pickled cannot be loaded."""
    if issubclass(kind, BaseException):
        return Reason(
            f"an exception of class {kind.__qualname__} that pickles but cannot be loaded",
            f"it is made anew from its args alone, and that raises {_short(error)}",
            "call super().__init__ with all arguments of __init__, or define __reduce__",
        )
    return Reason(
        f"a {kind.__qualname__} that pickles but cannot be loaded",
        f"making it anew raises {_short(error)}",
        "mend __reduce__, __setstate__ or __new__ of the class",
    )


def normalised(text: str) -> str:
    """A message without what differs from run to run."""
    return _ADDRESS.sub("", text)


def main_is_lost() -> bool:
    """Say whether a child started by spawn would not have what is defined in `__main__`."""
    main = sys.modules["__main__"]
    spec = getattr(main, "__spec__", None)
    if spec is not None:
        return bool(spec.name == "__main__" or spec.name.endswith(".__main__"))
    # The `pytest` command: what it defines is not loaded again in children.
    return getattr(main, "__file__", None) is None or hasattr(main, "console_main")


def _reason_of_main(what: str, module: str) -> Reason | None:
    if module != "__main__" or not main_is_lost():
        return None
    return Reason(
        f"{what} of __main__",
        "a child started by spawn or forkserver has another __main__",
        "move it to a module that can be imported",
    )


def _look_up(thing: Any) -> object | None:
    """What pickle would find under the name of a function or class."""
    module = sys.modules.get(getattr(thing, "__module__", None) or "")
    try:
        return functools.reduce(getattr, thing.__qualname__.split("."), module)
    except AttributeError:
        return None


def _public_name(function: types.FunctionType) -> str:
    """The name under which a module of the user's has a function that calls itself otherwise."""
    for module in list(sys.modules.values()):
        if _is_users(module):
            for name, value in list(vars(module).items()):
                if value is function:
                    return name
    return ""


def _is_users(module: types.ModuleType) -> bool:
    file = getattr(module, "__file__", None) or ""
    return bool(file) and "site-packages" not in file and not file.startswith(_STDLIB)


def _is_written_in_python(error: BaseException) -> bool:
    """Was it raised by Python code, below the frame of ours that caught it?"""
    entry = error.__traceback__
    return entry is not None and entry.tb_next is not None and not _by_copyreg(error)


def _by_copyreg(error: BaseException) -> bool:
    entry = error.__traceback__
    while entry is not None and entry.tb_next is not None:
        entry = entry.tb_next
    return entry is not None and entry.tb_frame.f_code.co_filename.endswith("copyreg.py")


def _short(error: BaseException) -> str:
    text = normalised(str(error)).splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__
