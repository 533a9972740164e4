"""The control API of an emulator that runs as a process of its own: journal, failures, messages, button presses.

``GET /emulator/journal``, ``GET /emulator/files/{call}/{name}``, ``POST /emulator/faults`` (fields of ``Fault``),
``DELETE /emulator/faults``, ``POST /emulator/messages`` (``chat_id``, ``text``), ``POST /emulator/presses``
(``chat_id``, ``message_id``, ``data``).
"""

from __future__ import annotations

from aiohttp import web

from telegram_emulator.server import TelegramEmulator


def add_control(emulator: TelegramEmulator) -> None:
    """Add the control API to an emulator that was not started yet."""

    async def journal(_request: web.Request) -> web.Response:
        return web.json_response(
            [
                {
                    "method": call.method,
                    "params": call.params,
                    "files": {name: len(data) for name, data in call.files.items()},
                    "at": call.at,
                    "status": call.status,
                    "result": call.result,
                    "description": call.description,
                }
                for call in emulator.journal.calls
            ]
        )

    async def file(request: web.Request) -> web.Response:
        call = emulator.journal.calls[int(request.match_info["call"])]
        return web.Response(body=call.files[request.match_info["name"]])

    async def add_fault(request: web.Request) -> web.Response:
        emulator.fail(**await request.json())
        return web.json_response({"faults": len(emulator.script.faults)})

    async def clear_faults(_request: web.Request) -> web.Response:
        emulator.script.clear()
        return web.json_response({"faults": 0})

    async def say(request: web.Request) -> web.Response:
        return web.json_response({"update_id": emulator.say(**await request.json())})

    async def press(request: web.Request) -> web.Response:
        return web.json_response({"query_id": emulator.press(**await request.json())})

    router = emulator.app.router
    router.add_get("/emulator/journal", journal)
    router.add_get("/emulator/files/{call}/{name}", file)
    router.add_post("/emulator/faults", add_fault)
    router.add_delete("/emulator/faults", clear_faults)
    router.add_post("/emulator/messages", say)
    router.add_post("/emulator/presses", press)
