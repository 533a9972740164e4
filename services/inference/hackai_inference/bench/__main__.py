"""``python3 -m hackai_inference.bench``: the same command where there is no `hackai`, as in the Jetson's image."""

from hackai_inference.bench.cli import app

app(prog_name="hackai bench")
