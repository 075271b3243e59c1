"""The loop fuzzer: random loops must give the same in CPython, with `-O0` and with `-O2`.

loops.py --seeds 1,2,3 | --seconds 600 [--start SEED]   [--snekc COMMAND] [--out FOLDER]

Values with their bits, types, exceptions with message and line, and the contents of all arrays at
that moment are compared; loops of `prange` are run on 1, 2, 3 and 7 threads too.  What disagrees is
made smaller and written to FOLDER as a program like those of `tests/run`.
"""

import argparse
import ast
import collections
import json
import math
import os
import random
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import generate  # noqa: E402
import run_module  # noqa: E402

HERE = Path(__file__).parent
FUNCTIONS = 20
LEVELS = ("-O0", "-O2")
THREADS = (1, 2, 3, 7)
TIMEOUT = 120
# A sum in another order may differ by this much: the numbers of the fuzzer are small.
TOLERANCE = 1e-3


def is_parallel(seed):
    return seed % 4 == 3


def cpu_of(seed):
    """The vectors that a module may use: mostly the widest that there are."""
    return {3: "modern", 7: "baseline"}.get(seed % 8, "native")


class Fuzzer:
    def __init__(self, snekc, out):
        self.snekc = snekc
        self.out = out
        self.counts = collections.Counter()
        self.refused = {}
        self.found = []

    # Building and running.

    def build(self, source, folder):
        """Builds at each level; gives the modules and, of the first failure, status and output."""
        modules = {}
        for level in LEVELS:
            command = [self.snekc, "build", "-q", "--strict", "--message-format", "json", level]
            done = subprocess.run(
                [*command, "-o", folder / level, source],
                env={**os.environ, "SNEK_VERIFY": "1"},
                capture_output=True,
                text=True,
                timeout=TIMEOUT,
            )
            if done.returncode != 0:
                return modules, (level, done.returncode, done.stderr)
            modules[level] = folder / level / f"{source.stem}.so"
        return modules, None

    def run(self, seed, modules, folder, *options, threads=1):
        """Outcomes as {(function, number): {way: outcome}}; the status of the process."""
        output = folder / "outcomes.jsonl"
        ways = [f"{way}={path}" for way, path in modules.items()]
        kind = "parallel" if is_parallel(seed) else "serial"
        command = [sys.executable, HERE / "run_module.py", str(seed), str(FUNCTIONS), kind, output]
        try:
            status = subprocess.run(
                [*command, *ways, *options],
                env={**os.environ, "SNEK_NUM_THREADS": str(threads), "SNEK_CPU": cpu_of(seed)},
                capture_output=True,
                timeout=TIMEOUT,
            ).returncode
        except subprocess.TimeoutExpired:
            status = "a timeout"
        outcomes = collections.defaultdict(dict)
        for line in output.read_text().splitlines():
            record = json.loads(line)
            default = {"value": None, "raised": f"the process ended with {status}"}
            outcomes[tuple(record["case"])][record["way"]] = record.get("outcome", default)
        return outcomes, status

    # One module.

    def module(self, seed):
        functions = generate.functions(seed, FUNCTIONS, is_parallel(seed))
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            source = folder / f"loops_{seed}.py"
            while functions:
                source.write_text(generate.module(functions))
                modules, failure = self.build(source, folder)
                if failure is None:
                    break
                functions = self.without_refused(seed, functions, failure)
            self.counts["functions"] += len(functions)
            failing = {}
            skipped = []
            while True:
                options = ["--skip", ",".join(skipped)] if skipped else []
                found, ended = self.compare(
                    seed, {"interpreted": source, **modules}, folder, options
                )
                failing.update((k, v) for k, v in found.items() if k not in failing)
                if ended is None:
                    break
                skipped.append(ended)
        for function in functions:
            if function.name in failing:
                number, difference = failing[function.name]
                self.report(seed, function, number, difference)

    def compare(self, seed, modules, folder, options):
        """Of the functions that disagree, the first call; and which ended the process."""
        failing = {}
        ended = None
        first = None
        for threads in THREADS if is_parallel(seed) else (1,):
            used = modules if threads == 1 else {k: modules[k] for k in LEVELS}
            outcomes, status = self.run(seed, used, folder, *options, threads=threads)
            self.counts["calls"] += len(outcomes) if threads == 1 else 0
            if status != 0:
                name, number = list(outcomes)[-1]
                ended = name
                failing.setdefault(name, (number, f"the process ended with {status}"))
            for (name, number), ways in outcomes.items():
                difference = None
                if threads == 1:
                    difference = differs(ways, is_parallel(seed))
                    raised = (ways.get("interpreted", {}).get("raised") or "value").split(":")[0]
                    self.counts[raised] += 1
                else:
                    for way, outcome in ways.items():
                        before = first.get((name, number), {}).get(way)
                        if before and not same_result(before, outcome):
                            difference = f"{way}, {threads} threads: {shown(before, outcome)}"
                if difference:
                    failing.setdefault(name, (number, difference))
            first = first or outcomes
        return failing, ended

    def without_refused(self, seed, functions, failure):
        """The functions without those that are refused; a bug of the compiler is a finding."""
        level, status, output = failure
        starts = {}
        line = generate.HEAD.count("\n") + 2
        for function in functions:
            starts[function.name] = line
            line += function.source.count("\n") + 3
        bad = {}
        for text in output.splitlines():
            try:
                message = json.loads(text)
            except json.JSONDecodeError:
                continue
            span = message.get("span")
            if message.get("severity") == "error" and span:
                name = max((n for n in starts if starts[n] <= span["line"]), key=starts.get)
                bad[name] = f"{message['code']} {message['message']}"
        if status == 1 and bad:
            for name, why in bad.items():
                self.counts[f"refused {why[:4]}"] += 1
                self.refused.setdefault(why, f"{seed} {name}")
            return [f for f in functions if f.name not in bad]
        # A bug of the compiler: which function is it?
        if len(functions) == 1:
            self.report(seed, functions[0], 0, f"build {level}: status {status}: {output[-600:]}")
            return []
        good = []
        for function in functions:
            with tempfile.TemporaryDirectory() as name:
                source = Path(name) / "one.py"
                source.write_text(generate.module([function]))
                _, failed = self.build(source, Path(name))
            if failed and failed[1] != 1:
                why = f"build {failed[0]}: status {failed[1]}: {failed[2][-600:]}"
                self.report(seed, function, 0, why)
            elif not failed:
                good.append(function)
        return good if len(good) < len(functions) else []

    # What is found.

    def report(self, seed, function, number, difference):
        print(f"seed {seed}, {function.name}, call {number}: {difference}", flush=True)
        smaller = self.minimised(seed, function, number)
        path = self.write(seed, function, number, smaller, difference)
        self.found.append(path)
        print(f"  written to {path}", flush=True)

    def disagrees(self, seed, function, number, source):
        """Whether a call still differs (or the build still fails) with another source."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            path = folder / "smaller.py"
            path.write_text(f"{generate.HEAD}\n\n{source}\n")
            modules, failure = self.build(path, folder)
            if failure:
                return failure[1] != 1
            modules = {"interpreted": path, **modules}
            options = ["--only", function.name, "--number", str(number)]
            failing, _ = self.compare(seed, modules, folder, options)
            return bool(failing)

    def minimised(self, seed, function, number, seconds=60):
        """A smaller source that disagrees still: statements dropped, expressions replaced."""
        source = function.source
        end = time.monotonic() + seconds
        progress = True
        while progress and time.monotonic() < end:
            progress = False
            for smaller in smaller_sources(source):
                if time.monotonic() > end:
                    break
                try:
                    still = self.disagrees(seed, function, number, smaller)
                except subprocess.TimeoutExpired:
                    still = False
                if still:
                    source = smaller
                    progress = True
                    break
        return source

    def write(self, seed, function, number, source, difference):
        """A program like those of tests/run, with the call that differs as its case."""
        layout, given = run_module.arguments(function, number)
        names = [a.name for a in function.arrays] + ["n", "x"]
        lines = []
        for name, value in zip(names, given):
            if hasattr(value, "dtype"):
                text = f"np.array({value.ravel().tolist()!r}, {value.dtype.str!r})"
                lines.append(f"{name} = {text}.reshape({value.shape})")
            else:
                lines.append(f"{name} = {value!r}")
        lines.append(f"given = laid({layout!r}, {', '.join(names)})")
        case = "\n".join([*lines, f"{function.name}(*given)"])
        doc = f"seed {seed}, {function.name}, call {number}\n\n{difference}"
        self.out.mkdir(parents=True, exist_ok=True)
        path = self.out / f"loop_{seed}_{function.name}.py"
        quoted = doc.replace("\\", "\\\\").replace('"""', "'''")
        cases = f'CASES = [\n    """{case}""",\n]'
        path.write_text(f'"""{quoted}\n"""\n\n{generate.HEAD}\n\n{source}\n\n\n{cases}\n')
        return path


