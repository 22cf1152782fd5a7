"""Every action the code records has a name that a person reads, and every name an action."""

from __future__ import annotations

import ast
import fnmatch
from collections.abc import Iterator
from pathlib import Path

from flask import Flask

from lms.accounts.rules.transfers import State
from lms.agencies.rules.kinds import EventKind

ROOT = Path(__file__).parents[2]


def recorded() -> Iterator[tuple[str, str]]:
    """(action, file and line) of every entry the code can write."""
    for path in (path for package in ("lms", "courses", "quizzes") for path in (ROOT / package).rglob("*.py")):
        tree = ast.parse(path.read_text())
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
                if ast.unparse(call.func) in ("audit.record", "audit.record_at_once"):
                    where = f"{path.relative_to(ROOT)}:{call.lineno}"
                    for word in words(call.args[2], function):
                        yield word, where


def words(argument: ast.expr, function: ast.FunctionDef) -> Iterator[str]:
    """What an argument can be: a text, one of two, or a variable or parameter of its function."""
    if isinstance(argument, ast.Constant):
        yield str(argument.value)
    elif isinstance(argument, ast.JoinedStr):  # `a.b_{state}`: any word of that form
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in argument.values)
    elif isinstance(argument, ast.IfExp):
        yield from words(argument.body, function)
        yield from words(argument.orelse, function)
    elif isinstance(argument, ast.Name):
        given = [
            node.value
            for node in ast.walk(function)
            if isinstance(node, ast.Assign) and any(ast.unparse(target) == argument.id for target in node.targets)
        ]
        for value in given:
            yield from words(value, function)
        if not given:
            yield from passed(argument.id, function)
    else:
        raise AssertionError(f"name the action where it is recorded: {ast.unparse(argument)} in {function.name}")


def passed(parameter: str, function: ast.FunctionDef) -> Iterator[str]:
    """What callers pass for a parameter of a helper, wherever they are."""
    names = [argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)]
    assert parameter in names, f"{function.name}: where does {parameter} come from?"
    position, found = names.index(parameter), False
    for path in (path for package in ("lms", "courses", "quizzes") for path in (ROOT / package).rglob("*.py")):
        for call in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)):
            if ast.unparse(call.func).rpartition(".")[2] != function.name:
                continue
            by_name = [keyword.value for keyword in call.keywords if keyword.arg == parameter]
            for value in by_name or call.args[position : position + 1]:
                if isinstance(value, ast.JoinedStr | ast.Constant):
                    found = True
                    yield from words(value, function)
    for argument, default in zip(reversed(function.args.kwonlyargs), reversed(function.args.kw_defaults), strict=True):
        if argument.arg == parameter and default is not None:
            yield from words(default, function)
    assert found, f"nobody passes a written word to {function.name}"


def test_every_action_has_a_name_and_every_name_an_action(app: Flask) -> None:
    names = {action for action in app.extensions["lms.audit_names"] if "=" not in action}
    used = dict(recorded())
    assert {action: where for action, where in used.items() if not fnmatch.filter(names, action)} == {}
    assert {name for name in names if not any(fnmatch.fnmatch(name, action) for action in used)} == set()
    assert {f"agencies.{kind.value}" for kind in EventKind} <= names
    assert {f"accounts.transfer_{state.value}" for state in State if state is not State.PENDING} <= names
    assert len(used) > 30
