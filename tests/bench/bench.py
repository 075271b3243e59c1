"""`make bench`: measures what docs/performance.md promises and writes its tables and its chart.

`make bench ROWS=fib,sieve` measures some programs and only prints; `parallel` are the rows of two
threads, `overhead` and `compile` the rows that are no programs.  Everything that is compared runs
in this one session, in turns and pinned to one core (or as many as a row says); a figure is the
median.
"""

import json
import math
import os
import platform
import select
import statistics
import subprocess
import sys
import sysconfig
import time
from dataclasses import dataclass, field
from pathlib import Path

import chart
import forms
import inner_loops
from peers import FAST, NAMES, PARALLEL, STRICT, Peers

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
WORK = ROOT / ".bench"
PAGE = ROOT / "docs/performance.md"
CODE_PAGE = ROOT / "docs/performance-code.md"
CHART = ROOT / "docs/images/performance.svg"
PARALLEL_CHART = ROOT / "docs/images/parallel.svg"
MARKS = "<!-- make bench writes from here -->", "<!-- to here -->"

SNEKC = Path(sysconfig.get_path("scripts")) / "snekc"
CORES = sorted(os.sched_getaffinity(0))
ROUNDS = 3
# What a program says of itself, as plain data: each way loads it on its own.
SHOW_ROWS = "import json, runpy, sys; print(json.dumps(runpy.run_path(sys.argv[1])['ROWS']))"
# Of one way in one round.
SECONDS = 0.12
TIMEOUT = 120


def environment(cores):
    names = ("SNEK_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
    kept = {"NUMBA_CACHE_DIR": str(WORK / "numba")}
    return {**os.environ, **kept, **dict.fromkeys(names, str(cores))}


def pin(cores):
    return lambda: os.sched_setaffinity(0, CORES[:cores])


def run(*command, cores=1):
    """Runs a command on the first cores and returns what it prints."""
    done = subprocess.run(
        [*map(str, command)],
        stdout=subprocess.PIPE,
        check=True,
        preexec_fn=pin(cores),
        env=environment(cores),
    )
    return done.stdout


def snekc(source, folder, *options):
    """Builds a module; gives its file, or why there is none."""
    folder.mkdir(exist_ok=True)
    command = [SNEKC, "build", "--quiet", "--strict", *options, "-o", folder, source]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        return None, next(iter(done.stderr.strip().splitlines()), f"status {done.returncode}")
    return folder / f"{source.stem}.so", None


class Worker:
    """A process that times programs in one way: see worker.py."""

    def __init__(self, python, way, cores):
        self.command = [str(python), str(HERE / "worker.py"), way]
        self.cores = cores
        self.process = None

    def ask(self, request):
        if self.process is None:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                preexec_fn=pin(self.cores),
                env=environment(self.cores),
            )
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()
        ready, _, _ = select.select([self.process.stdout], [], [], TIMEOUT)
        line = self.process.stdout.readline() if ready else b""
        if line:
            return json.loads(line)
        self.process.kill()
        status = self.process.wait()
        self.process = None
        return {"error": f"ended with status {status}" if ready else f"took over {TIMEOUT} s"}


@dataclass
class Measured:
    """A row of a program, in all ways."""

    row: dict
    times: dict = field(default_factory=dict)
    errors: dict = field(default_factory=dict)
    # What the worker of a way was asked, with the key of that worker.
    requests: dict = field(default_factory=dict)

    def add(self, way, answer):
        if "error" in answer:
            self.errors[way] = answer["error"]
        elif not answer["right"]:
            self.errors[way] = "wrong result"
        else:
            self.times.setdefault(way, []).extend(answer["times"])

    def milliseconds(self, way):
        if way not in self.times or way in self.errors:
            return None
        return statistics.median(self.times[way]) * 1e3

    def best(self, ways):
        """The fastest of some ways, or None."""
        return min((w for w in ways if self.milliseconds(w)), key=self.milliseconds, default=None)

    def scaling(self, way):
        one, two = self.milliseconds((way, 1)), self.milliseconds((way, 2))
        return Scaling(way, one, two) if one and two and way not in self.errors else None

    def ratio(self, ways):
        own, peer = self.milliseconds("snek"), self.best(ways)
        return own / self.milliseconds(peer) if own and peer else None