def shown(a, b):
    """Where two outcomes differ, shortly."""
    parts = []
    for key in a:
        if a[key] != b.get(key):
            texts = [str(side.get(key)) for side in (a, b)]
            start = next((k for k, (p, q) in enumerate(zip(*texts)) if p != q), 0)
            around = [text[max(start - 30, 0) : start + 60] for text in texts]
            parts.append(f"{key}: {around[0]!r} | {around[1]!r}")
    return "; ".join(parts)


def same_result(a, b):
    """Of one parallel loop on two numbers of threads."""
    if a["raised"] or b["raised"]:
        # Which other iterations had run is not said.
        return a["raised"] == b["raised"]
    return a == b


def differs(ways, parallel):
    """How the compiled outcomes differ from CPython's, or None."""
    expected = ways.get("interpreted")
    for way in LEVELS:
        if way not in ways or expected is None:
            continue
        found = ways[way]
        if expected == found:
            continue
        if parallel:
            if expected["raised"] or found["raised"]:
                if expected["raised"] == found["raised"]:
                    continue
            elif close(expected, found):
                continue
        return f"{way}: {shown(expected, found)}"
    return None


def close(expected, found):
    """The same, but for the order of a sum of floats."""
    if any(expected[k] != found[k] for k in expected if k != "value"):
        return False
    (t0, t1, s0, s1), (u0, u1, v0, v1) = expected["value"], found["value"]
    numbers = [float.fromhex(s) for s in (s0, v0)]
    if all(map(math.isfinite, numbers)):
        near = abs(numbers[0] - numbers[1]) <= max(TOLERANCE, 1e-9 * abs(numbers[0]))
    else:
        near = True
    return (t0, t1, s1) == (u0, u1, v1) and near


