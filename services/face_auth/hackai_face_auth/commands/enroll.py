"""``hackai enroll NAME photo…``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from hackai_face_auth.commands.session import errors, failing_in_one_line, local_actor, local_core
from hackai_face_auth.enrolment import Photo
from hackai_face_auth.errors import FaceAuthError
from hackai_shared.security import Role

app = typer.Typer(help="Enrol a person in the gallery of this machine.", add_completion=False)


@app.command()
def enroll(
    name: Annotated[str, typer.Argument(help="name of the person")],
    photos: Annotated[list[Path], typer.Argument(help="photos that show this person alone")],
    role: Annotated[Role | None, typer.Option(help="default: admin for the first person, else viewer")] = None,
    add: Annotated[bool, typer.Option("--add", help="add photos to somebody who is enrolled already")] = False,
    config: Annotated[Path | None, typer.Option(help="configuration file; default: HACKAI_CONFIG")] = None,
) -> None:
    """Enrol a person from photos: one face each, sharp, well lit, looking into the camera.

    The running service knows the person at once. Three photos or more, in different light, are better than one.
    """
    with failing_in_one_line():
        pictures = [Photo(path.name, _read(path)) for path in photos]
        core = local_core(config)
        try:
            if add:
                found = core.store.find_name(name)
                if found is None:
                    errors.print(f"nobody is enrolled as {name}", style="red", markup=False)
                    raise typer.Exit(1)
                person = core.enrolment.add_photos(found.person_id, pictures)
            else:
                chosen = role or (Role.VIEWER if core.store.has_admin() else Role.ADMIN)
                person = core.enrolment.enrol(name, pictures, chosen)
        except FaceAuthError as error:
            core.audit.record(local_actor(), "enrol", "refused", detail=str(error))
            raise
        core.audit.record(local_actor(), "enrol", "allowed", target=person.person_id, detail=person.role.value)
        core.database.close()
    photos_kept = f"{person.photos} photo" + ("s" if person.photos != 1 else "")
    Console().print(f"{person.name} is enrolled as {person.role.value} with {photos_kept}", markup=False)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FaceAuthError(f"cannot read {path}: {error.strerror}") from error
