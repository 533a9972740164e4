"""Runs a search over the queue, with a study on disk that several searches share."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hackai_compression.documents import load_as
from hackai_compression.jobs.queue import resolve, submit
from hackai_compression.jobs.records import JobRequest
from hackai_compression.jobs.store import JobStore
from hackai_compression.search import JOB, Figures, SearchSpace, create_study, figures_of, queued, search
from hackai_compression.settings import CompressionSettings


@dataclass(frozen=True)
class FrontRow:
    """A trial within the budget that no other beats in accuracy, size and latency at once; `job` holds its files."""

    number: int
    accuracy: float
    size_bytes: float
    latency_ms: float
    values: dict[str, Any]
    job: str


def read_space(path: Path) -> SearchSpace:
    """Raises `RecipeError`."""
    return load_as(SearchSpace, path)


def run_search(
    path: Path,
    settings: CompressionSettings,
    store: JobStore,
    *,
    pictures: str,
    boxes: str | None,
    files: str | None,
    trials: int,
    parallel: int,
    name: str,
) -> list[FrontRow]:
    """The front after `trials` more trials."""
    space = read_space(path)
    template = JobRequest(recipe=space.recipe, pictures=pictures, boxes=boxes, files=files)
    resolve(template, settings.datasets_dir)
    folder = settings.jobs_dir.parent
    folder.mkdir(parents=True, exist_ok=True)
    storage = f"sqlite:///{folder / 'studies.sqlite'}"

    def figures(job_id: str) -> Figures | None:
        found = sorted((settings.jobs_dir / job_id).glob("[0-9][0-9]-*/verdict.json"))
        return figures_of(json.loads(found[-1].read_text(encoding="utf-8")), space.variant, job_id) if found else None

    evaluate = queued(lambda r: submit(store.redis, r), store.get, figures, template)
    create_study(name, storage)
    shares = [len(range(i, trials, parallel)) for i in range(parallel)]
    with ThreadPoolExecutor(parallel) as pool:
        waiting = [
            # A seed each: two samplers with one seed would suggest the same trial twice.
            pool.submit(search, create_study(name, storage, seed), space, evaluate, share)
            for seed, share in enumerate(shares)
            if share
        ]
        for future in waiting:
            future.result()
    return [
        FrontRow(t.number, t.values[0], t.values[1], t.values[2], dict(t.params), t.user_attrs[JOB])
        for t in create_study(name, storage).best_trials
    ]
