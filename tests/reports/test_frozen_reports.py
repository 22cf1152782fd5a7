"""A frozen report: canonical, whole or not there at all, the same when it is built again years later, and told when it is altered."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import rfc8785
from click.testing import CliRunner
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update

from lms.agencies.operations import merge_agencies
from lms.kit.actors import SERVICE
from lms.kit.db import Database
from lms.kit.errors import Conflict, DomainError
from lms.kit.jobs import Job, JobRun
from lms.reports import operations
from lms.reports.cli import reports
from lms.reports.jobs import life as jobs
from lms.reports.jobs.life import freeze_job
from lms.reports.models import Installation, Report, ReportAgency, ReportState
from lms.reports.operations import freezing
from lms.reports.queries import current_report
from lms.reports.queries.bodies import agency_body, body_texts, whole_file
from lms.reports.queries.composing import compose
from lms.reports.queries.correcting import corrections_of
from lms.reports.queries.public import public_report
from lms.reports.queries.verifying import verify_report, verify_text
from lms.reports.rules.body import body_text, canonical, read_body, sha256
from lms.results.models import Outcome
from lms.results.operations import change_expectation
from tests.reports.making import ACTIVITY, AT, CLOSED, DAY, Province, expect, finish, make_province, revisions, the_activity

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(codec="utf-8")),
    lambda part: st.lists(part, max_size=4) | st.dictionaries(st.text(st.characters(max_codepoint=0xD7FF), max_size=8), part, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_our_canonical_text_is_that_of_rfc_8785(value: Any) -> None:
    assert canonical(value).encode() == rfc8785.dumps(value)


@pytest.mark.parametrize("value", [0.5, 2**53, {"a": [1.0]}, {1: "a"}, b"x"])
def test_what_is_not_exact_has_no_canonical_text(value: Any) -> None:
    with pytest.raises(ValueError, match=r"exact|member"):
        canonical(value)


@pytest.fixture
def province(database: Database) -> Province:
    with database.transaction() as session:
        return make_province(session)


def build(database: Database, at: Any = CLOSED, because: str | None = None) -> UUID:
    with database.transaction() as session:
        return operations.build_report(session, SERVICE, the_activity(session), at, because)


def file_of(database: Database, report: UUID) -> str:
    with database.reading() as session:
        return "".join(whole_file(session, report))


def bodies(database: Database, report: UUID) -> dict[str, str]:
    with database.reading() as session:
        return {json.loads(text)["agency"]["code"]: text for text in body_texts(session, report)}


def test_a_body_is_canonical_reads_back_and_adds_up(province: Province, database: Database) -> None:
    report = build(database)
    texts = bodies(database, report)
    assert next(iter(texts)) == "H55"
    root = read_body(texts["H55"])
    assert root.figures.expected == 38
    assert root.figures.took_part == 36
    assert root.figures.passed == 29
    assert root.exclusions == {"maternity": 2}
    assert sum(root.histogram) == 36
    assert root.histogram[8] == 29
    assert [child.code for child in root.children] == sorted(
        texts.keys() - {"H55"}, key=lambda code: read_body(texts[code]).agency.sort_key
    )
    department = read_body(texts["H55.1"])
    assert [place.code for place in department.agency.path] == ["H55"]
    assert department.own == department.figures
    for text in texts.values():
        assert rfc8785.dumps(json.loads(text)).decode() == text
        assert body_text(read_body(text)) == text
    whole = file_of(database, report)
    assert rfc8785.dumps(json.loads(whole)).decode() == whole
    manifest = json.loads(whole)["manifest"]
    assert {entry["code"]: entry["sha256"] for entry in manifest["agencies"]} == {code: sha256(text) for code, text in texts.items()}


def test_a_report_built_again_a_year_later_is_the_same_whatever_came_to_be_known_since(province: Province, database: Database) -> None:
    report = build(database)
    whole = file_of(database, report)
    later = CLOSED + timedelta(days=365)
    with database.transaction() as session:
        finish(session, province.people["H55.1"][19], passed=True, at=later)  # sat late
        finish(session, province.people["H55.101"][0], passed=False, at=later)  # marked again
        change_expectation(
            session, SERVICE, ACTIVITY, province.people["H55.102"][0], excluded_because="sick", evidence="Giấy ra viện", at=later
        )
        new = expect(session, province.agencies["H55.102"], 3, 1, 1, at=later)
        assert new
        merge_agencies(  # said to have happened before the counting day
            session, SERVICE, [province.agencies["H55.102"]], into=province.agencies["H55.101"], on=DAY - timedelta(days=30), at=later
        )
    with database.reading() as session:
        found = verify_text(session, whole)
        assert found.differences == []
        assert verify_report(session, report).holds
    again = build(database, later + timedelta(days=1))
    assert read_body(bodies(database, again)["H55"]).figures != read_body(bodies(database, report)["H55"]).figures


def test_an_outcome_that_was_altered_behind_the_ledger_is_told_with_agency_and_figure(province: Province, database: Database) -> None:
    report = build(database)
    with database.transaction() as session:
        session.execute(update(Outcome).where(Outcome.person_id == province.people["H55.101"][0]).values(passed=False))
    with database.reading() as session:
        found = verify_report(session, report)
    told = {(one.where, one.agency, one.figure): (one.claimed, one.found) for one in found.differences}
    assert told["ledger", "H55.101", "figures.passed"] == (10, 9)
    assert told["ledger", "H55", "figures.passed"] == (29, 28)
    assert ("ledger", "H55.1", "figures.passed") not in told
    assert ("ledger", None, "inputs.sha256") in told


def test_a_file_that_was_altered_says_where(province: Province, database: Database) -> None:
    report = build(database)
    whole, body = file_of(database, report), json.loads(bodies(database, report)["H55.1"])
    body["figures"]["passed"] += 1
    body["agency"]["name"] = "Sở khác"
    with database.reading() as session:
        found = {(one.where, one.agency, one.figure): (one.claimed, one.found) for one in verify_text(session, canonical(body)).differences}
        assert found == {
            ("file", "H55.1", "figures.passed"): (16, 15),
            ("file", "H55.1", "agency.name"): ("Sở khác", "Sở Nội vụ"),
        }
        altered = json.loads(whole)
        del altered["agencies"][2]
        altered["agencies"][0]["exclusions"]["maternity"] = 3
        places = {(one.agency, one.figure) for one in verify_text(session, canonical(altered)).differences}
        assert ("H55", "exclusions.maternity") in places
        assert any(figure == "body" for _, figure in places)
        indented = json.dumps(json.loads(whole), indent=1, ensure_ascii=False)
        assert [one.figure for one in verify_text(session, indented).differences] == ["canonical"]


def test_a_stored_body_that_was_altered_is_told(province: Province, database: Database) -> None:
    report = build(database)
    whole = file_of(database, report)
    with database.transaction() as session:
        row = session.scalars(select(ReportAgency).where(ReportAgency.code == "H55.1")).one()
        row.body = row.body.replace('"passed":15', '"passed":16')
    with database.reading() as session:
        found = {(one.where, one.agency) for one in verify_text(session, whole).differences}
    assert {("file", "H55.1"), ("kept", "H55.1"), ("ledger", "H55.1")} <= found


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema":"congvu-lms/report/1"}', '{"schema":"congvu-lms/report/2"}', '"x"', "\x00"])
def test_what_is_no_report_is_refused(province: Province, database: Database, text: str) -> None:
    build(database)
    with pytest.raises(DomainError) as refused, database.reading() as session:
        verify_text(session, text)
    assert refused.value.code == "not_a_report"


def test_a_report_of_another_province_is_refused_with_where_it_comes_from(province: Province, database: Database) -> None:
    report = build(database)
    whole = json.loads(file_of(database, report))
    whole["manifest"]["report"]["base_url"] = "https://lms.tinhkhac.example"
    whole["manifest"]["report"]["installation"] = str(UUID(int=1))
    with pytest.raises(DomainError, match=r"hệ thống khác lập \(https://lms\.tinhkhac\.example\)"), database.reading() as session:
        verify_text(session, canonical(whole))


class Killed(BaseException):
    """The worker is gone: nothing catches this."""


@pytest.mark.parametrize("step", ["compose", "write_bodies", "written", "finish_report", "finished"])
def test_a_worker_killed_anywhere_leaves_nothing_to_see_and_the_next_completes_it(
    province: Province, database: Database, app: Flask, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    monkeypatch.setattr(jobs, "BODIES_AT_ONCE", 1)
    with database.transaction() as session:
        job = operations.request_freezing(session, SERVICE, ACTIVITY, CLOSED)
    with database.reading() as session:
        run = JobRun(database, job, session.get_one(Job, job).payload)
    calls = {"n": 0}

    def killing(name: str, after: bool, on_call: int) -> None:
        real = getattr(jobs, name)

        def gone(*arguments: Any, **named: Any) -> Any:
            calls["n"] += 1
            if calls["n"] == on_call and not after:
                raise Killed
            result = real(*arguments, **named)
            if calls["n"] == on_call:
                raise Killed
            return result

        monkeypatch.setattr(jobs, name, gone)

    name, after, on_call = {
        "compose": ("compose", False, 1),
        "write_bodies": ("write_bodies", False, 3),
        "written": ("write_bodies", True, 2),
        "finish_report": ("finish_report", False, 1),
        "finished": ("finish_report", True, 1),
    }[step]
    with app.app_context():
        killing(name, after, on_call)
        with pytest.raises(Killed):
            freeze_job(run)
        monkeypatch.undo()
        with database.reading() as session:
            assert current_report(session, ACTIVITY) is None
            assert public_report(session, "20264") is None
        with database.transaction() as session:  # what comes in meanwhile is not in it
            finish(session, province.people["H55.1"][18], passed=True, at=CLOSED + timedelta(minutes=1))
        freeze_job(run)
        freeze_job(run)
    assert revisions(database) == [(1, "draft")]
    with database.reading() as session:
        report = session.scalars(select(Report)).one()
        assert session.scalar(select(func.count()).select_from(ReportAgency)) == 4
        body = agency_body(session, report, province.agencies["H55.1"])
        assert body is not None
        assert body.figures.took_part == 18
        assert verify_report(session, report.id).holds


def test_an_outcome_that_comes_late_and_says_it_was_earlier_makes_the_bodies_anew(
    province: Province, database: Database, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transaction that was under way while the ledger was read."""
    with database.transaction() as session:
        job = operations.request_freezing(session, SERVICE, ACTIVITY, CLOSED)
    with database.reading() as session:
        run = JobRun(database, job, session.get_one(Job, job).payload)
    real, late = compose, province.people["H55.1"][18]

    def composing(session: Any, head: Any) -> Any:
        found = real(session, head)
        monkeypatch.setattr(jobs, "compose", real)
        session.close()
        with database.transaction() as other:
            finish(other, late, passed=True, at=CLOSED - timedelta(seconds=1))
        return found

    monkeypatch.setattr(jobs, "compose", composing)
    with app.app_context():
        freeze_job(run)
    with database.reading() as session:
        report = session.scalars(select(Report)).one()
        assert report.state == ReportState.DRAFT
        assert verify_report(session, report.id).holds


