"""Keys to the record store: made, used, taken back."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from lms.kit import audit
from lms.kit.actors import Actor
from lms.kit.errors import N_, Conflict, DomainError
from lms.lrs.models import Credential
from lms.lrs.rules.credentials import MIN_SECRET, Scope, is_key, secret_hash

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
) -> NewCredential:
    """Make a credential; without `key` and `secret` both are random (the secret has 256 bits).

    A chosen secret is for demonstrations alone: secrets are kept by a fast hash, which only random ones can bear. Raises DomainError
    or Conflict.
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
        )
    )
    session.flush()
    opened = {"label": label.strip(), "scopes": sorted(str(scope) for scope in scopes), "in_use": True}
    audit.record(session, actor, "lrs.add_credential", key, at, before=None, after=opened)
    return NewCredential(key, secret)


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