def is_parallel(row):
    """Whether a row is measured on two threads: that it gets faster, or divides its work well."""
    return not row["targets"].keys().isdisjoint(("speedup", "balance"))


@dataclass
class Scaling:
    """A parallel row in one way: milliseconds on one and on two threads."""

    way: str
    one: float
    two: float

    @property
    def factor(self):
        return self.one / self.two


# By how much a scaling may be below the best peer's and still count as the same.
SAME_SCALING = 0.02
# Python's own ways, with which rows that have a function of one "row" are compared.
POOLS = "threads", "processes"
PEERS_OF = {"best": STRICT, "numba": ("numba",), "c": ("c",), "fast": FAST, "numpy": ("numpy",)}


class Bench:
    def __init__(self, wanted):
        self.wanted = wanted
        WORK.mkdir(exist_ok=True)
        self.peers = Peers(WORK)
        self.workers = {}
        self.measured = []
        # Rows that take too long: what, in which relation, measured how, the ways to compare.
        self.missed = []

    def is_wanted(self, *names):
        return not self.wanted or any(name in self.wanted for name in names)

    def worker(self, way, cores=1):
        key = way, cores
        if key not in self.workers:
            python = sys.executable if way in ("snek", *POOLS) else self.peers.python
            self.workers[key] = Worker(python, way, cores)
        return self.workers[key]

    def programs(self):
        """The programs with their rows that are wanted, and whether a row is the first."""
        parallel = forms.parallel() if "parallel" in self.wanted else ()
        for path in sorted(forms.PROGRAMS.glob("*.py")):
            if not self.is_wanted(path.stem) and path not in parallel:
                continue
            rows = enumerate(json.loads(run(sys.executable, "-c", SHOW_ROWS, path)))
            found = [
                (row, number == 0)
                for number, row in rows
                if self.is_wanted(path.stem, "parallel" if is_parallel(row) else path.stem)
            ]
            if found:
                yield path, found

    def measure_programs(self):
        programs = list(self.programs())
        for kind, ways in (
            (False, ("pythran", "mojo")),
            (True, ("pythran-parallel", "mojo-parallel")),
        ):
            found = [p for p, rows in programs if any(is_parallel(row) == kind for row, _ in rows)]
            self.peers.build_each(ways, found)
        for path, rows in programs:
            own, error = snekc(path, WORK / "snek")
            wraps = None
            if any(first and not is_parallel(row) for row, first in rows):
                form = WORK / f"unchecked_{path.stem}.py"
                form.write_text(forms.unchecked(path))
                wraps, _ = snekc(form, WORK / "unchecked")
            for row, first in rows:
                measured = Measured(row | {"program": path.stem, "first": first})
                self.measured.append(measured)
                module, reason = own, error
                if "options" in row:
                    form = WORK / f"options_{path.stem}.py"
                    form.write_text(forms.with_options(path, row["options"]))
                    module, reason = snekc(form, WORK / "options")
                ways = {}
                if module:
                    ways["snek"] = "snek", module, 1
                else:
                    measured.errors["snek"] = f"not built: {reason}"
                if is_parallel(row):
                    self.measure_parallel(measured, path, module)
                    print(describe(measured), file=sys.stderr)
                    continue
                targets = row["targets"]
                if wraps and first:
                    ways["unchecked"] = "snek", wraps, 1
                for way in dict.fromkeys(w for t in targets for w in PEERS_OF.get(t, ())):
                    if (way, path.stem) in self.peers.failed:
                        measured.errors[way] = self.peers.failed[way, path.stem]
                    elif (file := self.peers.module(way, path.stem)) is not None:
                        ways[way] = way, file, 1
                self.measure(measured, path, ways)
                print(describe(measured), file=sys.stderr)

    def measure(self, measured, path, ways):
        row = measured.row
        for _ in range(ROUNDS):
            for name, (way, module, cores) in ways.items():
                if name in measured.errors:
                    continue
                request = {
                    "program": str(path),
                    "module": str(module),
                    "function": row.get("function", path.stem),
                    "inputs": row["inputs"],
                    "seconds": SECONDS,
                }
                measured.requests[name] = (way, cores), request
                measured.add(name, self.worker(way, cores).ask(request))

    def measure_parallel(self, measured, path, module):
        """Each way in a process on two cores, in turns with one thread and with two."""
        row = measured.row
        if len(CORES) < 2:
            measured.errors["snek"] = "needs two cores"
        if measured.errors:
            return
        ways = {"snek": (module, {})}
        other = {"peer": row["peer"]} if "peer" in row else {}
        lacks = row.get("lacks", {})
        measured.errors |= lacks
        for way in PARALLEL:
            if (way, path.stem) in self.peers.failed:
                measured.errors[way] = self.peers.failed[way, path.stem]
            elif way not in lacks and (file := self.peers.module(way, path.stem)) is not None:
                ways[way] = file, other
        if "row" in row:
            ways |= {way: (module, {"peer": row["row"]}) for way in POOLS}
        for _ in range(ROUNDS):
            for way, (module, other) in ways.items():
                for threads in (1, 2):
                    if way in measured.errors:
                        continue
                    request = {
                        "program": str(path),
                        "module": str(module),
                        "function": row.get("function", path.stem),
                        "inputs": row["inputs"],
                        "seconds": SECONDS,
                        "threads": threads,
                        "schedule": "dynamic" if "balance" in row["targets"] else "static",
                        **other,
                    }
                    measured.requests[way] = (way, 2), request
                    answer = self.worker(way, 2).ask(request)
                    measured.add(way if "error" in answer else (way, threads), answer)
                    if "error" not in answer and not answer["right"]:
                        measured.errors[way] = "wrong result"

    # The rows of the table of two threads.

    def parallel_rows(self):
        """Texts for the table, and what the chart shows of them or None."""
        for measured in self.measured:
            if not is_parallel(measured.row):
                continue
            found = {way: measured.scaling(way) for way in ("snek", *PARALLEL, *POOLS)}
            found = {way: scaling for way, scaling in found.items() if scaling}
            own = found.get("snek")
            what = measured.row["what"]
            if not own:
                yield (what, "-", "-", "-", "-", "-", "-", "-", "no"), None
                continue
            peers = [found[way] for way in PARALLEL if way in found]
            peer = min(peers, key=lambda scaling: scaling.two, default=None)
            row, shown = parallel_row(what, measured.row["targets"], own, peer)
            if row[-1].startswith("no") and row[-1].endswith("time"):
                relation = f"{own.two / peer.two:.2f} of the time of {NAMES[peer.way]}"
                self.missed.append((f"{what}, two threads", relation, measured, peer.way))
            yield row, shown
            for way in POOLS:
                if way in found:
                    yield (
                        parallel_row(f"{what}, against {NAMES[way]}", {}, own, found[way])[0],
                        None,
                    )

    # The rows of the table of programs.

    def program_rows(self):
        for measured in self.measured:
            if is_parallel(measured.row):
                continue
            for target, limit in measured.row["targets"].items():
                ways = PEERS_OF[target]
                peer, ratio = measured.best(ways), measured.ratio(ways)
                what = measured.row["what"] + {"numba": ", against Numba", "c": ", against C"}.get(
                    target, ", against fast-math" if target == "fast" else ""
                )
                own = measured.milliseconds("snek")
                if limit and ratio and ratio > limit:
                    relation = f"{ratio:.2f} of the time of {NAMES[peer]}, wanted ≤ {limit:.2f}"
                    self.missed.append((what, relation, measured, peer))
                yield (
                    what,
                    time_text(own) if own else measured.errors.get("snek", "-"),
                    f"{NAMES[peer]} {time_text(measured.milliseconds(peer))}" if peer else "-",
                    f"{ratio:.2f}" if ratio else "-",
                    f"≤ {limit:.2f}" if limit else "-",
                    verdict(ratio and ratio <= limit) if limit else "-",
                )

    # The rows that are no ratio to a peer.

    def promise_rows(self):
        if self.is_wanted("overhead"):
            yield from self.overhead_rows()
        yield from self.check_rows()
        if self.is_wanted("compile"):
            yield self.compile_row()

    def overhead_rows(self):
        build, size = measure_build()
        yield "`snekc build` of 100 lines", f"{build:.0f} ms", "≤ 60 ms", verdict(build <= 60)
        yield "size of its `.so`", f"{size / 1000:.0f} kB", "≤ 600 kB", verdict(size <= 600_000)
        module, _ = snekc(HERE / "calls_snek.py", WORK)
        cython = self.peers.calls()
        command = [sys.executable, HERE / "calls.py", module, *([cython] if cython else [])]
        rounds = [json.loads(run(*command)) for _ in range(ROUNDS)]
        calls = {key: statistics.median(r[key] for r in rounds) for key in rounds[0]}
        own, peer = calls["snek scalar"], calls.get("cython scalar")
        yield (
            "call of `f(x: float) -> float`",
            f"{own:.0f} ns" + (f" (Cython {peer:.0f} ns)" if peer else ""),
            "≤ 50 ns or ≤ 1.1 × Cython",
            verdict(own <= max(50, 1.1 * (peer or 0))),
        )
        own = calls["snek array"] - own
        beside = f" (Cython {calls['cython array'] - peer:.0f} ns)" if peer else ""
        yield "passing a NumPy array", f"{own:.0f} ns{beside}", "≤ 150 ns", verdict(own <= 150)
        if len(CORES) >= 2:
            yield from start_rows()

    def check_rows(self):
        """Checked `int` against `i64`, for each program that has both forms."""
        firsts = [m for m in self.measured if m.row["first"]]
        ratios = {m.row["program"]: m.ratio(("unchecked",)) for m in firsts}
        ratios = {name: ratio for name, ratio in ratios.items() if ratio}
        for name in ("sieve", "nbody"):
            if name in ratios:
                cost = (ratios[name] - 1) * 100
                what = f"checked `int` against unchecked, {name}"
                yield what, f"{cost:+.1f} %", "≤ 3 %", verdict(cost <= 3)
        if ratios:
            mean = math.exp(statistics.mean(map(math.log, ratios.values())))
            worst = max(ratios, key=ratios.get)
            yield (
                f"checked `int` against unchecked, geometric mean of {len(ratios)} programs",
                f"{mean:.3f} (most: {worst}, {ratios[worst]:.2f})",
                "≤ 1.03",
                verdict(mean <= 1.03),
            )

    def compile_row(self):
        source = WORK / "all_programs.py"
        source.write_text(forms.combined(forms.serial()))
        taken = []
        for _ in range(5):
            start = time.perf_counter()
            module, error = snekc(source, WORK / "snek")
            taken.append((time.perf_counter() - start) * 1e3)
        count = source.read_text().count("\ndef ")
        what = f"`snekc build` of all programs in one module ({count} functions)"
        if error:
            return what, f"not built: {error}", "≤ 500 ms", "no"
        value = statistics.median(taken)
        return what, f"{value:.0f} ms", "≤ 500 ms", verdict(value <= 500)


