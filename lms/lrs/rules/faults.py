"""How the record store refuses: which place of which statement is at fault, and what belongs there."""

from typing import Any

from lms.kit.errors import Conflict, DomainError, TooLarge


class BadRequest(DomainError):  # noqa: N818
    """The request itself is wrong: a parameter, a header, a body that is no JSON."""

    status = 400


class StatementFault(BadRequest):
    """A statement breaks a rule of the standard at `path`, such as `statements[3].actor.mbox`. Its message begins with the path."""

    def __init__(self, path: str, message: str, **values: Any) -> None:
        super().__init__(message, code="invalid_statement", field=path, path=path, **values)


class Forbidden(DomainError):  # noqa: N818
    """The credential is known, and not allowed to do this."""

    status = 403


__all__ = ["BadRequest", "Conflict", "Forbidden", "StatementFault", "TooLarge"]