def test_asked_twice_it_is_one_job_and_a_second_freeze_waits(province: Province, database: Database) -> None:
    with database.transaction() as session:
        first = operations.request_freezing(session, SERVICE, ACTIVITY, CLOSED)
    with database.transaction() as session:
        assert operations.request_freezing(session, SERVICE, ACTIVITY, CLOSED) == first
    with pytest.raises(Conflict), database.transaction() as session:
        operations.build_report(session, SERVICE, the_activity(session), CLOSED)


def test_a_quarter_without_any_attempt_is_frozen_with_zeros(database: Database, province: Province) -> None:
    with database.transaction() as session:
        session.execute(delete(Outcome))
    report = build(database)
    root = read_body(bodies(database, report)["H55"])
    assert (root.figures.expected, root.figures.took_part, sum(root.histogram)) == (38, 0, 0)
    with database.transaction() as session:
        operations.publish_report(session, SERVICE, "20264", CLOSED)
    with database.reading() as session:
        assert verify_report(session, report).holds


def test_a_revision_of_what_is_public_tells_what_it_corrects_and_why(province: Province, database: Database) -> None:
    build(database)
    with database.transaction() as session:
        operations.publish_report(session, SERVICE, "20264", CLOSED)
    later = CLOSED + timedelta(days=2)
    with database.transaction() as session:
        source = session.scalars(select(Outcome.source_id).where(Outcome.person_id == province.people["H55.102"][7])).one()
        finish(session, province.people["H55.102"][7], passed=True, at=later, source=source)  # marked again
        finish(session, province.people["H55.1"][18], passed=True, at=later)
        change_expectation(
            session, SERVICE, ACTIVITY, province.people["H55.101"][0], excluded_because="sick", evidence="Giấy ra viện", at=later
        )
    report = build(database, later + timedelta(hours=1), "Phúc khảo")
    with database.reading() as session:
        diff = corrections_of(session, report, for_the_public=False)
        public = corrections_of(session, report, for_the_public=True)
        kept = session.get_one(Report, report)
    assert diff is not None
    assert public is not None
    found = {one.code: ({change.figure: (change.before, change.after) for change in one.changes}, dict(one.causes)) for one in diff}
    assert found["H55.102"][0]["passed"] == (4, 5)
    assert found["H55.102"][1] == {"marked_again": 1}
    assert found["H55.1"][0]["took_part"] == (18, 19)
    assert found["H55.1"][1] == {"late_sitting": 1}
    assert found["H55.101"][0]["expected"] == (10, 9)
    assert found["H55.101"][1] == {"late_paper": 1}
    assert found["H55"][1] == {"marked_again": 1, "late_sitting": 1, "late_paper": 1}
    assert all(count == 0 for one in public for count in one.causes.values())
    manifest = json.loads(file_of(database, report))["manifest"]
    assert manifest["corrects"]["revision"] == 1
    assert manifest["corrects"]["because"] == "Phúc khảo"
    assert kept.corrects_because == "Phúc khảo"


