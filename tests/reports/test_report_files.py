"""Renderings: made by a job that may be killed and run again, kept under their hash, handed out to those entitled, never by halves."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from lms.config import Settings
from lms.kit.actors import SERVICE
from lms.kit.clock import now
from lms.kit.db import Database
from lms.kit.errors import DomainError
from lms.kit.jobs import Job, JobRun, JobState, run_job
from lms.reports import operations, rendering
from lms.reports.documents import Kind, Variant, identify, rebuild
from lms.reports.models import Report, ReportFile
from lms.reports.operations.rendering import RENDERING, ask_rendering
from lms.reports.queries import files
from lms.reports.queries.verifying import Verified
from lms.reports.signing.sealing import seal
from lms.reports.storage import FileStore
from lms.reports.verifying import told, verify_file
from lms.results.queries import activity_of_period
from tests.reports.making_bodies import MANIFEST, agency_body
from tests.reports.pdf_reading import read_pdf
from tests.reports.signing_keys import PASSPHRASE, authority, signer
from tests.reports.test_results_pages import AT, Province, province

__all__ = ["province"]
SignIn = Callable[[str], FlaskClient]


def freeze(database: Database, *, publish: bool = False) -> UUID:
    with database.transaction() as session:
        activity = activity_of_period(session, "20264")
        assert activity is not None
        report = operations.build_report(session, SERVICE, activity, AT)
        if publish:
            operations.publish_report(session, SERVICE, activity.period, AT)
    return report


def render(app: Flask, database: Database, report: UUID, variant: Variant = Variant.DRAFT) -> Job:
    with database.transaction() as session:
        job = ask_rendering(session, SERVICE, report, variant, AT).id
    with app.app_context():
        run_job(database, {RENDERING: rendering.render_all}, job)
    with database.reading() as session:
        found = session.get(Job, job)
        assert found is not None
        return found


def rows(database: Database) -> list[ReportFile]:
    with database.reading() as session:
        return list(session.scalars(select(ReportFile)))


def test_the_job_renders_every_agency_once(app: Flask, database: Database, province: Province) -> None:
    report = freeze(database)
    job = render(app, database, report)
    assert (job.state, job.error, job.result) == (JobState.DONE, None, {"agencies": 4, "made": 8})
    assert (job.progress_done, job.progress_total) == (4, 4)
    assert render(app, database, report).result == {"agencies": 4, "made": 0}
    assert {(row.agency_id, row.kind) for row in rows(database)} == {
        (agency, kind) for agency in (province.root, province.department, province.commune, province.tiny) for kind in ("pdf", "xlsx")
    }


def test_a_worker_that_dies_loses_one_agency_and_the_next_goes_on(
    app: Flask, database: Database, province: Province, monkeypatch: pytest.MonkeyPatch
) -> None:
    report, made = freeze(database), rendering.make
    calls = []

    def dying(*given: object) -> bytes:
        calls.append(given)
        if len(calls) == 4:  # in the middle of the second agency: its PDF lies in the folder, no row names it
            raise KeyboardInterrupt
        return made(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(rendering, "make", dying)
    with app.app_context(), pytest.raises(KeyboardInterrupt):
        rendering.render_all(JobRun(database, UUID(int=1), {"report": str(report), "variant": "draft"}))
    assert len(rows(database)) == 2
    monkeypatch.setattr(rendering, "make", made)
    assert render(app, database, report).result == {"agencies": 4, "made": 6}


def test_a_full_disk_is_told_and_leaves_nothing_by_halves(
    app: Flask, database: Database, settings: Settings, province: Province, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = freeze(database)

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("lms.reports.storage.os.fsync", full)
    job = render(app, database, report)
    assert job.state == JobState.FAILED
    assert job.error is not None
    assert "Hết chỗ trên đĩa" in job.error
    assert not rows(database)
    assert not [path for path in (settings.data_dir / "reports").rglob("*") if path.is_file()]
    monkeypatch.undo()
    assert render(app, database, report).state == JobState.DONE


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DomainError) as caught:
        FileStore(tmp_path / "file" / "reports").put(b"x")
    assert caught.value.code == "not_writable"


def test_the_store_gives_back_what_it_was_given_and_nothing_else(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    sha256 = store.put(b"report")
    assert sha256 == hashlib.sha256(b"report").hexdigest() == store.put(b"report")
    assert store.get(sha256) == b"report"
    assert store.get("0" * 64) is None
    (tmp_path / sha256[:2] / sha256).write_bytes(b"repo")
    assert store.get(sha256) is None
    assert store.put(b"report") == sha256
    assert store.get(sha256) == b"report"
    with pytest.raises(ValueError, match="passwd"):
        store.get("../../etc/passwd")


def test_half_a_file_is_never_served(app: Flask, database: Database, settings: Settings, province: Province, sign_in: SignIn) -> None:
    report = freeze(database)
    render(app, database, report)
    client = sign_in("quantri")
    whole = client.get("/reports/2026-Q4/H55.1.pdf").data
    row = next(row for row in rows(database) if (row.agency_id, row.kind) == (province.department, "pdf"))
    assert hashlib.sha256(whole).hexdigest() == row.sha256
    (settings.data_dir / "reports" / row.sha256[:2] / row.sha256).write_bytes(whole[:100])
    assert client.get("/reports/2026-Q4/H55.1.pdf").data == whole


def test_what_a_killed_worker_was_writing_is_taken_away_a_day_later(
    app: Flask, database: Database, settings: Settings, province: Province
) -> None:
    store = FileStore(settings.data_dir / "reports")
    kept = store.put(b"whole")
    half = store.folder / kept[:2] / ".new-abc"
    half.write_bytes(b"ha")
    report = freeze(database)
    render(app, database, report)
    assert half.exists()  # somebody may be at it
    yesterday = (now() - timedelta(days=2)).timestamp()
    os.utime(half, (yesterday, yesterday))
    assert render(app, database, report).state == JobState.DONE
    assert not half.exists()
    assert store.get(kept) == b"whole"


@pytest.mark.parametrize("kind", ["pdf", "docx", "xlsx"])
def test_documents_are_for_those_entitled(database: Database, province: Province, sign_in: SignIn, kind: str) -> None:
    assert sign_in("quantri").get("/reports/2026-Q4/H55.1.pdf").status_code == 404  # nothing is frozen yet
    freeze(database)
    answer = sign_in("thutruong").get(f"/reports/2026-Q4/H55.1.{kind}")
    assert answer.status_code == 200
    assert answer.mimetype == Kind(kind).media_type
    found = identify(answer.data)
    assert found is not None
    assert (found[0], found[1].agency, found[1].variant) == (Kind(kind), province.department, Variant.DRAFT)
    assert sign_in("thutruong").get(f"/reports/2026-Q4/H55.101.{kind}").status_code == 404
    assert sign_in("thutruong").get(f"/reports/2026-Q4/H55.{kind}").status_code == 404
    assert sign_in("quantri").get(f"/reports/2026-Q4/H55.{kind}").status_code == 200
    if kind != "xlsx":
        assert sign_in("quantri").get(f"/reports/2026-Q4/H55.1.{kind}?form=poem").status_code == 404


def test_a_published_document_is_no_draft_and_its_code_can_be_checked(
    app: Flask, database: Database, province: Province, sign_in: SignIn
) -> None:
    freeze(database, publish=True)
    content = sign_in("thutruong").get("/reports/2026-Q4/H55.1.pdf").data
    text = read_pdf(content).text
    assert "DỰ THẢO" not in text
    found = identify(content)
    assert found is not None
    code = found[1].sha256[:32]
    assert f"/check/{code}" in text.replace(" ", "")
    anybody = app.test_client()
    page = anybody.get(f"/check/{code}").text
    assert "Sở Nội vụ" in page
    assert "đang có hiệu lực" in page
    for unknown in ("0" * 32, "%25" + "0" * 31, code[:31], code.upper() + "x"):
        assert "Không có kết quả nào đã công bố mang mã này" in anybody.get(f"/check/{unknown}").text


def test_a_code_of_what_is_not_public_is_unknown(app: Flask, database: Database, province: Province, sign_in: SignIn) -> None:
    freeze(database)
    found = identify(sign_in("thutruong").get("/reports/2026-Q4/H55.1.pdf").data)
    assert found is not None
    assert "Không có kết quả nào" in app.test_client().get(f"/check/{found[1].sha256[:32]}").text


def test_asking_for_all_documents_makes_a_job(database: Database, province: Province, sign_in: SignIn) -> None:
    freeze(database)
    assert sign_in("quantri").post("/reports/2026-Q4/render").status_code == 303
    with database.reading() as session:
        assert session.scalars(select(Job.kind).where(Job.kind == RENDERING)).one() == RENDERING


def test_approval_has_the_documents_made(database: Database, province: Province, sign_in: SignIn) -> None:
    freeze(database, publish=True)
    with database.reading() as session:
        payload = session.scalars(select(Job.payload).where(Job.kind == RENDERING)).one()
        report = session.scalars(select(Report.id)).one()
    assert payload == {"report": str(report), "variant": "final"}
    page = sign_in("thutruong").get("/reports/2026-Q4/H55.1").text
    for address in ("H55.1.pdf", "H55.1.docx", "H55.1.xlsx", "H55.1/signed"):
        assert f"/reports/2026-Q4/{address}" in page


def send(client: FlaskClient, content: bytes, number: str = "05/BC-SKHCN", issued_on: str = "20/11/2026") -> TestResponse:
    data = {"number": number, "issued_on": issued_on, "file": (BytesIO(content), "signed.pdf")}
    return client.post("/reports/2026-Q4/H55.1/signed", data=data, content_type="multipart/form-data")


@pytest.fixture
def sealing(app: Flask, settings: Settings, tmp_path: Path) -> Settings:
    """The service has a seal, and its authority is trusted."""
    issuer = authority()
    issuer.write_pem(tmp_path / "trusted" / "ca.pem")
    file = signer("Hệ thống Công vụ", issuer).write_pkcs12(tmp_path / "seal.p12")
    made = replace(settings, report_seal_file=file, report_seal_passphrase=PASSPHRASE, report_trust_dir=tmp_path / "trusted")
    app.extensions["lms.settings"] = made
    return made


def test_a_signed_document_comes_back_and_is_kept(database: Database, province: Province, sign_in: SignIn, sealing: Settings) -> None:
    freeze(database, publish=True)
    client = sign_in("quantri")
    ours = client.get("/reports/2026-Q4/H55.1.pdf").data
    signed = seal(ours, sealing)
    assert send(client, signed).status_code == 303
    page = sign_in("thutruong").get("/reports/2026-Q4/H55.1/signed").text
    assert "05/BC-SKHCN" in page
    assert "Hệ thống Công vụ" in page
    assert "đúng từng byte" in page
    assert sign_in("thutruong").get("/reports/2026-Q4/H55.1/signed.pdf").data == signed
    assert sign_in("xa").get("/reports/2026-Q4/H55.1/signed.pdf").status_code == 404
    with database.reading() as session:
        report = session.scalars(select(Report.id)).one()
        kept = files.signed_file(session, report, province.department)
        assert kept is not None
        assert kept.verdict["content"] == "ours"


def test_an_altered_one_is_refused_with_the_reason(database: Database, province: Province, sign_in: SignIn, sealing: Settings) -> None:
    freeze(database, publish=True)
    client = sign_in("quantri")
    signed = seal(client.get("/reports/2026-Q4/H55.1.pdf").data, sealing)
    answer = send(client, signed[:1000] + b"x" + signed[1001:])
    assert answer.status_code == 422
    assert "không nhận tệp này" in answer.text or "Không đọc được" in answer.text
    for number, day, words in (("năm", "20/11/2026", "05/BC-SKHCN"), ("05/BC-SKHCN", "20/11/2020", "Ngày ban hành phải từ")):
        answer = send(client, signed, number, day)
        assert answer.status_code == 422
        assert words in answer.text
    assert client.get("/reports/2026-Q4/H55.1/signed.pdf").status_code == 302  # to the page that says there is none


def test_a_draft_cannot_come_back_signed(database: Database, province: Province, sign_in: SignIn, sealing: Settings) -> None:
    freeze(database)
    answer = send(sign_in("quantri"), b"%PDF-1.7")
    assert answer.status_code == 409
    assert "chưa được phê duyệt" in answer.text


def test_the_service_seals_its_own_rendering(database: Database, province: Province, sign_in: SignIn, sealing: Settings) -> None:
    freeze(database, publish=True)
    client = sign_in("quantri")
    assert client.post("/reports/2026-Q4/H55.1/seal").status_code == 303
    sealed = client.get("/reports/2026-Q4/H55.1/signed.pdf").data
    assert sealed.startswith(client.get("/reports/2026-Q4/H55.1.pdf").data)
    assert sign_in("thutruong").post("/reports/2026-Q4/H55.1/seal").status_code == 403


def verified(app: Flask, database: Database, content: bytes) -> Verified:
    with app.app_context(), database.reading() as session:
        return verify_file(session, content)


@pytest.mark.parametrize("kind", ["pdf", "docx", "xlsx"])
@pytest.mark.parametrize("code", ["H55", "H55.1"])
def test_a_file_is_rebuilt_and_compared_to_the_byte(
    app: Flask, database: Database, province: Province, sign_in: SignIn, kind: str, code: str
) -> None:
    freeze(database, publish=True)
    content = sign_in("quantri").get(f"/reports/2026-Q4/{code}.{kind}").data
    assert verified(app, database, content).holds
    found = verified(app, database, content + b"x") if kind != "pdf" else verified(app, database, content[:5000] + b"x" + content[5001:])
    assert not found.holds
    assert found.differences[0].figure == "rendering"
    assert "không đúng từng byte" in told(found)


def test_a_signed_file_is_verified_with_its_signature(
    app: Flask, database: Database, province: Province, sign_in: SignIn, sealing: Settings
) -> None:
    freeze(database, publish=True)
    content = sign_in("quantri").get("/reports/2026-Q4/H55.1.pdf").data
    signed = seal(content, sealing)
    assert verified(app, database, signed).holds
    for altered in (signed + b"\n", content + b"\n1 0 obj\n<<>>\nendobj\n"):
        with pytest.raises(DomainError):
            verified(app, database, altered)


def test_a_file_of_another_province_is_known_for_one(app: Flask, database: Database, province: Province) -> None:
    with pytest.raises(DomainError) as caught:
        verified(app, database, rebuild("xlsx", agency_body(), MANIFEST))
    assert caught.value.code == "unknown_report"
