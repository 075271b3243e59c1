"""CPython's side of the comparison: reads requests, one a line, and answers with what `ast` says.

`dump PATH`   `ok CHECKSUM` of the canonical dump, or `error MESSAGE`
`show PATH`   the number of bytes of the dump in a line, then the dump
`compile PATH`  `ok` or `error MESSAGE`
"""

import ast
import sys
import threading
import warnings
import zlib

OPS = (ast.operator, ast.unaryop, ast.boolop, ast.cmpop)
SKIP = {"kind", "type_comment", "type_ignores"}
CONVERSIONS = {115: "s", 114: "r", 97: "a"}
FSTRING_PLACES = sys.version_info >= (3, 12)
# What `ast` holds as one plain value is in the line of its node; fields that hold nodes are below it.
FIELDS = {}


def fields(cls):
    return [field for field in cls._fields if field not in SKIP]


def constant(value):
    if isinstance(value, (str, int)) or value is None or value is Ellipsis:
        return ascii(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, complex):
        return repr(value.imag).removesuffix(".0") + "j"
    text = repr(value)
    # `repr` of bytes escapes its quote as `ascii` of a string does, but for the choice of the quote.
    return "b" + ascii(value.decode("latin-1")) if isinstance(value, bytes) else text


def walk(node, label, indent, out, in_fstring):
    cls = node.__class__
    line = f"{indent}{label}:{cls.__name__}"
    if hasattr(node, "lineno") and (FSTRING_PLACES or not in_fstring):
        line += f" {node.lineno}:{node.col_offset}-{node.end_lineno}:{node.end_col_offset}"
    children = []
    if cls is ast.Constant:
        out.append(f"{line} value={constant(node.value)}")
        return
    if cls is ast.MatchSingleton:
        out.append(f"{line} value={constant(node.value)}")
        return
    if cls is ast.JoinedStr:
        in_fstring = True
    if cls not in FIELDS:
        FIELDS[cls] = fields(cls)
    for field in FIELDS[cls]:
        value = getattr(node, field, None)
        if value is None:
            continue
        kind = value.__class__
        if kind is str:
            line += f" {field}={ascii(value)}"
        elif kind is int:
            if cls is ast.FormattedValue:
                if value != -1:
                    line += f" {field}={CONVERSIONS[value]}"
            elif value:
                line += f" {field}={value}"
        elif kind is list:
            if not value:
                continue
            first = value[0]
            if isinstance(first, str):
                for item in value:
                    line += f" {field}={ascii(item)}"
            elif isinstance(first, OPS):
                for item in value:
                    line += f" {field}={item.__class__.__name__}"
            else:
                children.append((field, value))
        elif kind is ast.Load:
            pass
        elif isinstance(value, (ast.expr_context, *OPS)):
            line += f" {field}={kind.__name__}"
        else:
            children.append((field, (value,)))
    out.append(line)
    indent += " "
    for field, values in children:
        for value in values:
            if cls is ast.JoinedStr and getattr(value, "value", None) == "":
                continue  # 3.12.1 leaves these behind.
            if value is None:
                out.append(f"{indent}{field}:None")
            else:
                walk(value, field, indent, out, in_fstring)


def dump(path):
    with open(path, "rb") as file:
        source = file.read()
    tree = compile(source, path, "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
    out = ["Module"]
    for stmt in tree.body:
        walk(stmt, "body", " ", out, False)
    return ("\n".join(out) + "\n").encode()


def answer(request):
    command, _, path = request.partition(" ")
    try:
        if command == "dump":
            print("ok", zlib.crc32(dump(path)))
        elif command == "show":
            text = dump(path)
            print(len(text))
            sys.stdout.flush()
            sys.stdout.buffer.write(text)
        elif command == "compile":
            with open(path, "rb") as file:
                compile(file.read(), path, "exec", dont_inherit=True)
            print("ok")
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
        print("error", ascii(str(error)))
    sys.stdout.flush()


def main():
    warnings.simplefilter("ignore")
    sys.setrecursionlimit(20000)
    print(*sys.version_info[:2])
    print(__import__("sysconfig").get_path("stdlib"))
    sys.stdout.flush()
    for line in sys.stdin:
        answer(line.rstrip("\n"))


threading.stack_size(256 << 20)
thread = threading.Thread(target=main)
thread.start()
thread.join()
