"""The compiler as an extension module.  Not a public interface: use `snekc` instead."""

def main(arguments: list[str], python: str) -> int:
    """Run the command line `snekc ARGUMENTS` and return its exit status.

    `snekc run` starts `python`.
    """

def build_module(
    source: str, module: str, output: str, *, strict: bool = False
) -> tuple[bool, str]:
    """Compile the file `source` as the module `module` to the file `output`.

    Return whether it succeeded, and what there is to tell the user about it.
    """
