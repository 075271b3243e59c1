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
# How long a way runs.
SECONDS = 1.0
# Lines of a loop that are shown; a longer one is shortened in its middle.
MOST_LINES = 40
# A loop with fewer of the samples is not what the time is spent in.
LEAST_SHARE = 0.3

INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\s+(\S.*?)\s*$")
JUMP = re.compile(r"^(?:j\w+|b|b\.\w+|cbn?z|tbn?z)\s.*?\b0x([0-9a-f]+)$")
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
        return [(int(m[1], 16), m[2].split(" #")[0].rstrip()) for m in found if m]

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
        bounds = innermost(instructions, samples)
        share = inside(samples, bounds) / answer["count"] if bounds else 0.0
        is_loop = share >= LEAST_SHARE
        if not is_loop:
            bounds = densest(instructions, samples)
            share = inside(samples, bounds) / answer["count"]
        shown = [i for i in instructions if bounds[0] <= i[0] <= bounds[1]]
        file = DIGEST.sub("", answer["file"])
        return Loop(file, share, is_loop, written(shown, samples, answer["count"]))


def inside(samples, bounds):
    return sum(n for address, n in samples.items() if bounds[0] <= address <= bounds[1])


def innermost(instructions, samples):
    """The loop, as its first and last address, in which most samples are that are in none in it."""
    texts = dict(instructions)
    backward = {}
    for address, text in instructions:
        if (target := target_of(text)) in texts and target <= address:
            backward.setdefault(target, []).append(address)
    loops = []
    for first, jumps in backward.items():
        # Parts that are apart from the rest of their function jump back to it, too.
        met = reached(instructions, first, jumps[-1])
        loops += [(first, last) for last in reversed(jumps) if last in met][:1]
    loops.sort(key=lambda loop: loop[1] - loop[0])
    counts = dict.fromkeys(loops, 0)
    for address, n in samples.items():
        holds = next((loop for loop in loops if loop[0] <= address <= loop[1]), None)
        if holds:
            counts[holds] += n
    return max(counts, key=counts.get, default=None)


def target_of(text):
    jump = JUMP.match(text)
    return int(jump[1], 16) if jump else None


def reached(instructions, first, last):
    """The addresses between two that can be come to from the first one without leaving."""
    inner = [i for i in instructions if first <= i[0] <= last]
    following = dict(zip([address for address, _ in inner], inner[1:]))
    texts = dict(inner)
    met, left = set(), [first]
    while left:
        address = left.pop()
        if address in met or address not in texts:
            continue
        met.add(address)
        left.append(target_of(texts[address]))
        if not LEAVES.match(texts[address]) and address in following:
            left.append(following[address][0])
    return met


def densest(instructions, samples):
    """The stretch, as its first and last address, with most samples that can be shown."""
    addresses = [address for address, _ in instructions]
    places = [place for place, address in enumerate(addresses) if address in samples]
    stretches = [addresses[place : place + MOST_LINES] for place in places]
    best = max(stretches, key=lambda stretch: sum(samples.get(a, 0) for a in stretch))
    return best[0], best[-1]


def written(instructions, samples, total):
    """Lines of the part of the samples, the distance from the first instruction, and the text."""
    start, last = instructions[0][0], instructions[-1][0]
    lines = []
    for address, text in instructions:
        if jump := JUMP.match(text) or CALL.match(text):
            target = int(jump[1], 16)
            place = f"+{target - start:x}" if start <= target <= last else "out"
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
