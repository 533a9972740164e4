"""The pictures in a request: a raw body of a known type, or the files of a multipart form."""

from __future__ import annotations

from typing import List

from starlette.datastructures import UploadFile
from starlette.requests import Request

from hackai_shared.problems import Problem

PICTURE_TYPES = ("image/jpeg", "image/png", "image/webp")
MULTIPART = "multipart/form-data"
MAX_FILES = 16


async def read_pictures(request: Request) -> List[bytes]:
    """Return the bytes of every picture in a request, at least one.

    Raises:
        Problem: 415 for another content type, 422 for a form without files or an empty body.
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind in PICTURE_TYPES:
        body = await request.body()
        if not body:
            raise Problem(422, f"the body is empty; send a picture as {', '.join(PICTURE_TYPES)}", kind="empty-body")
        return [body]
    if kind != MULTIPART:
        wanted = ", ".join((*PICTURE_TYPES, MULTIPART))
        raise Problem(415, f"content type {kind or 'missing'}; send one of {wanted}", kind="unsupported-media-type")
    async with request.form(max_files=MAX_FILES, max_fields=MAX_FILES) as form:
        files = [item for item in form.getlist("file") if isinstance(item, UploadFile)]
        if not files:
            raise Problem(422, "the form has no file in the field 'file'", kind="no-file")
        return [await item.read() for item in files]