def smaller_sources(source):
    """Each way to make a function smaller by one step, the larger steps first."""
    tree = ast.parse(source)
    places = []
    for node in ast.walk(tree):
        for name in ("body", "orelse"):
            body = getattr(node, name, None)
            if isinstance(body, list) and isinstance(node, ast.stmt):
                places += [(node, name, k) for k in range(len(body))]
    seen = {source}
    for node, name, k in places:
        body = getattr(node, name)
        statement = body[k]
        if isinstance(statement, ast.Return | ast.Pass):
            continue
        tries = [[]]
        if isinstance(statement, ast.If):
            tries += [statement.body, statement.orelse]
        for replacement in tries:
            rest = [*body[:k], *replacement, *body[k + 1 :]]
            setattr(node, name, rest or ([ast.Pass()] if name == "body" else []))
            text = ast.unparse(tree)
            setattr(node, name, body)
            if text not in seen:
                seen.add(text)
                yield text
    for node in list(ast.walk(tree)):
        for field, value in ast.iter_fields(node):
            values = value if isinstance(value, list) else [value]
            for k, old in enumerate(values):
                for new in parts(old):
                    set_field(node, field, value, k, new)
                    text = ast.unparse(tree)
                    set_field(node, field, value, k, old)
                    if text not in seen:
                        seen.add(text)
                        yield text


def parts(node):
    match node:
        case ast.BinOp():
            return [node.left, node.right]
        case ast.IfExp():
            return [node.body, node.orelse]
        case ast.BoolOp():
            return node.values
        case ast.UnaryOp():
            return [node.operand]
        case ast.Call(ast.Name("min" | "max" | "abs" | "sqrt")):
            return node.args
    return []


def set_field(node, field, value, k, new):
    if isinstance(value, list):
        value[k] = new
    else:
        setattr(node, field, new)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", help="which modules to make, with commas")
    parser.add_argument("--seconds", type=float, default=600, help="how long, on random seeds")
    parser.add_argument("--start", type=int, help="the first seed, instead of a random one")
    parser.add_argument("--snekc", default=Path(sysconfig.get_path("scripts")) / "snekc")
    parser.add_argument("--out", type=Path, default=Path("build/fuzz"))
    options = parser.parse_args()
    fuzzer = Fuzzer(options.snekc, options.out)
    if options.seeds:
        seeds = iter(map(int, options.seeds.split(",")))
        end = math.inf
    else:
        start = options.start
        start = random.SystemRandom().randrange(10**9) if start is None else start
        print(f"seeds from {start}", flush=True)
        seeds = iter(range(start, start + 10**6))
        end = time.monotonic() + options.seconds
    for seed in seeds:
        fuzzer.module(seed)
        if time.monotonic() > end:
            break
    print(", ".join(f"{key} {count}" for key, count in sorted(fuzzer.counts.items())))
    for why, example in list(fuzzer.refused.items())[:20]:
        print(f"refused: {why} ({example})")
    for path in fuzzer.found:
        print(f"found: {path}")
    return 1 if fuzzer.found else 0


if __name__ == "__main__":
    sys.exit(main())
