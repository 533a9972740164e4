"""How soon each fault of a camera is told, and how soon its end, on generated scenes and real clips.

``python tests/benchmarks/camera_faults.py [FOLDER_OF_CLIPS]``: one line per scene and disturbance; each camera is
healthy for 30 s, disturbed for 40 s, and healthy again, one look per second. Ends with status 1 where a fault was
missed, late (30 s), named otherwise, not ended, or told although nothing was wrong.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from camera_disturbances import FAULTS, HARMLESS, Story, frames_of, happen, scene

LIMIT_S = 30.0


def main(folder: Path | None) -> int:
    """Print the table; return the number of failures."""
    scenes = {f"pattern {name}": scene(name) for name in ("room", "fire")}
    clips = sorted(folder.glob("*.mp4")) + sorted(folder.glob("*.gif")) if folder is not None else []
    scenes.update({clip.name: frames_of(clip) for clip in clips})
    failures = 0
    print(f"{'scene':34} {'disturbance':12} {'told':10} {'after':>6} {'ended after':>12}")
    for name, pictures in scenes.items():
        stories = {kind: (fault, happen(pictures, disturb)) for kind, (fault, disturb) in FAULTS.items()}
        stories["frozen"] = "frozen", happen(pictures, None, frozen=True)
        stories["silent"] = "offline", happen(pictures, None, silent=True)
        for kind, (fault, story) in stories.items():
            failures += _line(name, kind, fault, story)
        for kind, disturb in {"nothing": None, **HARMLESS}.items():
            story = happen(pictures, disturb)
            failures += bool(story.changes)
            print(f"{name[:34]:34} {kind:12} {', '.join(fault for fault, _ in story.opened()) or '-'}")
    print(f"{failures} failures")
    return failures


def _line(scene_name: str, kind: str, wanted: str, story: Story) -> int:
    opened, ended = story.opened(), story.cleared_after_s()
    told = ", ".join(fault for fault, _ in opened) or "MISSED"
    after = f"{opened[0][1]:.0f} s" if opened else ""
    print(f"{scene_name[:34]:34} {kind:12} {told:10} {after:>6} {'' if ended is None else f'{ended:.0f} s':>12}")
    return int([fault for fault, _ in opened] != [wanted] or opened[0][1] > LIMIT_S or ended is None)


if __name__ == "__main__":
    sys.exit(1 if main(Path(sys.argv[1]) if len(sys.argv) > 1 else None) else 0)
