"""A frozen result: what is stored of an agency's report, and the report read back from it. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import msgspec

from lms.reports.rules import AgencyReport, Node
from lms.results.rules import Figures


def freeze(report: AgencyReport, reports: Mapping[UUID, AgencyReport]) -> dict[str, Any]:
    """Everything the renderings need of one agency, as plain JSON."""
    return {
        **_node(report.node),
        "figures": report.figures.as_dict(),
        "own": report.own.as_dict(),
        "groups": {group: figures.as_dict() for group, figures in report.groups.items()},
        "children": [
            {
                **_node(child),
                "figures": reports[child.id].figures.as_dict(),
                "rank": reports[child.id].rank,
                "ranked_of": reports[child.id].ranked_of,
            }
            for child in report.children
        ],
        "rank": report.rank,
        "ranked_of": report.ranked_of,
    }


def thaw(stored: Mapping[str, Any]) -> tuple[AgencyReport, dict[UUID, AgencyReport]]:
    """The report, and those of its children as far as they are kept with it."""
    node = _read_node(stored)
    children = {}
    for entry in stored["children"]:
        child = _read_node(entry)
        children[child.id] = AgencyReport(child, Figures.from_dict(entry["figures"]), Figures(), {}, (), entry["rank"], entry["ranked_of"])
    report = AgencyReport(
        node=node,
        figures=Figures.from_dict(stored["figures"]),
        own=Figures.from_dict(stored["own"]),
        groups={group: Figures.from_dict(values) for group, values in stored["groups"].items()},
        children=tuple(child.node for child in children.values()),
        rank=stored["rank"],
        ranked_of=stored["ranked_of"],
    )
    return report, children


def digest(rows: Iterable[Mapping[str, Any]]) -> str:
    """SHA-256 over the rows in the order of their keys: equal inputs, equal digest."""
    return hashlib.sha256(msgspec.json.encode(list(rows), order="deterministic")).hexdigest()


def _node(node: Node) -> dict[str, Any]:
    return {
        "id": str(node.id),
        "parent_id": str(node.parent_id) if node.parent_id else None,
        "code": node.code,
        "name": node.name,
        "block": node.block,
        "level": node.level,
        "sort_key": node.sort_key,
    }


def _read_node(values: Mapping[str, Any]) -> Node:
    parent = values["parent_id"]
    return Node(
        UUID(values["id"]), UUID(parent) if parent else None, *(values[key] for key in ("code", "name", "block", "level", "sort_key"))
    )
