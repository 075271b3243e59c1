"""Other forms of the programs, made from their one source.

- `combined`: the functions of all programs in one module;
- `with_options`: the decorators get options;
- `unchecked`: `i64` for `int`, whose arithmetic is not checked;
- `cython`: C types put in where snek's annotations are, with loops of one thread or of OpenMP;
- `pythran`: exports with types in the place of annotations, with the same two kinds of loops.
"""

import ast
from pathlib import Path

PROGRAMS = Path(__file__).parent / "programs"
DECORATORS = {"native", "parallel"}


def annotated(function):
    arguments = function.args.posonlyargs + function.args.args
    return bool(arguments) and all(a.annotation is not None for a in arguments)


def serial():
    """The programs that are measured on one thread."""
    return sorted(p for p in PROGRAMS.glob("*.py") if not p.stem.startswith("parallel_"))


def parallel():
    """The programs with loops over `prange`."""
    return sorted(p for p in PROGRAMS.glob("*.py") if "@parallel\n" in p.read_text())


def functions(path):
    """The functions of a program that are compiled: those with annotations."""
    body = ast.parse(path.read_text()).body
    return [f for f in body if isinstance(f, ast.FunctionDef) and annotated(f)]


def combined(paths):
    """One module of the compiled functions of several programs."""
    found = [f for path in paths for f in functions(path)]
    names = [f.name for f in found]
    twice = {name for name in names if names.count(name) > 1}
    assert not twice, f"two programs have functions of one name: {twice}"
    head = [
        "from math import erf, exp, log, sqrt",
        "from snek import Array1D, Array2D, Array3D, native, parallel, prange",
        "from snek import f32, f64, i32, i64, u8, u32",
    ]
    return "\n".join(head) + "\n\n\n" + "\n\n\n".join(map(ast.unparse, found)) + "\n"


def with_options(path, options):
    """The functions of a program, with options of their decorators."""
    source = combined([path])
    for name in DECORATORS:
        source = source.replace(f"@{name}\n", f"@{name}({options})\n")
    return source


class Unchecked(ast.NodeTransformer):
    """Integers get the type `i64` where they come to be: parameters, literals, lengths, loops."""

    def visit_arg(self, node):
        if isinstance(node.annotation, ast.Name) and node.annotation.id == "int":
            node.annotation.id = "i64"
        return node

    def visit_FunctionDef(self, node):
        if isinstance(node.returns, ast.Name) and node.returns.id == "int":
            node.returns.id = "i64"
        return self.generic_visit(node)

    def visit_Assign(self, node):
        node = self.generic_visit(node)
        if isinstance(node.value, ast.Constant) and type(node.value.value) is int:
            if isinstance(node.targets[0], ast.Name):
                node.value = i64(node.value)
        if isinstance(node.value, ast.Attribute) and isinstance(node.targets[0], ast.Tuple):
            return [node, *(again(target.id) for target in node.targets[0].elts)]
        return node

    def visit_For(self, node):
        node = self.generic_visit(node)
        if isinstance(node.target, ast.Name) and node.target.id != "_":
            node.body.insert(0, again(node.target.id))
        return node

    def visit_Call(self, node):
        node = self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id in ("len", "int"):
            return i64(node)
        return node

    def visit_Subscript(self, node):
        node = self.generic_visit(node)
        if isinstance(node.value, ast.Attribute) and node.value.attr == "shape":
            return i64(node)
        return node


def i64(value):
    return ast.Call(ast.Name("i64", ast.Load()), [value], [])


def again(name):
    return ast.Assign([ast.Name(name, ast.Store())], i64(ast.Name(name, ast.Load())))


def unchecked(path):
    """A program on integers that wrap; bounds are checked still."""
    tree = ast.fix_missing_locations(Unchecked().visit(ast.parse(combined([path]))))
    return ast.unparse(tree) + "\n"


