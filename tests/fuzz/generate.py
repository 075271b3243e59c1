"""Random functions of loops over arrays, as snek source, and the arguments to call them with.

A function is made from a seed and nothing else.  Subscripts are mostly within bounds, arithmetic
mostly within 64 bits: that some are not is wanted.
"""

import random
from dataclasses import dataclass, field

INTEGERS = ("u8", "i32", "i64")
FLOATS = ("f32", "f64")
HEAD = """\
from math import sqrt

from snek import Array1D, Array2D, Array3D, f32, f64, i32, i64, native, parallel, prange, u8
"""


@dataclass
class Array:
    name: str
    dtype: str
    rank: int


@dataclass
class Function:
    """A function with what it can be called with."""

    name: str
    source: str
    arrays: list
    is_parallel: bool
    # Depth of its deepest loop: how large arrays may be.
    depth: int
    seed: int


@dataclass
class Scope:
    """What can be named at a place."""

    loops: list = field(default_factory=list)
    ints: list = field(default_factory=list)
    floats: list = field(default_factory=list)


class Writer:
    """Writes one function."""

    def __init__(self, name, seed, is_parallel):
        self.random = random.Random(seed)
        self.seed = seed
        self.name = name
        self.is_parallel = is_parallel
        self.depth = self.random.choice((1, 1, 2, 2, 3))
        self.loop_count = 0
        self.lines = []
        # Where a loop runs its iterations in any order, what is written is not read.
        self.readable = []
        self.writable = []

    def chance(self, probability):
        return self.random.random() < probability

    def pick(self, *choices):
        return self.random.choice(choices)

    def function(self):
        ranks = range(1, min(self.depth, 3) + 1)
        arrays = [
            Array(f"a{k}", self.random.choice((*INTEGERS, *FLOATS, "f64", "bool")), r)
            for k, r in enumerate(self.random.choice(ranks) for _ in range(self.pick(2, 3, 3, 4)))
        ]
        arrays.append(Array("at", "i64", 1))
        self.arrays = arrays
        if self.is_parallel:
            cut = self.pick(1, 2)
            self.writable, self.readable = arrays[:cut], arrays[cut:]
        else:
            self.readable = arrays
            # Indices that are written over soon are out of bounds.
            self.writable = arrays if self.chance(0.2) else arrays[:-1]
        parameters = [f"{a.name}: Array{a.rank}D[{a.dtype}]" for a in arrays]
        head = f"def {self.name}({', '.join(parameters)}, n: int, x: float)"
        decorator = "@parallel" if self.is_parallel else "@native"
        self.lines = [decorator, f"{head} -> tuple[int, int, float, float]:"]
        self.put(1, "t0 = 0", "t1 = 1", "s0 = 0.0", "s1 = 1.0")
        scope = Scope([], ["t0", "t1"], ["s0", "s1"])
        for _ in range(self.pick(1, 1, 2)):
            if self.is_parallel:
                self.parallel_loop()
            elif self.chance(0.4):
                self.pick(self.neighbours, self.mixed, self.stencil, self.triangle, self.far)()
            else:
                self.loop(1, scope, 1)
        self.put(1, "return t0, t1, s0, s1")
        source = "\n".join(self.lines)
        return Function(self.name, source, arrays, self.is_parallel, self.depth, self.seed)

    def put(self, indent, *lines):
        self.lines += ["    " * indent + line for line in lines]

    # Loops.

    def extent(self):
        array = self.random.choice(self.arrays)
        if array.rank > 1 or self.chance(0.3):
            return f"{array.name}.shape[{self.random.randrange(array.rank)}]"
        return f"len({array.name})"

    def bounds(self, scope):
        """Of a `range`, and how far a subscript may be off."""
        if scope.loops and self.chance(0.15):
            outer = self.random.choice(scope.loops)[0]
            return self.pick((outer, 0), (f"{outer} + 1, {self.extent()}", 0), (f"{outer} + 1", 0))
        choices = [
            (f"{self.extent()}", 0),
            (f"{self.extent()}", 0),
            (f"1, {self.extent()} - 1", 1),
            (f"2, {self.extent()} - 2", 2),
            ("n", 0),
            (f"0, {self.extent()}, 2", 0),
            (f"1, {self.extent()}, 3", 0),
            (f"{self.extent()} - 1, -1, -1", 0),
            (f"{self.extent()} - 2, 0, -1", 1),
            (f"{self.extent()} // 2", 0),
            ("5", 0),
        ]
        return self.random.choice(choices)

    def loop(self, indent, scope, level):
        variable = f"i{self.loop_count}"
        self.loop_count += 1
        if self.chance(0.15):
            self.while_loop(indent, scope, level, variable)
            return
        bounds, margin = self.bounds(scope)
        self.put(indent, f"for {variable} in range({bounds}):")
        inner = Scope([*scope.loops, (variable, margin)], scope.ints, scope.floats)
        self.body(indent + 1, inner, level, can_continue=True)

    def while_loop(self, indent, scope, level, variable):
        self.put(indent, f"{variable} = 0")
        test = f"{variable} < {self.extent()}"
        if self.chance(0.4):
            test += f" and {self.condition(scope, 1)}"
        self.put(indent, f"while {test}:")
        inner = Scope([*scope.loops, (variable, 0)], scope.ints, scope.floats)
        self.body(indent + 1, inner, level, can_continue=False)
        self.put(indent + 1, f"{variable} += {self.pick(1, 1, 1, 2)}")

    def body(self, indent, scope, level, can_continue):
        nests = level < self.depth
        if nests and self.chance(0.4):
            self.statement(indent, scope, level, can_continue)
        if nests:
            self.loop(indent, scope, level + 1)
        for _ in range(self.pick(1, 1, 2, 3) - (1 if nests else 0)):
            self.statement(indent, scope, level, can_continue)

    def parallel_loop(self):
        """Iterations that touch only their own elements, and reductions."""
        variable = f"i{self.loop_count}"
        self.loop_count += 1
        least = self.writable[0]
        self.put(1, f"for {variable} in prange({least.name}.shape[0]):")
        scope = Scope([(variable, 0)], [], [])
        self.put(2, f"p = {self.int_expression(scope, 2)} & 1023")
        scope.ints.append("p")
        self.put(2, f"q = {self.float_expression(scope, 2)}")
        scope.floats.append("q")
        indent = 2
        if self.depth > 1 and self.chance(0.7):
            inner = f"i{self.loop_count}"
            self.loop_count += 1
            self.put(2, f"for {inner} in range({least.name}.shape[{least.rank - 1}]):")
            scope.loops.append((inner, 0))
            indent = 3
        for array in self.writable:
            if array.rank == 1 and indent == 3:
                continue
            rest = [scope.loops[-1][0] if indent == 3 else "0" for _ in range(array.rank - 1)]
            target = f"{array.name}[{', '.join([variable, *rest])}]"
            if indent == 2 and array.rank > 1:
                continue
            value = self.element_expression(array.dtype, scope, 2)
            if self.chance(0.3):
                self.put(indent, f"if {self.condition(scope, 1)}:")
                self.put(indent + 1, f"{target} = {value}")
            else:
                self.put(indent, f"{target} = {value}")
        for _ in range(self.pick(1, 1, 2)):
            small = f"({self.int_expression(scope, 2)} & 255)"
            real = self.float_expression(scope, 1)
            self.put(
                indent,
                self.pick(
                    f"t0 += {small}",
                    f"t0 += {small} if {self.condition(scope, 1)} else 0",
                    f"s0 += {real}",
                ),
            )
            self.put(indent, self.pick(f"t1 = max(t1, {small})", f"s1 = min(s1, {real})"))

    # Loops of the forms that people write, whose loops are put together, taken apart or skewed.

    def variable(self):
        self.loop_count += 1
        return f"i{self.loop_count - 1}"

    def near(self, variable, margin):
        """A subscript a few elements off."""
        off = self.random.randint(-margin, margin)
        return f"{variable} {'+' if off > 0 else '-'} {abs(off)}" if off else variable

    def chosen(self, arrays, dtypes, ranks=(1, 2, 3)):
        found = [a for a in arrays if a.dtype in dtypes and a.rank in ranks]
        return self.random.choice(found) if found else None

    def near_element(self, array, variables, margin):
        places = [self.near(self.random.choice(variables), margin) for _ in range(array.rank)]
        if array.rank <= len(variables) and self.chance(0.8):
            places = [self.near(v, margin) for v in variables[-array.rank :]]
        return f"{array.name}[{', '.join(places)}]"

    def neighbours(self):
        """Loops in a row, mostly over the same range, of simple statements on the same arrays."""
        level = self.pick(1, 1, 2) if self.depth > 1 else 1
        margin = self.pick(0, 0, 1, 2)
        ranges = []
        for _ in range(level):
            stop = self.extent()
            ranges.append(f"{margin}, {stop} - {margin}" if margin else stop)
        for _ in range(self.pick(2, 2, 3)):
            variables = [self.variable() for _ in range(level)]
            for indent, (variable, bounds) in enumerate(zip(variables, ranges), 1):
                if self.chance(0.1):
                    bounds = self.extent()
                self.put(indent, f"for {variable} in range({bounds}):")
            for _ in range(self.pick(1, 1, 2)):
                array = self.random.choice(self.writable)
                other = self.random.choice(self.readable)
                a = self.near_element(array, variables, self.pick(0, margin))
                b = self.near_element(other, variables, self.pick(0, margin))
                if array.dtype == "bool":
                    self.put(level + 1, f"{a} = {b} > 1")
                elif other.dtype == array.dtype:
                    self.put(level + 1, self.pick(f"{a} = {b}", f"{a} += {b}", f"{a} = {b} * {b}"))
                elif array.dtype in FLOATS:
                    self.put(level + 1, self.pick(f"{a} = {a} * 0.5", f"{a} += x"))
                else:
                    self.put(level + 1, self.pick(f"{a} = {a} ^ 1", f"{a} += 1"))
            if self.chance(0.4):
                array = self.random.choice(self.readable)
                element = self.near_element(array, variables, margin)
                floats = f"s0 += float({element})", f"s1 = max(s1, float({element}))"
                ints = f"t1 = max(t1, int({element}))", f"t0 += int({element})"
                self.put(level + 1, self.pick(*(floats if array.dtype in FLOATS else ints)))

    def mixed(self):
        """Much arithmetic, and what cannot be in lanes."""
        array = self.chosen(self.readable, ("f64", "f32"), (1,))
        if array is None:
            self.neighbours()
            return
        variable, margin = self.variable(), self.pick(0, 0, 1)
        bounds = f"{margin}, {self.extent()} - {margin}" if margin else f"{self.extent()}"
        self.put(1, f"for {variable} in range({bounds}):")
        if self.chance(0.2):
            self.put(2, f"if {array.name}[{variable}] > {self.pick('9.0', '1e6')}:")
            self.put(3, self.pick("return t0, t1, s0, s1", "raise ValueError", "break"))
        value = f"{array.name}[{self.near(variable, margin)}]"
        for k in range(self.pick(1, 2)):
            element = f"{array.name}[{self.near(variable, margin)}]"
            square = f"{element} * {element} + {array.dtype}(2.0)"
            self.put(2, f"y{k} = ({value} + {element}) / ({square})")
            value = f"(y{k} * y{k} - y{k}) / ({value} + {array.dtype}(0.5))"
        self.put(2, f"z = {value}")
        target = self.chosen(self.writable, (array.dtype,))
        if target:
            place = self.pick(f"at[{variable}]", self.near(variable, margin), f"at[{variable}]")
            places = ", ".join([place] * target.rank)
            self.put(2, f"{target.name}[{places}] {self.pick('=', '+=')} z")
        if self.chance(0.7) or not target:
            self.put(2, self.pick("s0 = s0 * 0.5 + float(z)", "s0 = s1 - s0 * float(z)"))
        if self.chance(0.3):
            self.put(2, f"t0 ^= {variable}", "t1 = t1 * 3 + (t0 & 7)")

    def stencil(self):
        """Elements that depend on those around them, in place."""
        array = self.chosen(self.writable, FLOATS, (2,))
        if array is None:
            self.triangle()
            return
        i, j = self.variable(), self.variable()
        self.put(1, f"for {i} in range(1, {array.name}.shape[0] - 1):")
        self.put(2, f"for {j} in range(1, {array.name}.shape[1] - 1):")
        around = [(0, -1), (-1, 0), (1, 0), (0, 1), (-1, -1), (-1, 1), (1, -1), (1, 1), (0, 0)]
        chosen = [(0, -1), *self.random.sample(around[1:], self.pick(1, 2, 3))]
        sides = [f"{array.name}[{i} + {di}, {j} + {dj}]" for di, dj in chosen]
        value = f"({' + '.join(sides)}) * {array.dtype}(0.25)"
        other = self.chosen(self.readable, (array.dtype,), (2,))
        if other and self.chance(0.5):
            value += f" + {other.name}[{i}, {j}]"
        self.put(3, f"{array.name}[{i}, {j}] = {value}")

    def triangle(self):
        """Sums up to the iteration, of what those before have made."""
        x = self.chosen(self.writable, ("f64",), (1,))
        a = self.chosen(self.readable, FLOATS, (1, 2))
        if x is None or a is None:
            self.neighbours()
            return
        j, k = self.variable(), self.variable()
        start = self.pick("", "", "1, ")
        end = self.pick(f"len({x.name})", self.extent(), "n")
        self.put(1, f"for {j} in range({start}{end}):")
        self.put(2, f"s = float({x.name}[{j}])")
        self.put(2, f"for {k} in range({self.pick(j, j, j, self.extent(), f'1, {j}')}):")
        factor = f"{a.name}[{self.pick(f'{j}, {k}', f'{k}, {j}') if a.rank == 2 else k}]"
        self.put(3, f"s {self.pick('-', '+')}= float({factor}) * float({x.name}[{k}]) * 0.125")
        if self.chance(0.3):
            self.put(2, f"if s {self.pick('<', '>')} {self.pick('-100.0', '1e3', 's0')}:")
            self.put(3, self.pick("s0 = s", "raise ValueError", f"t0 = {j}", "continue"))
        self.put(2, self.pick(f"{x.name}[{j}] = s", f"{x.name}[{j}] = s * 0.5", "s1 = max(s, s1)"))

    def far(self):
        """Elements at a distance that is not known."""
        array = self.chosen(self.writable, (*INTEGERS, *FLOATS), (1,))
        if array is None:
            self.neighbours()
            return
        variable, name = self.variable(), array.name
        self.put(1, f"p = {self.pick('n // 2', 'n', 'n - 3', 'n & 7', '-(n & 15)')}")
        self.put(1, f"for {variable} in range({self.pick('abs(p)', f'len({name}) // 2', 'n')}):")
        a, b = f"{name}[{variable}]", f"{name}[{variable} + p]"
        if self.chance(0.5):
            a, b = b, a
        self.put(2, self.pick(f"{a} = {b} + {b}", f"{a} += {b}", f"{a}, {b} = {b}, {a}"))

    # Statements.

    def statement(self, indent, scope, level, can_continue):
        kind = self.random.random()
        if kind < 0.40:
            array = self.random.choice(self.writable)
            self.put(
                indent,
                f"{self.element(array, scope)} = {self.element_expression(array.dtype, scope, 2)}",
            )
        elif kind < 0.52:
            array = self.random.choice(self.writable)
            if array.dtype == "bool":
                self.put(indent, f"{self.element(array, scope)} = {self.condition(scope, 2)}")
            else:
                value = self.element_expression(array.dtype, scope, 1)
                operator = self.pick("+", "-", "*", "+")
                self.put(indent, f"{self.element(array, scope)} {operator}= {value}")
        elif kind < 0.68:
            name = self.random.choice(scope.ints)
            value = self.int_expression(scope, 2)
            self.put(
                indent,
                self.pick(
                    f"{name} += {value}",
                    f"{name} += {value}",
                    f"{name} = max({name}, {value})",
                    f"{name} = min({name}, {value})",
                    f"{name} ^= {value}",
                    f"{name} = {value}",
                    f"{name} = {name} * 3 + {value}",
                ),
            )
        elif kind < 0.82:
            name = self.random.choice(scope.floats)
            value = self.float_expression(scope, 2)
            self.put(
                indent,
                self.pick(
                    f"{name} += {value}",
                    f"{name} += {value}",
                    f"{name} -= {value}",
                    f"{name} = max({name}, {value})",
                    f"{name} = min({name}, {value})",
                    f"{name} = {value}",
                ),
            )
        else:
            self.put(indent, f"if {self.condition(scope, 2)}:")
            if self.chance(0.12):
                self.put(indent + 1, "continue" if can_continue and self.chance(0.5) else "break")
                return
            for _ in range(self.pick(1, 1, 2)):
                self.statement(indent + 1, scope, level, can_continue)
            if self.chance(0.4):
                self.put(indent, "else:")
                self.statement(indent + 1, scope, level, can_continue)

    # Expressions.

    def subscript(self, scope):
        if not scope.loops or self.chance(0.03):
            return self.pick("0", "-1", "n // 2")
        variable, margin = self.random.choice(scope.loops)
        off = self.random.randint(1, max(margin, 1))
        if margin == 0 and not self.chance(0.04):
            off = 0
        kind = self.random.random()
        if kind < 0.6 or off == 0 and kind < 0.8:
            return variable
        if kind < 0.8:
            return f"{variable} {self.pick('+', '-')} {off}"
        if kind < 0.86:
            return f"{self.extent()} - 1 - {variable}"
        if kind < 0.89:
            return f"{variable} // 2"
        if kind < 0.90:
            return f"2 * {variable}"
        if kind < 0.92:
            return f"-{variable}"
        if kind < 0.985 and not self.is_parallel or self.chance(0.5):
            return f"at[{variable}]"
        return self.int_expression(scope, 0)

    def element(self, array, scope):
        return f"{array.name}[{', '.join(self.subscript(scope) for _ in range(array.rank))}]"

    def read(self, dtypes, scope):
        """An element of one of the types, or None."""
        arrays = [a for a in self.readable if a.dtype in dtypes]
        return self.element(self.random.choice(arrays), scope) if arrays else None

    def literal(self):
        return self.pick("0", "1", "2", "3", "7", "-1", "100", "255", "2**31", "2**62")

    def int_expression(self, scope, depth):
        if depth == 0 or self.chance(0.25):
            element = self.read((*INTEGERS, "bool"), scope) if self.chance(0.5) else None
            if element:
                return f"int({element})"
            names = [*scope.ints, *(v for v, _ in scope.loops), "n"]
            if self.chance(0.75):
                return self.random.choice(names)
            return self.literal() if self.chance(0.1) else self.pick("1", "2", "3", "-1")
        a = self.int_expression(scope, depth - 1)
        b = self.int_expression(scope, depth - 1)
        return self.pick(
            f"({a} + {b})",
            f"({a} - {b})",
            f"({a} + {b})",
            f"({a} * {self.pick('2', '3', '-1')})",
            f"({a} * {b})",
            f"({a} // {self.pick('2', '3', '-2', '7')})",
            f"({a} % {self.pick('2', '3', '8', '-5')})",
            f"({a} // ({b} | 1))",
            f"({a} & {b})",
            f"({a} | {b})",
            f"({a} ^ {b})",
            f"({a} >> {self.pick('1', '3')})",
            f"({a} << {self.pick('1', '2')})",
            f"min({a}, {b})",
            f"max({a}, {b})",
            f"abs({a})",
            f"({a} if {self.condition(scope, depth - 1)} else {b})",
        )

    def float_expression(self, scope, depth):
        if depth == 0 or self.chance(0.25):
            element = self.read(FLOATS, scope) if self.chance(0.65) else None
            if element:
                return f"float({element})"
            if self.chance(0.15):
                return f"float({self.int_expression(scope, 0)})"
            return self.random.choice([*scope.floats, "x", "0.5", "-1.25", "3.0"])
        a = self.float_expression(scope, depth - 1)
        b = self.float_expression(scope, depth - 1)
        return self.pick(
            f"({a} + {b})",
            f"({a} - {b})",
            f"({a} * {b})",
            f"({a} * {b} + {self.float_expression(scope, 0)})",
            f"({a} / (abs({b}) + 1.0))",
            f"({a} * 0.5)",
            f"sqrt(abs({a}))",
            f"min({a}, {b})",
            f"max({a}, {b})",
            f"abs({a})",
            f"-{a}",
            f"({a} if {self.condition(scope, depth - 1)} else {b})",
        )

    def element_expression(self, dtype, scope, depth):
        """What can be assigned to an element."""
        if dtype == "bool":
            return self.condition(scope, depth)
        is_float = dtype in FLOATS
        if self.chance(0.2):
            return self.float_expression(scope, depth) if is_float else self.small(dtype, scope)
        a, b = self.own(dtype, scope), self.own(dtype, scope)
        if is_float:
            return self.pick(
                f"{a} + {b}",
                f"{a} * {b}",
                f"{a} - {b} * {a}",
                f"{a} * 0.5 + {b}",
                f"{a} / 3.0",
                f"{a} / {b}",
                f"-{a}",
                a,
                f"{a} if {self.condition(scope, 1)} else {b}",
            )
        return self.pick(
            f"{a} + {b}",
            f"{a} - {b}",
            f"{a} * {b}",
            f"{a} & {b}",
            f"{a} ^ {b}",
            f"{a} + 1",
            f"{a} * 3",
            f"{a} >> 1",
            a,
            f"{a} if {self.condition(scope, 1)} else {b}",
        )

    def own(self, dtype, scope):
        """A value of the element's type."""
        element = self.read((dtype,), scope)
        if element is None or self.chance(0.1):
            if dtype in FLOATS:
                return f"{dtype}({self.float_expression(scope, 0)})"
            return f"{dtype}({self.small(dtype, scope)})"
        return element

    def small(self, dtype, scope):
        """An `int` that mostly fits."""
        value = self.int_expression(scope, 1)
        if self.chance(0.05) or dtype == "i64":
            return value
        return f"({value} & 127)"

    def condition(self, scope, depth):
        kind = self.random.random()
        order = self.pick("<", "<=", ">", ">=", "==", "!=")
        if depth > 0 and kind < 0.15:
            word = self.pick("and", "or")
            return f"({self.condition(scope, depth - 1)} {word} {self.condition(scope, depth - 1)})"
        if depth > 0 and kind < 0.2:
            return f"(not {self.condition(scope, depth - 1)})"
        if kind < 0.3:
            element = self.read(("bool",), scope)
            if element:
                return element
        if kind < 0.45:
            element = self.read((*INTEGERS, *FLOATS), scope)
            if element:
                return f"{element} {order} {self.pick('0', '1', '50')}"
        make = self.int_expression if kind < 0.75 else self.float_expression
        depth = min(depth, 1)
        return f"{make(scope, depth)} {order} {make(scope, depth)}"


def functions(seed, count, is_parallel):
    """`count` functions; each is the same whatever else is made."""
    return [Writer(f"f{k}", seed * 1000 + k, is_parallel).function() for k in range(count)]


def module(found):
    return "\n\n".join([HEAD, *(f.source + "\n" for f in found)])
