# Runs a compiled script as `python SCRIPT ARGS` would: sys.argv is ["-c", MODULE, SCRIPT, *ARGS].
import sys


def main():
    # `-c` puts the current folder on the path, where modules may be named as those imported here.
    if not sys.flags.safe_path:
        del sys.path[0]
    import os
    from importlib.machinery import ExtensionFileLoader, ModuleSpec

    module_path, script = sys.argv[1:3]
    del sys.argv[:2]
    if not sys.flags.safe_path:
        sys.path.insert(0, os.path.dirname(os.path.realpath(script)))
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
