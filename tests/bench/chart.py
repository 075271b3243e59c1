"""The chart of docs/performance.md: the time of each program as a part of the best peer's."""

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams["svg.fonttype"] = "none"
matplotlib.rcParams["svg.hashsalt"] = "performance"

import matplotlib.pyplot as plt  # noqa: E402

COLORS = {"yes": "#2f7d4f", "no": "#c2603a", "-": "#7d8794"}


def draw(rows, path):
    """Rows are (name, ratio, target as text, met)."""
    rows = list(reversed(rows))
    figure, axes = plt.subplots(figsize=(8, 0.24 * len(rows) + 1))
    places = range(len(rows))
    axes.barh(places, [r[1] for r in rows], color=[COLORS[r[3]] for r in rows], height=0.7)
    for place, (_, ratio, target, _) in zip(places, rows):
        if target != "-":
            limit = float(target.removeprefix("≤ "))
            axes.plot([limit, limit], [place - 0.45, place + 0.45], color="black", linewidth=1.5)
        axes.text(ratio * 1.03, place, f"{ratio:.2f}", va="center", fontsize=7)
    axes.axvline(1.0, color="grey", linewidth=0.8, linestyle="--")
    axes.set_xscale("log")
    axes.set_yticks(places, [r[0].replace("`", "") for r in rows], fontsize=7)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlabel("time / time of the best peer (less is better); black lines are the targets")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def draw_scaling(rows, path):
    """Rows are (name, scaling, the peer's scaling or None, target or None, met)."""
    rows = list(reversed(rows))
    figure, axes = plt.subplots(figsize=(8, 0.36 * len(rows) + 1))
    for place, (_, own, peer, limit, met) in enumerate(rows):
        axes.barh(place + 0.2, own, color=COLORS["yes" if met else "no"], height=0.36)
        axes.text(own + 0.01, place + 0.2, f"{own:.2f}", va="center", fontsize=7)
        if peer:
            axes.barh(place - 0.2, peer, color=COLORS["-"], height=0.36)
            axes.text(peer + 0.01, place - 0.2, f"{peer:.2f}", va="center", fontsize=7)
        if limit:
            axes.plot([limit, limit], [place, place + 0.4], color="black", linewidth=1.5)
    axes.axvline(2.0, color="grey", linewidth=0.8, linestyle="--")
    axes.set_yticks(range(len(rows)), [r[0].replace("`", "") for r in rows], fontsize=7)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlabel("time on one thread / time on two, below it the best peer's; lines: targets")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
