"""Messages to those outside who are told at once: what they say, how they are signed (in the style of Standard Webhooks), when to try
again, and which addresses may be sent to. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from lms.kit.clock import Quarter
from lms.kit.errors import N_, DomainError

SECRET_PREFIX = "whsec_"  # noqa: S105  # how Standard Webhooks marks secrets
_FIRST_WAIT = timedelta(seconds=10)
_LONGEST_WAIT = timedelta(hours=6)
_MOST_ASKED = timedelta(hours=6)

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Message:
    """One delivery, ready to be sent: `id` is the same each time it is."""

    id: UUID
    body: bytes
    secrets: tuple[str, ...]


def new_secret() -> str:
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def message_id(delivery: UUID) -> str:
    return f"msg_{delivery.hex}"


def body_of(kind: str, at: datetime, details: Mapping[str, Any], report_id: UUID, base_url: str) -> bytes:
    """What happened and where to fetch it. The same event is told in the same bytes however often."""
    quarter = Quarter.from_code(str(details["period"]))
    public = f"{base_url}/public/{quarter}"
    data = {
        "report": str(report_id),
        "quarter": str(quarter),
        **{name: details[name] for name in sorted(details)},
        "links": {"page": f"{public}/", "json": f"{public}.json", "csv": f"{public}.csv", "ioc": f"{public}.ioc.json"},
    }
    whole = {"type": kind, "timestamp": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", "data": data}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


def headers_of(message: Message, at: datetime) -> dict[str, str]:
    """Signed with every secret that holds now: a receiver needs to know one of them."""
    name, moment = message_id(message.id), str(int(at.timestamp()))
    signatures = " ".join("v1," + signature(secret, name, moment, message.body) for secret in message.secrets)
    return {
        "Content-Type": "application/json",
        "User-Agent": "cong-vu-lms",
        "webhook-id": name,
        "webhook-timestamp": moment,
        "webhook-signature": signatures,
    }


def signature(secret: str, name: str, moment: str, body: bytes) -> str:
    """Base64 of the HMAC-SHA256 of `id.timestamp.body`."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    return base64.b64encode(hmac.digest(key, b".".join((name.encode(), moment.encode(), body)), hashlib.sha256)).decode()


def next_try(since: datetime, tries: int, at: datetime, *, days: int, chance: float, asked: float | None = None) -> datetime | None:
    """When to try again after so many failures: 10, 20, 40 … seconds, at most six hours later, up to half of it off by `chance` (0 to 1),
    never before the receiver `asked` for (seconds). None: given up after so many days."""
    if at - since >= timedelta(days=days):
        return None
    wait: timedelta = min(_FIRST_WAIT * 2 ** min(max(tries - 1, 0), 20), _LONGEST_WAIT) * (0.5 + chance / 2)
    if asked is not None and asked > 0:
        wait = max(wait, min(timedelta(seconds=min(asked, 86_400)), _MOST_ASKED))
    return at + wait


def checked_url(text: str, *, may_be_plain: bool) -> str:
    """An address of a receiver. Raises DomainError for what is none, or is not https where it has to be."""
    refused = DomainError(N_("Địa chỉ nhận bắt đầu bằng https:// và không kèm tên, mật khẩu"), code="url", field="url")
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        raise refused from None
    if parts.scheme not in (("https", "http") if may_be_plain else ("https",)) or not parts.hostname or parts.username or parts.password:
        raise refused
    if port == 0 or parts.fragment or not text.strip().isascii() or any(ord(one) <= 32 for one in text.strip()):
        raise refused
    return text.strip()


def reachable(addresses: Sequence[str], allowed: Collection[Network]) -> str | None:
    """The address to connect to: the first, where every address a name stands for may be sent to; None where one may not. Networks that
    are not of the public internet have to be allowed."""
    for text in addresses:
        address = ip_address(text.partition("%")[0])
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        within = any(address.version == network.version and address in network for network in allowed)
        if not within and (not address.is_global or address.is_multicast):
            return None
    return addresses[0] if addresses else None
