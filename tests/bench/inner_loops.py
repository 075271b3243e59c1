"""The machine code of the innermost loops in which programs spend their time.

inner_loops.py PROGRAM [WAY ...]: measures a program and prints the loop of each way, or of some.
`make bench` writes `docs/performance-code.md`, for the rows of its tables that are not met.

The time is sampled (`sampler.c`), which works in the same way for what was compiled ahead of time
and for what was compiled just now.  Loops are found where a disassembly jumps backwards.
"""

import platform
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass

from peers import NAMES

MACHINES = {"x86_64": ("i386:x86-64", "-Mintel"), "aarch64": ("aarch64",)}
# How long a way runs at most.
SECONDS = 3.0
# Lines of a loop that are shown; a longer one is shortened in its middle.
MOST_LINES = 40
# A loop with fewer of the samples is not what the time is spent in.
LEAST_SHARE = 0.15

INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\s+(\S.*?)\s*$")
JUMP = re.compile(r"^(?:j\w+|b|b\.\w+|cbn?z|tbn?z)\s.*?\b0x([0-9a-f]+)$")
# Bytes in front of a jump that only move what is behind it.
PADDING = re.compile(r"^(?:(?:cs|ds|es|ss|bnd) )+(?=j)")
CALL = re.compile(r"^(?:call|bl)\s+0x([0-9a-f]+)$")
# What is never followed by the instruction behind it.
LEAVES = re.compile(r"^(?:jmp|ret|b|br)\b(?!\.)")
# What is behind the names of built files.
DIGEST = re.compile(r"[-_][0-9a-f]{16}\b")


@dataclass
class Loop:
    """A stretch of machine code, with the part of the samples that were in it."""

    file: str
    share: float
    is_loop: bool
    lines: list

    def __str__(self):
        kind = "innermost loop" if self.is_loop else "no such loop, the densest part"
        head = f"{kind}: {self.share:.0%} of the time, {len(self.lines)} instructions"
        shown = self.lines
        if len(shown) > MOST_LINES:
            half = MOST_LINES // 2
            left = len(shown) - 2 * half
            shown = [*shown[:half], f"      ... {left} more ...", *shown[-half:]]
        return "\n".join([f"{head}, in {self.file}", *shown])


class Tools:
    """What sampling needs: `missing` says what is not there."""

    def __init__(self, peers):
        self.objdump = shutil.which("objdump")
        self.machine = MACHINES.get(platform.machine())
        self.sampler = peers.sampler()
        wanted = {
            "a C compiler": self.sampler,
            "objdump": self.objdump,
            "x86-64 or aarch64": self.machine,
            "Linux": sys.platform == "linux",
        }
        self.missing = [name for name, there in wanted.items() if not there]

    def disassembled(self, code, start):
        """Instructions as (address, text)."""
        with tempfile.NamedTemporaryFile() as file:
            file.write(code)
            file.flush()
            arch, *options = self.machine
            command = [self.objdump, "-D", "-b", "binary", "-m", arch, *options]
            command += ["--no-show-raw-insn", "-w", f"--adjust-vma={start:#x}", file.name]
            text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        found = map(INSTRUCTION.match, text.splitlines())
        return [(int(m[1], 16), PADDING.sub("", m[2].split(" #")[0].rstrip())) for m in found if m]

    def synchronised(self, code, start, samples):
        """The same from a byte on at which an instruction begins: all samples are at one then."""
        best, most = [], -1
        for skip in range(16 if platform.machine() == "x86_64" else 1):
            instructions = self.disassembled(code[skip:], start + skip)
            known = sum(n for address, _ in instructions if (n := samples.get(address)))
            if known > most:
                best, most = instructions, known
            if most == sum(samples.values()):
                break
        return best

    def loop(self, answer):
        """The hottest innermost loop of what a worker sampled."""
        samples = {int(address): n for address, n in answer["samples"].items()}
        code, start = bytes.fromhex(answer["code"]), answer["start"]
        instructions = self.synchronised(code, start, samples)
        total = answer["count"]
        shown = innermost(instructions, samples)
        is_loop = inside(samples, shown) >= LEAST_SHARE * total
        if not is_loop:
            shown = densest(instructions, samples)
        lines = written([i for i in instructions if i[0] in shown], samples, total)
        return Loop(DIGEST.sub("", answer["file"]), inside(samples, shown) / total, is_loop, lines)


def inside(samples, addresses):
    return sum(n for address, n in samples.items() if address in addresses)


