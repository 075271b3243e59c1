# Runs a compiled script as `python SCRIPT ARGS` would: sys.argv is ["-c", N, *MODULES, SCRIPT, *ARGS].
# MODULES are N times name, source, compiled file: first of the script, which is `__main__`, then of the modules beside it.
import sys


def main():
    # `-c` puts the current folder on the path, where modules may be named as those imported here.
    if not sys.flags.safe_path:
        del sys.path[0]
    import os
    from importlib.machinery import ExtensionFileLoader, ModuleSpec, PathFinder

    count = 3 * int(sys.argv[1])
    (_, _, module_path), *local = zip(*[iter(sys.argv[2 : 2 + count])] * 3, strict=True)
    del sys.argv[1 : 2 + count]
    del sys.argv[0]
    script = sys.argv[0]
    if not sys.flags.safe_path:
        sys.path.insert(0, os.path.dirname(os.path.realpath(script)))
    if local:
        compiled = {name: files for name, *files in local}

        class LocalLoader(ExtensionFileLoader):
            """Loads a compiled module that knows its source as its file."""

            def exec_module(self, module):
                module.__file__ = compiled[self.name][0]
                super().exec_module(module)

        class LocalFinder:
            """Finds the compiled form of what Python would import from these sources."""

            @staticmethod
            def find_spec(name, path=None, target=None):
                source, built = compiled.get(name, (None, None))
                found = source and PathFinder.find_spec(name, path, target)
                if not found or not found.origin or not os.path.samefile(found.origin, source):
                    return None
                return ModuleSpec(name, LocalLoader(name, built), origin=built)

        sys.meta_path.insert(0, LocalFinder)
    loader = ExtensionFileLoader("__main__", module_path)
    module = loader.create_module(ModuleSpec("__main__", loader, origin=module_path))
    module.__file__ = os.path.abspath(script)
    module.__loader__ = loader
    module.__package__ = module.__spec__ = module.__cached__ = None
    sys.modules["__main__"] = module
    try:
        loader.exec_module(module)
    except SystemExit:
        raise
    except BaseException as error:
        # Our own frames are not the user's business.
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_globals is not module.__dict__:
            trace = trace.tb_next
        error.__traceback__ = trace
        sys.excepthook(type(error), error, trace)
        # Python sets the exit status, and says nothing more.
        sys.excepthook = lambda *_: None
        raise


main()
