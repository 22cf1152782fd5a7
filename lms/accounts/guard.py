"""The door of every view (provisional)."""

from flask import Flask


def init_guard(app: Flask) -> None: ...