def innermost(instructions, samples):
    """The addresses of the loop in which most samples are that are in no loop in it."""
    places = {address: place for place, (address, _) in enumerate(instructions)}
    loops = {}
    for last, (_, text) in enumerate(instructions):
        first = places.get(target_of(text))
        if first is not None and first <= last:
            loops.setdefault(first, set()).update(cycle(instructions, places, first, last))
    by_size = sorted(loops.values(), key=len)
    counts = [0] * len(by_size)
    for address, n in samples.items():
        holds = (k for k, loop in enumerate(by_size) if address in loop)
        if (k := next(holds, None)) is not None:
            counts[k] += n
    return by_size[counts.index(max(counts))] if counts else set()


def target_of(text):
    jump = JUMP.match(text)
    return int(jump[1], 16) if jump else None


def cycle(instructions, places, first, last):
    """The addresses on ways from one place to another, which jumps back to it; none where that jump
    is in a part of a function that is only come to from elsewhere."""
    after, before = {}, {}
    for place in range(first, last + 1):
        text = instructions[place][1]
        following = [places.get(target_of(text))]
        if not LEAVES.match(text):
            following.append(place + 1)
        after[place] = [p for p in following if p is not None and first <= p <= last]
        for other in after[place]:
            if other != first:
                before.setdefault(other, []).append(place)
    met = reached(after, first) & reached(before, last)
    return {instructions[place][0] for place in met}


def reached(following, start):
    met, left = set(), [start]
    while left:
        place = left.pop()
        if place not in met:
            met.add(place)
            left += following.get(place, ())
    return met


def densest(instructions, samples):
    """The addresses of the stretch with most samples that can be shown."""
    addresses = [address for address, _ in instructions]
    places = [place for place, address in enumerate(addresses) if address in samples]
    stretches = [set(addresses[place : place + MOST_LINES]) for place in places]
    return max(stretches, key=lambda stretch: inside(samples, stretch))


def written(instructions, samples, total):
    """Lines of the part of the samples, the distance from the first instruction, and the text."""
    start = instructions[0][0]
    shown = {address for address, _ in instructions}
    lines = []
    for address, text in instructions:
        if jump := JUMP.match(text) or CALL.match(text):
            target = int(jump[1], 16)
            place = f"+{target - start:x}" if target in shown else "out"
            text = text.removesuffix(f"0x{jump[1]}") + place
        share = f"{samples[address] / total:4.0%}" if address in samples else "    "
        lines.append(f"{share} +{address - start:<4x} {' '.join(text.split())}")
    return lines


def sampled(bench, tools, measured, way):
    """The loop of a way of a row as text, or why there is none."""
    if way not in measured.requests:
        return measured.errors.get(way, "not measured")
    worker, request = measured.requests[way]
    threads = {"threads": 1} if "threads" in request else {}
    request = request | threads | {"sampler": tools.sampler, "seconds": SECONDS}
    answer = bench.worker(*worker).ask(request)
    return answer["error"] if "error" in answer else str(tools.loop(answer))


HEAD = """\
# The machine code of inner loops

For each row of [the tables](performance.md) that takes too long, `make bench` writes here where
snek and the best peer spend their time. In front of an instruction is its part of the samples,
behind `+` its distance from the first one in bytes; jumps and calls to elsewhere go `out`. Long
loops are shortened in their middle. Loops of two threads are shown as they run on one.
"""


def write_page(bench, path):
    """Writes the page anew, unless something for it is missing."""
    tools = Tools(bench.peers)
    if tools.missing:
        print(f"{path.name} needs {', '.join(tools.missing)}", file=sys.stderr)
        return
    parts = [HEAD]
    for what, relation, measured, peer in bench.missed:
        parts.append(f"## {what}\n\n{relation}.")
        for way in ("snek", peer):
            text = sampled(bench, tools, measured, way)
            parts.append(f"{NAMES[way]}:\n\n```text\n{text}\n```")
    path.write_text("\n\n".join(part.rstrip() for part in parts) + "\n")
    print(f"written to {path.name}", file=sys.stderr)


def main():
    from bench import Bench

    program, *ways = sys.argv[1:] or sys.exit(__doc__)
    bench = Bench({program})
    tools = Tools(bench.peers)
    if tools.missing:
        sys.exit(f"needs {', '.join(tools.missing)}")
    bench.measure_programs()
    for measured in bench.measured:
        for way in ways or measured.requests:
            print(f"\n{measured.row['what']}, {NAMES.get(way, way)}")
            print(sampled(bench, tools, measured, way))


if __name__ == "__main__":
    main()
