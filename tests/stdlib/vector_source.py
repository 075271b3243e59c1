"""The files of `stdlib/vector`, evaluated by NumPy on arrays: what a lane computes, for many lanes at once.

Conditional expressions become `where`, as they become selects in compiled code; a statement `if c: x = f(...)` is
evaluated for the elements where `c` holds.
"""

import ast
import math
import pathlib

import numpy as np

FOLDER = pathlib.Path(__file__).parents[2] / "stdlib" / "vector"

PRIMITIVES = {
    "op.fabs": np.fabs,
    "op.sqrt": np.sqrt,
    "op.rint": np.rint,
    "op.trunc": np.trunc,
    "op.floor": np.floor,
    "op.copysign": np.copysign,
}


def _library(name):
    """The C library's function, as far as Python shows it."""
    function = getattr(math, name)

    def call(*args):
        def one(*numbers):
            try:
                return function(*numbers)
            except ValueError:
                return math.nan

        return np.array([one(*map(float, numbers)) for numbers in zip(*args)], np.float64)

    return call


def _intrinsic(name):
    def decorate(stub):
        if name in ("op.bits", "op.from_bits"):
            result = stub.__annotations__["return"]
            return lambda x: np.asarray(x).view(result)
        return (
            PRIMITIVES[name] if name in PRIMITIVES else _library(name.removeprefix("snek_rt_math_"))
        )

    return decorate


def _where(condition, a, b):
    return np.where(condition, a, b)


def _rarely(condition, function, args, otherwise):
    if not condition.any():
        return otherwise
    result = np.array(otherwise)
    result[condition] = function(*(arg[condition] for arg in args))
    return result


class _Arrays(ast.NodeTransformer):
    def visit_IfExp(self, node):
        self.generic_visit(node)
        return _call("_where", node.test, node.body, node.orelse)

    def visit_BoolOp(self, node):
        self.generic_visit(node)
        operator = ast.BitAnd() if isinstance(node.op, ast.And) else ast.BitOr()
        result = node.values[0]
        for value in node.values[1:]:
            result = ast.BinOp(result, operator, value)
        return result

    def visit_UnaryOp(self, node):
        self.generic_visit(node)
        return ast.UnaryOp(ast.Invert(), node.operand) if isinstance(node.op, ast.Not) else node

    def visit_If(self, node):
        self.generic_visit(node)
        (assign,) = node.body
        assert not node.orelse and isinstance(assign.value, ast.Call)
        otherwise = ast.Name(assign.targets[0].id, ast.Load())
        args = ast.List(assign.value.args, ast.Load())
        value = _call("_rarely", node.test, assign.value.func, args, otherwise)
        return ast.Assign(assign.targets, value)


def _call(name, *args):
    return ast.Call(ast.Name(name, ast.Load()), list(args), [])


def load():
    """The public functions of all files, by name."""
    found = {}
    for path in sorted(FOLDER.glob("*.py")):
        tree = ast.fix_missing_locations(_Arrays().visit(ast.parse(path.read_text())))
        names = {"intrinsic": _intrinsic, "f64": np.float64, "i64": np.int64, "u64": np.uint64}
        names |= {"_where": _where, "_rarely": _rarely}
        exec(compile(tree, str(path), "exec"), names)
        public = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
        for name in public:
            if not name.startswith("_"):
                found[name] = names[name]
    return found
