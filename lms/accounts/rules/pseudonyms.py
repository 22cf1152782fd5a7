"""What a person is called once they are forgotten: chance, from which nothing leads back."""

from __future__ import annotations

import secrets

_PREFIX = "Người đã xóa"


def new_pseudonym() -> str:
    """`Người đã xóa 7F3A91C204`: forty random bits, so that a province never draws the same twice."""
    return f"{_PREFIX} {secrets.token_hex(5).upper()}"


def account_name(pseudonym: str) -> str:
    """The same as a login or account name: `da-xoa-7f3a91c204`."""
    return f"da-xoa-{pseudonym.rsplit(' ', 1)[-1].lower()}"
