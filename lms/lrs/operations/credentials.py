"""Keys to the record store: made, used, taken back."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import case, delete, or_, update
from sqlalchemy.orm import Session

from lms.kit import audit
from lms.kit.actors import Actor
from lms.kit.errors import N_, Conflict, DomainError
from lms.lrs.models import Credential
from lms.lrs.rules.credentials import CONTENT_HOURS, CONTENT_REQUESTS, CONTENT_SCOPES, MIN_SECRET, Scope, is_key, secret_hash

MOST_REQUESTS = 1_000_000
LEAST_BODY = 1024
MOST_BODY = 1024 * 1024 * 1024
_USE_NOTED_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class NewCredential:
    """Shown once: afterwards only the hash of the secret is known."""

    key: str
    secret: str


def add_credential(
    session: Session,
    actor: Actor,
    label: str,
    scopes: Collection[str],
    at: datetime,
    *,
    key: str | None = None,
    secret: str | None = None,
    requests_per_minute: int | None = None,
    max_body: int | None = None,
) -> NewCredential:
    """Make a credential; without `key` and `secret` both are random (the secret has 256 bits).

    `requests_per_minute` and `max_body` (octets of a request) limit what it may do. A chosen secret is for demonstrations alone: secrets
    are kept by a fast hash, which only random ones can bear. Raises DomainError or Conflict.
    """
    key = key or secrets.token_hex(8)
    secret = secret or secrets.token_urlsafe(32)
    unknown = set(scopes) - set(Scope)
    if unknown or not scopes:
        raise DomainError(
            N_("Phạm vi không hợp lệ: %(unknown)s. Chọn trong: %(known)s"),
            field="scopes",
            unknown=", ".join(sorted(unknown)) or "—",
            known=", ".join(Scope),
        )
    if not is_key(key):
        raise DomainError(N_("Khóa gồm 3 đến 64 chữ không dấu, chữ số, dấu chấm, gạch ngang, gạch dưới"), field="key")
    if len(secret) < MIN_SECRET:
        raise DomainError(N_("Mật khẩu của khóa phải có ít nhất %(length)s ký tự"), field="secret", length=MIN_SECRET)
    if not label.strip():
        raise DomainError(N_("Chưa nhập tên của bên sử dụng khóa"), field="label")
    if requests_per_minute is not None and not 1 <= requests_per_minute <= MOST_REQUESTS:
        raise DomainError(N_("Số yêu cầu mỗi phút từ 1 đến %(most)s"), field="requests_per_minute", most=MOST_REQUESTS)
    if max_body is not None and not LEAST_BODY <= max_body <= MOST_BODY:
        raise DomainError(
            N_("Kích thước tối đa của một yêu cầu từ %(least)s đến %(most)s byte"), field="max_body", least=LEAST_BODY, most=MOST_BODY
        )
    if session.get(Credential, key) is not None:
        raise Conflict(N_("Đã có khóa %(key)s; chọn khóa khác"), field="key", key=key)
    session.add(
        Credential(
            key=key,
            secret_hash=secret_hash(secret),
            label=label.strip(),
            scopes=sorted(str(scope) for scope in scopes),
            created_at=at,
            created_by=actor.person_id,
            requests_per_minute=requests_per_minute,
            max_body=max_body,
        )
    )
    session.flush()
    opened = {"label": label.strip(), "scopes": sorted(str(scope) for scope in scopes), "in_use": True}
    limits = {"requests_per_minute": requests_per_minute, "max_body": max_body}
    opened |= {name: limit for name, limit in limits.items() if limit is not None}
    audit.record(session, actor, "lrs.add_credential", key, at, before=None, after=opened)
    return NewCredential(key, secret)


def issue_content_token(session: Session, person_id: UUID, label: str, at: datetime) -> NewCredential:
    """A key with which a person's content in the browser writes and reads as that person alone, for a few hours. `label` is what it was
    opened for. It ends earlier by `revoke_content_tokens`."""
    made = NewCredential(f"c-{secrets.token_hex(12)}", secrets.token_urlsafe(32))
    session.add(
        Credential(
            key=made.key,
            secret_hash=secret_hash(made.secret),
            label=label,
            scopes=sorted(str(scope) for scope in CONTENT_SCOPES),
            created_at=at,
            created_by=person_id,
            person_id=person_id,
            expires_at=at + timedelta(hours=CONTENT_HOURS),
            requests_per_minute=CONTENT_REQUESTS,
        )
    )
    session.flush()
    return made


def revoke_content_tokens(session: Session, persons: Collection[UUID]) -> int:
    """End everything these persons' content still has open: they signed out everywhere, were merged, are forgotten."""
    found = session.execute(delete(Credential).where(Credential.person_id.in_(persons)).returning(Credential.key))
    return len(found.all())


def discard_expired(session: Session, at: datetime) -> int:
    """Throw away keys of content that have expired."""
    return len(session.execute(delete(Credential).where(Credential.expires_at < at).returning(Credential.key)).all())


def count_request(session: Session, key: str, at: datetime) -> int:
    """Count a request of a limited key; how many it has made in this minute. One statement: several processes count together."""
    minute = at.replace(second=0, microsecond=0)
    used = case((Credential.minute == minute, Credential.used + 1), else_=1)
    counted = update(Credential).where(Credential.key == key).values(minute=minute, used=used).returning(Credential.used)
    return session.execute(counted.execution_options(synchronize_session=False)).scalar_one_or_none() or 1


def revoke_credential(session: Session, actor: Actor, key: str, at: datetime) -> None:
    """From now on the key opens nothing; what it stored stays. Raises DomainError where there is no such key in use."""
    changed = session.execute(
        update(Credential).where(Credential.key == key, Credential.revoked_at.is_(None)).values(revoked_at=at).returning(Credential.label)
    ).one_or_none()
    if changed is None:
        raise DomainError(N_("Không có khóa %(key)s đang dùng"), code="unknown_credential", field="key", key=key)
    audit.record(session, actor, "lrs.revoke_credential", key, at, label=changed.label, before={"in_use": True}, after={"in_use": False})


def note_use(session: Session, key: str, at: datetime) -> None:
    """Remember to the hour when a key was last used."""
    stale = or_(Credential.last_used_at.is_(None), Credential.last_used_at < at - _USE_NOTED_EVERY)
    session.execute(update(Credential).where(Credential.key == key, stale).values(last_used_at=at))
