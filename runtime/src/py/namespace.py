"""Run at the import of a compiled module: see runtime/src/py/module.rs."""

import types


class Namespace:
    """The local names of a module's body: its dictionary, where native functions step in.

    Each function that the body defines passes here; where it has a native counterpart of the
    same name at the same line, that one is kept instead.
    """

    __slots__ = ("_names", "_native", "_wrap")

    def __init__(self, names, native, wrap):
        self._names = names
        self._native = native
        self._wrap = wrap

    def __getitem__(self, name):
        return self._names[name]

    def __setitem__(self, name, value):
        if type(value) is types.FunctionType:
            native = self._native.get((name, value.__code__.co_firstlineno))
            if native is not None and value.__globals__ is self._names:
                value = self._wrap(native, value)
        self._names[name] = value

    def __delitem__(self, name):
        del self._names[name]

    def __iter__(self):
        return iter(self._names)

    def __len__(self):
        return len(self._names)

    def __contains__(self, name):
        return name in self._names

    def __getattr__(self, name):
        return getattr(self._names, name)