def start_rows():
    """What parallel loops cost before they do anything, on two threads."""
    module, _ = snekc(HERE / "starts_snek.py", WORK)
    command = sys.executable, HERE / "starts.py", module
    rounds = [json.loads(run(*command, cores=2)) for _ in range(ROUNDS)]
    for key, what, limit in (
        ("in a row", "starting a loop of two empty pieces on two threads, in a row", 1),
        ("many pieces", "the same, of 256 empty pieces", None),
        ("after idle", "the same of two, after 2 ms without a loop", 60),
        ("event loop", "an event loop's delay while a `prange` has all cores, 99 of 100", 2000),
    ):
        value = statistics.median(r[key] for r in rounds)
        wanted = f"≤ {limit} µs" if limit else "-"
        yield what, f"{value:.2f} µs", wanted, verdict(value <= limit) if limit else "-"


def parallel_row(what, targets, own, peer):
    """A row of the table of two threads, and (name, scalings, limit, met) for its chart."""
    limit = targets.get("speedup")
    misses = []
    shown = f"{own.factor:.2f}"
    wanted = []
    if "balance" in targets:
        # Of the ideal, in which two threads halve the time.
        limit = 2 * targets["balance"]
        shown += f" ({own.factor / 2:.0%})"
        wanted.append(f"{targets['balance']:.0%}")
    elif limit:
        wanted.append(f"{limit:.2f}")
    if limit and own.factor < limit:
        misses.append("scaling")
    if peer:
        if targets:
            wanted.append("the peer's")
        if targets and not misses and own.factor < (1 - SAME_SCALING) * peer.factor:
            misses.append("scaling")
        if own.two > peer.two:
            misses.append("time")
    row = (
        what,
        time_text(own.one),
        time_text(own.two),
        shown,
        f"{NAMES[peer.way]} {time_text(peer.two)}" if peer else "-",
        f"{peer.factor:.2f}" if peer else "-",
        f"{own.two / peer.two:.2f}" if peer else "-",
        "≥ " + " and ".join(wanted) if wanted else "-",
        f"no: {', '.join(misses)}" if misses else "yes",
    )
    return row, (what, own.factor, peer.factor if peer else None, limit, not misses)


