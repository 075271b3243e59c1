"""Run when native code of a module first raises: see runtime/src/py/raise.rs."""

import builtins
import types


def _failing():
    return 1 / 0


def _line_table(code, delta):
    # Every instruction is at one line, `delta` below the first, and has no column.
    number = delta << 1 if delta >= 0 else -delta << 1 | 1
    line = bytearray()
    while number > 63:
        line.append(number & 63 | 64)
        number >>= 6
    line.append(number)
    units = len(code.co_code) // 2
    table = bytearray()
    while units > 0:
        step = min(units, 8)
        table.append(0x80 | 13 << 3 | step - 1)
        table += line
        line = b"\0"
        units -= step
    return bytes(table)


def tracebacks(namespace, file, source):
    """The two functions that give exceptions the frames of native code.

    A frame is made by running a function of that name, file and line which fails at once.
    `frames` are tuples (file, name, qualified name, first line, line), innermost first.
    """
    plain = _failing.__code__

    def frame_at(where):
        name_of_file, name, qualname, first, line = where
        code = plain.replace(
            co_filename=name_of_file,
            co_name=name,
            co_qualname=qualname,
            co_firstlineno=first,
            co_linetable=_line_table(plain, line - first),
        )
        try:
            exec(code, namespace)
        except ZeroDivisionError as error:
            return error.__traceback__.tb_next.tb_frame

    def show_source():
        # Where there is no source file beside the module, tracebacks show the text kept in it.
        import linecache
        import os

        if file not in linecache.cache and not os.path.exists(file):
            lines = source.splitlines(True)
            linecache.cache[file] = len(source), None, lines, file

    def add_frames(error, frames, traceback=None):
        made = {}
        for where in frames:
            frame = made.get(where)
            if frame is None:
                frame = made[where] = frame_at(where)
            traceback = types.TracebackType(traceback, frame, frame.f_lasti, where[4])
        show_source()
        return error.with_traceback(traceback)

    def make_exception(name, arguments, frames):
        return add_frames(getattr(builtins, name)(*arguments), frames)

    return make_exception, add_frames
