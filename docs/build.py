"""`make docs`: renders the pages to HTML in `build/docs`, and runs the examples that they show.

The pictures of the README are those of the last `make demo`.
"""

import re
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import markdown
from PIL import Image

ROOT = Path(__file__).parents[1]
OUT = ROOT / "build/docs"
IMAGES = ROOT / "docs/images"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SNEKC = Path(sysconfig.get_path("scripts")) / "snekc"


def render(page):
    text = re.sub(r"\]\((?:docs/)?([\w-]+)\.md\)", r"](\1.html)", page.read_text())
    body = markdown.markdown(text, extensions=["tables", "fenced_code"])
    body = body.replace('src="docs/', 'src="../../docs/').replace(
        'src="images/', 'src="../../docs/images/'
    )
    style = "body{max-width:50em;margin:2em auto;font-family:sans-serif} img{max-width:100%}"
    head = f"<!doctype html><meta charset=utf-8><title>{page.stem}</title><style>{style}</style>"
    (OUT / f"{page.stem}.html").write_text(head + body)


def run_examples(page):
    """Compiles each whole module of a page, and runs it both ways."""
    for example in re.findall(r"^```python\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE):
        with tempfile.TemporaryDirectory() as directory:
            (Path(directory) / "example.py").write_text(example)
            for command in (
                [sys.executable, "example.py"],
                [SNEKC, "build", "--strict", "example.py"],
                [sys.executable, "-c", "import example"],
            ):
                subprocess.run(command, cwd=directory, check=True)


def take_pictures():
    """Takes the pictures of the last demo, with few colours: they are part of the repository."""
    for name in ("filters.png", "speedups.png"):
        made = ROOT / "examples/vision/out" / name
        if made.exists():
            with Image.open(made) as image:
                image.convert("RGB").quantize(128).save(IMAGES / name, optimize=True)


OUT.mkdir(parents=True, exist_ok=True)
IMAGES.mkdir(exist_ok=True)
take_pictures()
for page in PAGES:
    render(page)
    run_examples(page)
print(f"written to {OUT.relative_to(ROOT)}")