def verdict(met):
    return "yes" if met else "no"


def time_text(milliseconds):
    if milliseconds < 0.1:
        return f"{milliseconds * 1e3:.1f} µs"
    return f"{milliseconds:.{1 if milliseconds >= 10 else 3 if milliseconds < 1 else 2}f} ms"


def describe(measured):
    """A line while it runs."""
    parts = [f"{measured.row['what']}:"]
    for way in measured.times:
        if measured.milliseconds(way):
            name = way if isinstance(way, str) else f"{way[0]} on {way[1]}"
            parts.append(f"{name} {time_text(measured.milliseconds(way))}")
    parts += [f"{way}: {error};" for way, error in measured.errors.items()]
    return " ".join(parts)


def measure_build():
    """Milliseconds and bytes of a build of a module of 100 lines."""
    source = HERE / "hundred.py"
    assert len(source.read_text().splitlines()) == 100
    times = []
    for _ in range(15):
        start = time.perf_counter()
        subprocess.run([SNEKC, "build", "--quiet", "-o", WORK, source], check=True)
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e3, (WORK / "hundred.so").stat().st_size


def table(head, rows):
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows))


PARALLEL_HEAD = (
    "loop",
    "snek, 1 thread",
    "2 threads",
    "scaling",
    "best peer, 2 threads",
    "its scaling",
    "ratio",
    "scaling wanted",
    "met",
)


