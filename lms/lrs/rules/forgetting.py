"""A statement in which somebody is called by another name. Everything else of the text stays as it was written, to the digit."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from hashlib import sha1
from typing import Any

import msgspec

from lms.lrs.rules.context import PARTAKERS
from lms.lrs.rules.terms import agent_identity, lower_domain

Members = dict[str, msgspec.Raw]


def account(home_page: str, name: str) -> dict[str, Any]:
    """An Agent known by an account, and by nothing else."""
    return {"objectType": "Agent", "account": {"homePage": home_page, "name": name}}


def identities(base_url: str, account_names: Collection[str], emails: Collection[str]) -> set[str]:
    """Everything by which statements may call these accounts and mail addresses, as `terms.agent_identity` writes it."""
    agents: list[dict[str, Any]] = [account(base_url, name) for name in account_names]
    for email in emails:
        mbox = lower_domain(f"mailto:{email}")
        agents += [{"mbox": mbox}, {"mbox_sha1sum": sha1(mbox.encode(), usedforsecurity=False).hexdigest()}]
    return {identity for agent in agents if (identity := agent_identity(agent)) is not None}


def renamed(text: str, known_as: Collection[str], replacement: Mapping[str, Any]) -> str:
    """A statement's text with every agent known as one of these replaced: as actor, object, member of a group, instructor, team,
    context agent or group, also within a SubStatement. The same text where there is none."""
    event, new = _members(text.encode()), msgspec.Raw(msgspec.json.encode(replacement))
    of_authority = "authority" in event and _rename_at(event, "authority", known_as, new)
    return _encode(event).decode() if _rename_event(event, known_as, new) or of_authority else text


def renamed_head(head: str, known_as: Collection[str], replacement: Mapping[str, Any]) -> str:
    """What the store put before a statement (`rules.rendering`), with the authority replaced where it is known as one of these."""
    members = _members(f"{{{head}}}".encode())
    new = msgspec.Raw(msgspec.json.encode(replacement))
    return _encode(members).decode()[1:-1] if "authority" in members and _rename_at(members, "authority", known_as, new) else head


def _rename_event(event: Members, known_as: Collection[str], replacement: msgspec.Raw) -> bool:
    """Replace in place; whether anything was."""
    changed = _rename_at(event, "actor", known_as, replacement)
    target = _members(event["object"])
    match msgspec.json.decode(target.get("objectType", b"null")):
        case "Agent" | "Group":
            changed |= _rename_at(event, "object", known_as, replacement)
        case "SubStatement":
            if _rename_event(target, known_as, replacement):
                event["object"] = msgspec.Raw(_encode(target))
                changed = True
    if "context" in event:
        context = _members(event["context"])
        around = [_rename_at(context, key, known_as, replacement) for key in ("instructor", "team") if key in context]
        around += [_rename_each(context, key, who, known_as, replacement) for key, (_, who) in PARTAKERS.items() if key in context]
        if any(around):
            event["context"] = msgspec.Raw(_encode(context))
            changed = True
    return changed


def _rename_each(holder: Members, key: str, who: str, known_as: Collection[str], replacement: msgspec.Raw) -> bool:
    """In a list whose entries each name an agent or a group."""
    entries = [_members(entry) for entry in msgspec.json.decode(holder[key], type=list[msgspec.Raw])]
    changed = [_rename_at(entry, who, known_as, replacement) for entry in entries]
    if not any(changed):
        return False
    holder[key] = msgspec.Raw(msgspec.json.encode(entries))
    return True


def _rename_at(holder: Members, key: str, known_as: Collection[str], replacement: msgspec.Raw) -> bool:
    if agent_identity(msgspec.json.decode(holder[key])) in known_as:
        holder[key] = replacement
        return True
    agent = _members(holder[key])
    if "member" not in agent:
        return False
    members = msgspec.json.decode(agent["member"], type=list[msgspec.Raw])
    changed = [replacement if agent_identity(msgspec.json.decode(member)) in known_as else member for member in members]
    if changed == members:
        return False
    agent["member"] = msgspec.Raw(msgspec.json.encode(changed))
    holder[key] = msgspec.Raw(_encode(agent))
    return True


def _members(text: bytes | msgspec.Raw) -> Members:
    return msgspec.json.decode(bytes(text), type=Members)


def _encode(members: Members) -> bytes:
    return msgspec.json.encode(members)