def test_the_command_says_what_differs_and_ends_with_1(province: Province, database: Database, app: Flask, tmp_path: Path) -> None:
    report = build(database)
    right, wrong, foreign = tmp_path / "dung.json", tmp_path / "sai.json", tmp_path / "la.json"
    right.write_text(bodies(database, report)["H55.1"])
    wrong.write_text(bodies(database, report)["H55.1"].replace('"passed":15', '"passed":17'))
    foreign.write_bytes(b"\xff\xfe")
    runner = CliRunner()
    with app.app_context():
        said = runner.invoke(reports, ["verify", str(right)])
        assert said.exit_code == 0
        assert "Đúng" in said.output
        said = runner.invoke(reports, ["verify", str(wrong)])
        assert said.exit_code == 1
        assert "[H55.1]" in said.output
        assert "17" in said.output
        assert isinstance(runner.invoke(reports, ["verify", str(foreign)]).exception, DomainError)


def test_a_report_of_version_1_still_reads(province: Province, database: Database) -> None:
    """As 0.3.0 froze it: everything in `figures`, no body, no manifest text."""
    node = {"id": str(province.root), "parent_id": None, "code": "H55", "name": "Tỉnh", "block": "x", "level": "tinh", "sort_key": "a"}
    counts = {
        "expected": 7,
        "excluded": 0,
        "took_part": 6,
        "passed": 5,
        "score_hundredths": 100,
        "good": 1,
        "fair": 1,
        "average": 4,
        "weak": 0,
    }
    old: dict[str, Any] = {
        **node,
        "figures": counts,
        "own": counts,
        "groups": {"N1": counts},
        "children": [],
        "rank": None,
        "ranked_of": None,
    }
    with database.transaction() as session:
        report = Report(
            activity=ACTIVITY,
            period="20264",
            revision=1,
            state="published",
            manifest={"rule_version": "1", "counted_on": "2026-10-01", "agencies": 1, "withheld": 0, "sha256": "x"},
            built_at=AT,
            published_at=AT,
        )
        session.add(report)
        session.flush()
        session.add(ReportAgency(report_id=report.id, agency_id=province.root, code="H55", is_withheld=False, figures=old))
        session.add(Installation(number=1, id=UUID(int=5), since=AT))
    with database.reading() as session:
        body = agency_body(session, session.get_one(Report, report.id), province.root)
        assert body is not None
        assert body.figures.passed == 5
        found = public_report(session, "20264")
        assert found is not None
        with pytest.raises(DomainError, match="phiên bản cũ"):
            verify_report(session, report.id)
    assert freezing.FREEZING == "reports.freeze"
