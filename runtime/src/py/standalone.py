"""Run before the body of a compiled module that speaks of `snek`: see runtime/src/py/module.rs."""

import sys


def provide(package, modules, _):
    """Stands in for the package `snek` where it is not installed: compiled modules need nothing of it.

    `package` and `modules` (names and texts by turns) are the package's own files, so decorators, `prange` and
    the types are what they would be.
    """
    try:
        import snek  # noqa: F401
    except ModuleNotFoundError as error:
        if error.name != "snek":
            raise
        from importlib.util import spec_from_loader

        names = (f"snek.{name}" for name in modules[::2])
        texts = {"snek": package, **dict(zip(names, modules[1::2], strict=True))}

        class Embedded:
            """Finds and loads what the compiled module carries; asked after all other finders."""

            @staticmethod
            def find_spec(name, path=None, target=None):
                if name in texts:
                    return spec_from_loader(name, Embedded, is_package=name == "snek")
                return None

            @staticmethod
            def create_module(spec):
                return None

            @staticmethod
            def exec_module(module):
                name = module.__name__
                exec(compile(texts[name], f"<{name}>", "exec"), vars(module))

        sys.meta_path.append(Embedded)
