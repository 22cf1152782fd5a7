"""Agents and groups (2.4.2): exactly one identifier, or members without any."""

from __future__ import annotations

from typing import Any

from lms.kit.errors import N_
from lms.lrs.rules import values
from lms.lrs.rules.faults import StatementFault

IDENTIFIERS = ("mbox", "mbox_sha1sum", "openid", "account")
_AGENT = frozenset({"objectType", "name", *IDENTIFIERS})
_GROUP = _AGENT | {"member"}


def check_actor(value: Any, path: str) -> None:
    """An Agent (also without objectType) or a Group."""
    kind = values.obj(value, path).get("objectType", "Agent")
    if values.one_of(kind, f"{path}.objectType", ("Agent", "Group")) == "Group":
        check_group(value, path)
    else:
        check_agent(value, path)


def check_agent(value: Any, path: str) -> None:
    agent = values.obj(value, path, _AGENT)
    values.one_of(agent.get("objectType", "Agent"), f"{path}.objectType", ("Agent",))
    if "name" in agent:
        values.text(agent["name"], f"{path}.name")
    if _check_identifiers(agent, path) != 1:
        raise StatementFault(path, N_("%(path)s: cần đúng một định danh trong mbox, mbox_sha1sum, openid, account"))


def check_group(value: Any, path: str) -> None:
    group = values.obj(value, path, _GROUP, required=("objectType",))
    values.one_of(group["objectType"], f"{path}.objectType", ("Group",))
    if "name" in group:
        values.text(group["name"], f"{path}.name")
    if "member" in group:
        for index, member in enumerate(values.array(group["member"], f"{path}.member")):
            check_agent(member, f"{path}.member[{index}]")
    identifiers = _check_identifiers(group, path)
    if identifiers > 1:
        raise StatementFault(path, N_("%(path)s: cần đúng một định danh trong mbox, mbox_sha1sum, openid, account"))
    if not identifiers and "member" not in group:
        raise StatementFault(f"{path}.member", N_("%(path)s: nhóm không có định danh phải liệt kê thành viên"))


def check_authority(value: Any, path: str) -> None:
    """2.4.9: an Agent, or an anonymous group of exactly two Agents of which one is an account (OAuth)."""
    check_actor(value, path)
    if value.get("objectType") != "Group":
        return
    members = value.get("member", ())
    identified = any(key in value for key in IDENTIFIERS)
    if identified or len(members) != 2 or not any("account" in member for member in members):
        raise StatementFault(path, N_("%(path)s: nhóm xác nhận phải gồm đúng hai tác nhân, một trong hai là tài khoản"))


def _check_identifiers(actor: dict[str, Any], path: str) -> int:
    """Check those there are; returns how many."""
    count = 0
    if "mbox" in actor:
        values.mailto(actor["mbox"], f"{path}.mbox")
        count += 1
    if "mbox_sha1sum" in actor:
        values.sha1(actor["mbox_sha1sum"], f"{path}.mbox_sha1sum")
        count += 1
    if "openid" in actor:
        values.iri(actor["openid"], f"{path}.openid")
        count += 1
    if "account" in actor:
        where = f"{path}.account"
        account = values.obj(actor["account"], where, ("homePage", "name"), required=("homePage", "name"))
        values.iri(account["homePage"], f"{where}.homePage")
        values.text(account["name"], f"{where}.name")
        count += 1
    return count
