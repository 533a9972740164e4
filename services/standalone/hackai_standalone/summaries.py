"""The one-line help of a subcommand, read from the source of its module: importing every service takes seconds."""

from __future__ import annotations

import ast
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path


def summary_of(point: EntryPoint) -> str | None:
    """Return the help of the typer app behind an entry point as typer shows it; None where the source does not tell.

    An app with a single command is that command, and its help is the docstring of the function.
    """
    try:
        spec = find_spec(point.module)
    except (ImportError, ValueError):  # the package is damaged; the command says so when it runs
        return None
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    commands = [
        node
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and any(_calls(decorator, point.attr, "command") for decorator in node.decorator_list)
    ]
    if len(commands) == 1 and _registrations(tree, point.attr) == 1:
        docstring = ast.get_docstring(commands[0])
        return None if docstring is None else " ".join(docstring.split("\n\n")[0].split())
    return _help_of_app(tree, point.attr)


def _registrations(tree: ast.Module, app: str) -> int:
    names = ("command", "callback", "add_typer")
    return sum(any(_calls(node, app, name) for name in names) for node in ast.walk(tree))


def _calls(node: ast.AST, app: str, method: str) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == method
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == app
    )


def _help_of_app(tree: ast.Module, app: str) -> str | None:
    made = (
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and any(isinstance(target, ast.Name) and target.id == app for target in node.targets)
    )
    texts = (keyword.value for call in made for keyword in call.keywords if keyword.arg == "help")
    return next((str(text.value) for text in texts if isinstance(text, ast.Constant)), None)
