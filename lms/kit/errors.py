"""What rules and operations raise when they refuse: a sentence for a person, and a code for a program."""

from typing import Any


def N_(message: str) -> str:
    """Mark a Vietnamese message for translation where it is written; it is translated where it is shown."""
    return message


class DomainError(Exception):
    """A refusal. `message` is a translatable template, `values` fill it, `code` is stable, `field` names the input at fault."""

    status = 422

    def __init__(self, message: str, /, *, code: str = "refused", field: str | None = None, **values: Any) -> None:
        super().__init__(message % values if values else message)
        self.message = message
        self.values = values
        self.code = code
        self.field = field


class Conflict(DomainError):
    """What was asked does not fit the present state (already submitted, taken over)."""

    status = 409


class TooLarge(DomainError):
    """More than this input may hold."""

    status = 413