C_TYPES = {
    "int": "int64_t",
    "float": "double",
    "u8": "uint8_t",
    "u32": "uint32_t",
    "i32": "int32_t",
    "i64": "int64_t",
    "f32": "float",
    "f64": "double",
}
CYTHON_HEAD = """\
# cython: language_level=3, infer_types=True
# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
from cython cimport cast
from libc.math cimport erf, exp, log, sqrt
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t
"""


class Cython(ast.NodeTransformer):
    """Conversions become casts, lengths and shapes extents, `prange` a `range`."""

    def visit_Assign(self, node):
        node = self.generic_visit(node)
        target, value = node.targets[0], node.value
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Attribute):
            extents = [ast.parse(f"{ast.unparse(value)}[{k}]").body[0].value for k in range(9)]
            return [ast.Assign([name], extent) for name, extent in zip(target.elts, extents)]
        return node

    def visit_For(self, node):
        node = self.generic_visit(node)
        bounds = node.iter.args
        if len(bounds) < 3 or isinstance(bounds[2], ast.Constant):
            return node
        # Cython has no C loop for a step whose sign it does not know.
        start, stop, step = bounds
        test = ast.Compare(node.target, [ast.Lt()], [stop])
        after = ast.AugAssign(node.target, ast.Add(), step)
        return [ast.Assign([node.target], start), ast.While(test, [*node.body, after], [])]

    def visit_Call(self, node):
        node = self.generic_visit(node)
        match node.func:
            case ast.Name(id="len"):
                return ast.parse(f"{ast.unparse(node.args[0])}.shape[0]").body[0].value
            case ast.Name(id="prange"):
                node.func.id = "range"
            case ast.Name(id=name) if name in C_TYPES:
                c_type = ast.Name(C_TYPES[name], ast.Load())
                return ast.Call(ast.Name("cast", ast.Load()), [c_type, *node.args], [])
        return node


class CythonParallel(Cython):
    """`prange` stays one: its schedule is chosen where it runs."""

    def visit_For(self, node):
        if isinstance(node.iter.func, ast.Name) and node.iter.func.id == "prange":
            node.iter.keywords.append(ast.keyword("schedule", ast.Constant("runtime")))
            # Cython takes each `x += 1` for a reduction, also where `x` is of one iteration.
            assigned = [n.targets[0] for n in ast.walk(node) if isinstance(n, ast.Assign)]
            node = Plain({n.id for n in assigned if isinstance(n, ast.Name)}).visit(node)
        return super().visit_For(node)

    def visit_Call(self, node):
        if isinstance(node.func, ast.Name) and node.func.id == "prange":
            return self.generic_visit(node)
        return super().visit_Call(node)


class Plain(ast.NodeTransformer):
    """`x = x + 1` for `x += 1`, for some variables."""

    def __init__(self, names):
        self.names = names

    def visit_AugAssign(self, node):
        if not isinstance(node.target, ast.Name) or node.target.id not in self.names:
            return node
        value = ast.BinOp(ast.Name(node.target.id, ast.Load()), node.op, node.value)
        return ast.Assign([node.target], value)


def c_type(annotation):
    """`double[:, ::1]` for `Array2D[f64]`."""
    if isinstance(annotation, ast.Subscript):
        rank = int(annotation.value.id[len("Array")])
        return f"{C_TYPES[annotation.slice.id]}[{':, ' * (rank - 1)}::1]"
    return C_TYPES.get(getattr(annotation, "id", None), "void")


def declarations(function):
    """C types of variables for which Cython would infer Python's integers and truth values."""
    types = {}
    for node in ast.walk(function):
        match node:
            case ast.Assign([ast.Name(name)], ast.Constant(int())):
                types[name] = "int64_t"
            case ast.Assign([ast.Name(name)], ast.Compare()):
                types[name] = "bint"
            case ast.For(ast.Name(name)):
                types[name] = "int64_t"
    parameters = {a.arg for a in function.args.args}
    return [f"cdef {kind} {name}" for name, kind in types.items() if name not in parameters]