def write_page(promises, programs, threads, notes):
    machine = f"{cpu()}, {len(CORES)} cores, CPython {platform.python_version()}"
    parts = [
        f"Measured on {machine}.",
        table(("what", "measured", "target", "met"), promises),
        "![Time of each program, as a part of the best peer's](images/performance.svg)",
        table(("program", "snek", "best peer", "ratio", "target", "met"), programs),
        "## Two threads",
        "![How much faster each loop is on two threads](images/parallel.svg)",
        table(PARALLEL_HEAD, threads),
        *notes,
    ]
    text = PAGE.read_text()
    before, rest = text.split(MARKS[0])
    _, after = rest.split(MARKS[1])
    generated = "\n\n".join([MARKS[0], *parts, MARKS[1]])
    PAGE.write_text(before + generated + after)
    print(f"written to {PAGE.relative_to(ROOT)}", file=sys.stderr)


def cpu():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def main():
    wanted = {name for argument in sys.argv[1:] for name in argument.split(",") if name}
    known = {path.stem for path in forms.PROGRAMS.glob("*.py")}
    known |= {"overhead", "compile", "parallel"}
    if wanted - known:
        sys.exit(f"no such rows: {', '.join(sorted(wanted - known))}; there are {sorted(known)}")
    bench = Bench(wanted)
    bench.measure_programs()
    promises, programs = list(bench.promise_rows()), list(bench.program_rows())
    threads = list(bench.parallel_rows())
    notes = [f"{NAMES[way]}: {why}." for way, why in bench.peers.missing.items()]
    notes += [
        f"{m.row['what']}, {NAMES.get(way, way)}: {error}."
        for m in bench.measured
        for way, error in m.errors.items()
    ]
    for row in (*promises, *programs, *(row for row, _ in threads), *([note] for note in notes)):
        print("| " + " | ".join(row) + " |")
    if not wanted:
        chart.draw(
            [(row[0], float(row[3]), row[4], row[5]) for row in programs if row[3] != "-"], CHART
        )
        chart.draw_scaling([shown for _, shown in threads if shown], PARALLEL_CHART)
        write_page(promises, programs, [row for row, _ in threads], notes)
        inner_loops.write_page(bench, CODE_PAGE)


if __name__ == "__main__":
    main()
