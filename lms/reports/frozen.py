"""What is read back of a frozen report: the report of an agency out of its body, and bodies of what was frozen by version 1. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from lms.reports.rules.body import ALL_FIGURES, AgencyBody, AgencyHead, Child, ReportHead
from lms.reports.rules.ranking import Standing
from lms.reports.rules.rolling_up import AgencyReport, Node
from lms.results.rules import Figures


def thaw(body: AgencyBody) -> tuple[AgencyReport, dict[UUID, AgencyReport]]:
    """The report, and those of its children as far as they are kept with it."""
    agency = body.agency
    node = Node(
        UUID(agency.id),
        UUID(agency.parent_id) if agency.parent_id else None,
        agency.code,
        agency.name,
        agency.block,
        agency.level,
        agency.sort_key,
    )
    children = {
        UUID(child.id): AgencyReport(
            Node(UUID(child.id), node.id, child.code, child.name, child.block, child.level, child.sort_key),
            child.figures,
            Figures(),
            {},
            (),
            *_ranked(child.standing),
        )
        for child in body.children
    }
    below = tuple(child.node for child in children.values())
    return AgencyReport(node, body.figures, body.own, body.groups, below, *_ranked(body.standing)), children


def line(body: AgencyBody) -> dict[str, Any]:
    """What lists of many agencies show of one, kept beside its body."""
    agency = body.agency
    return {
        "id": agency.id,
        "parent_id": agency.parent_id,
        "code": agency.code,
        "name": agency.name,
        "block": agency.block,
        "level": agency.level,
        "sort_key": agency.sort_key,
        "figures": body.figures.as_dict(),
        "withheld": list(body.withheld),
    }


def body_of_version_1(head: Mapping[str, Any], stored: Mapping[str, Any], is_withheld: bool) -> AgencyBody:
    """The body of what version 1 froze. Its ranks have no score and no interval."""
    return AgencyBody(
        report=ReportHead(**head, settings={}),
        agency=AgencyHead(
            id=stored["id"],
            code=stored["code"],
            name=stored["name"],
            block=stored["block"],
            level=stored["level"],
            size_class="",
            parent_id=stored["parent_id"],
            sort_key=stored["sort_key"],
        ),
        figures=Figures.from_dict(stored["figures"]),
        own=Figures.from_dict(stored["own"]),
        groups={group: Figures.from_dict(values) for group, values in stored["groups"].items()},
        children=tuple(
            Child(
                **{name: child[name] for name in ("id", "code", "name", "block", "level", "sort_key")},
                figures=Figures.from_dict(child["figures"]),
                standing=_standing_of_version_1(child),
            )
            for child in stored["children"]
        ),
        standing=_standing_of_version_1(stored),
        withheld=(ALL_FIGURES,) if is_withheld else (),
    )


def _standing_of_version_1(stored: Mapping[str, Any]) -> Standing | None:
    return None if stored["rank"] is None else Standing(0, 0, 0, stored["rank"], None, stored["ranked_of"])


def _ranked(standing: Standing | None) -> tuple[int | None, int | None]:
    return (None, None) if standing is None or standing.rank is None else (standing.rank, standing.of)