def cython(paths, parallel=False):
    """The functions of several programs as a Cython module, without any checks."""
    texts = [CYTHON_HEAD + ("from cython.parallel import prange\n" if parallel else "")]
    for function in (f for path in paths for f in functions(path)):
        parameters = [f"{c_type(a.annotation)} {a.arg}" for a in function.args.args]
        declared = declarations(function)
        form = CythonParallel() if parallel else Cython()
        tree = ast.fix_missing_locations(form.visit(function))
        lines = "\n".join(map(ast.unparse, tree.body)).splitlines()
        signature = f"{c_type(function.returns)} {function.name}({', '.join(parameters)})"
        head = f"cpdef {signature} noexcept nogil:"
        texts.append("\n".join([head, *("    " + line for line in declared + lines)]))
    return "\n\n\n".join(texts) + "\n"


NUMPY_TYPES = {
    "int": "int",
    "float": "float",
    "u8": "uint8",
    "u32": "uint32",
    "i32": "int32",
    "i64": "int64",
    "f32": "float32",
    "f64": "float64",
}
PYTHRAN_HEAD = """\
from math import erf, exp, log, sqrt

import numpy
"""


class Pythran(ast.NodeTransformer):
    """Types become NumPy's, decorators go, `prange` is a `range` or a loop of OpenMP."""

    def __init__(self, parallel):
        self.parallel = parallel

    def visit_FunctionDef(self, node):
        node.decorator_list, node.returns = [], None
        for parameter in node.args.args:
            parameter.annotation = None
        return self.generic_visit(node)

    def visit_For(self, node):
        is_shared = self.parallel and node.iter.func.id == "prange"
        clauses = reductions(node) if is_shared else []
        node = self.generic_visit(node)
        if not is_shared:
            return node
        # Its schedule is chosen where it runs.
        pragma = " ".join(["omp parallel for schedule(runtime)", *clauses])
        return [ast.Expr(ast.Constant(pragma)), node]

    def visit_Call(self, node):
        node = self.generic_visit(node)
        match node.func:
            case ast.Name(id="prange"):
                node.func.id = "range"
            case ast.Name(id=name) if name in NUMPY_TYPES.keys() - {"int", "float"}:
                node.func = ast.Attribute(ast.Name("numpy", ast.Load()), NUMPY_TYPES[name])
        return node


def reductions(loop):
    """The clauses of a loop whose iterations add to a variable from outside, or take its `max`."""
    added, greatest, private = set(), set(), set()
    for node in ast.walk(loop):
        match node:
            case ast.AugAssign(ast.Name(name), ast.Add()):
                added.add(name)
            case ast.Assign([ast.Name(name)], ast.Call(ast.Name("max"), [ast.Name(first), *_])) if (
                name == first
            ):
                greatest.add(name)
            case ast.Assign([ast.Name(name)]):
                private.add(name)
    of = {"+": added - private, "max": greatest - private}
    return [f"reduction({op}:{name})" for op, names in of.items() for name in sorted(names)]


def numpy_type(annotation):
    """`float64[:,:] order(C)` for `Array2D[f64]`."""
    if isinstance(annotation, ast.Subscript):
        rank = int(annotation.value.id[len("Array")])
        order = " order(C)" if rank > 1 else ""
        return f"{NUMPY_TYPES[annotation.slice.id]}[{','.join(':' * rank)}]{order}"
    return NUMPY_TYPES[annotation.id]


def pythran(path, parallel=False):
    """The functions of a program as a Pythran module."""
    exports, texts = [], []
    for function in functions(path):
        types = [numpy_type(a.annotation) for a in function.args.args]
        exports.append(f"#pythran export {function.name}({', '.join(types)})")
        tree = ast.fix_missing_locations(Pythran(parallel).visit(function))
        texts.append(ast.unparse(tree))
    return PYTHRAN_HEAD + "\n" + "\n".join(exports) + "\n\n\n" + "\n\n\n".join(texts) + "\n"
