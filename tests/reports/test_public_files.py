"""What everybody reads of a published report: one body in every format, at once and the same however it is fetched, kept apart from who
asks; corrected and withdrawn everywhere at one instant."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select, update

from lms.accounts.models import SignIn
from lms.kit.actors import SERVICE
from lms.kit.clock import Quarter
from lms.kit.db import Database
from lms.kit.jobs import Job
from lms.kit.queue import run_due, run_periodic
from lms.reports import operations
from lms.reports.feeds.addresses import Format, Place, all_places, place_of
from lms.reports.feeds.rendering import make_file
from lms.reports.jobs import public_files
from lms.reports.models import PublicFile, Report, ReportAgency
from lms.results.operations import record_outcome
from lms.results.queries import activity_of_period
from tests.reports.making import ACTIVITY, AT, CLOSED, Province, make_province

QUARTER = "2026-Q4"
CODES = ("H55", "H55.1", "H55.101", "H55.102")
ADDRESSES = [place.path for place in all_places(Quarter(2026, 4), list(CODES))]
SignIn_ = Callable[[str], FlaskClient]


@pytest.fixture
def province(database: Database) -> Province:
    with database.transaction() as session:
        return make_province(session)


@pytest.fixture
def public(province: Province, database: Database) -> Province:
    publish(database, CLOSED)
    return province


def publish(database: Database, at: datetime, because: str | None = None) -> None:
    with database.transaction() as session:
        activity = activity_of_period(session, "20264")
        assert activity is not None
        operations.build_report(session, SERVICE, activity, at, because)
        operations.publish_report(session, SERVICE, "20264", at + timedelta(minutes=5))


def render(app: Flask) -> None:
    run_periodic(app, {})
    assert run_due(app) >= 1


def withdraw(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        report = session.scalars(select(Report.id).where(Report.state == "published")).one()
        operations.withdraw_report(session, SERVICE, report, "Số liệu của Sở Nội vụ nạp nhầm <tệp>", at)


def test_every_address_means_what_it_is_kept_as() -> None:
    for place in all_places(Quarter(2026, 4), ["H55", "H55.1"]):
        found = place_of(place.path, "")
        assert found is not None
        assert found.path == place.path
        assert (found.format, found.code) == (place.format, place.code)
    assert place_of("/public/2026-Q4/.json", "") == Place(Format.JSON, Quarter(2026, 4), None)
    assert place_of("/embed/H55", "quarter=2026-Q3") == Place(Format.WIDGET, Quarter(2026, 3), "H55")
    for path, query in (("/public/", ""), ("/public/2026-Q5/", ""), ("/embed/H55", "x=1"), ("/public/2026-Q4/a/b", ""), ("/embed/", "")):
        assert place_of(path, query) is None, path


def test_what_is_rendered_is_what_would_be_made_when_asked(app: Flask, database: Database, public: Province) -> None:
    client = app.test_client()
    fresh = {path: client.get(path) for path in ADDRESSES}
    assert {path: one.status_code for path, one in fresh.items() if one.status_code != 200} == {}
    render(app)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(PublicFile)) == len(ADDRESSES)
    for path, one in fresh.items():
        kept = client.get(path)
        assert kept.data == one.data, path
        for header in ("ETag", "Last-Modified", "Cache-Control", "Content-Type", "Content-Security-Policy"):
            assert kept.headers[header] == one.headers[header], (path, header)


def test_a_kept_file_costs_one_statement_and_looks_at_no_session(
    app: Flask, database: Database, public: Province, sign_in: SignIn_
) -> None:
    render(app)
    client = sign_in("thutruong")
    statements: list[str] = []
    for engine in database.engines:
        event.listen(engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2].removeprefix("BEGIN")))
    for path in ADDRESSES:
        statements.clear()
        response = client.get(path)
        assert response.status_code == 200
        assert len([one for one in statements if one]) == 1, path
        assert "Đăng xuất" not in response.get_data(as_text=True)
        assert "Set-Cookie" not in response.headers
    with database.transaction() as session:
        session.execute(update(PublicFile).values(rendering="of an earlier version"))
    statements.clear()
    assert client.get(f"/public/{QUARTER}.json").status_code == 200
    assert not any(SignIn.__tablename__ in statement for statement in statements)


@pytest.mark.parametrize("rendered", [True, False])
def test_who_has_it_already_is_told_so(app: Flask, public: Province, rendered: bool) -> None:
    if rendered:
        render(app)
    client = app.test_client()
    for path in (f"/public/{QUARTER}/", f"/public/{QUARTER}.json", f"/public/{QUARTER}/H55.1.csv", "/embed/H55.1"):
        whole = client.get(path, headers={"Accept-Encoding": "gzip"})
        etag, modified = whole.headers["ETag"], whole.headers["Last-Modified"]
        assert not etag.startswith("W/")
        for known in (
            {"If-None-Match": etag},
            {"If-None-Match": f'"x", W/{etag}'},
            {"If-None-Match": "*"},
            {"If-Modified-Since": modified},
        ):
            same = client.get(path, headers={"Accept-Encoding": "gzip", **known})
            assert (same.status_code, same.data) == (304, b""), (path, known)
            assert same.headers["ETag"] == etag
            assert same.headers["Cache-Control"].startswith("public, max-age=")
        other = {"If-None-Match": '"another"', "If-Modified-Since": modified}
        assert client.get(path, headers=other).status_code == 200
        head = client.head(path)
        assert (head.status_code, head.data) == (200, b"")
        plain = client.get(path)
        assert int(head.headers["Content-Length"]) == len(plain.data)
        if "Content-Encoding" in whole.headers:
            assert gzip.decompress(whole.data) == plain.data
            assert etag != plain.headers["ETag"]


def test_the_public_reads_what_is_not_withheld_and_nothing_else(app: Flask, database: Database, public: Province) -> None:
    with database.transaction() as session:
        hidden = session.scalars(select(ReportAgency).where(ReportAgency.code == "H55.1")).one()
        body = hidden.body.replace('"withheld":[', '"withheld":["figures",').replace('",]', '"]')
        hidden.body, hidden.is_withheld = body, True
    client = app.test_client()
    told = client.get(f"/public/{QUARTER}/H55.1.json").json
    assert told is not None
    assert told["don_vi"]["an_so_lieu"] is True
    assert all(told["don_vi"][name] is None for name in ("thuoc_dien", "tham_gia", "dat", "diem_tb", "ty_le_dat"))
    records = client.get(f"/public/{QUARTER}/H55.1.ioc.json").json
    assert records is not None
    assert [(one["gia_tri"], one["tu_so"], one["mau_so"]) for one in records["du_lieu"]] == [(None, None, None)] * 5
    assert {one["ghi_chu"] for one in records["du_lieu"]} == {"an_so_lieu"}
    for suffix in ("", ".html"):
        assert (
            "—" in client.get(f"/public/{QUARTER}/H55.1{suffix}").text or "Không nêu số liệu" in client.get(f"/public/{QUARTER}/H55.1").text
        )
    assert "Không nêu số liệu" in client.get("/embed/H55.1").text
    assert ",20," not in client.get(f"/public/{QUARTER}.csv").text


def test_records_for_the_ioc_have_the_fields_of_the_provincial_standard(app: Flask, public: Province) -> None:
    told = app.test_client().get(f"/public/{QUARTER}.ioc.json").json
    assert told is not None
    codes = {one["ma_chi_tieu"] for one in told["chi_tieu"]}
    assert codes == {f"DTBD.0{number}" for number in range(1, 6)}
    assert len(told["du_lieu"]) == told["so_ban_ghi"] == len(codes) * len(CODES)
    fields = "ma_chi_tieu ten ma_don_vi ma_dvhc ky tu_so mau_so gia_tri don_vi_tinh thoi_diem trang_thai phien_ban ghi_chu"
    assert list(told["du_lieu"][0]) == fields.split()
    [expected] = [one for one in told["du_lieu"] if (one["ma_chi_tieu"], one["ma_don_vi"]) == ("DTBD.01", "H55.1")]
    assert (expected["gia_tri"], expected["ky"], expected["trang_thai"], expected["phien_ban"]) == (20, "20264", "da_phe_duyet", 1)
    assert expected["thoi_diem"] == "2026-11-23 10:05:00"
    assert app.test_client().get("/public/indicators.json").json == {"chi_tieu": told["chi_tieu"]}


def test_a_widget_may_be_framed_and_nothing_else_may(app: Flask, public: Province) -> None:
    for rendered in (False, True):
        if rendered:
            render(app)
        client = app.test_client()
        widget = client.get("/embed/H55.1")
        assert "frame-ancestors *" in widget.headers["Content-Security-Policy"]
        assert "X-Frame-Options" not in widget.headers
        assert "<script" not in widget.text
        page = client.get(f"/public/{QUARTER}/H55.1")
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
        assert page.headers["X-Frame-Options"] == "DENY"
        assert client.get(f"/public/{QUARTER}.json").headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Origin" not in page.headers


def test_names_are_text_wherever_they_go(app: Flask, public: Province) -> None:
    client = app.test_client()
    hostile = '=HYPERLINK("http://evil.example";"Xã")'
    assert f"'{hostile}".replace('"', '""') in client.get(f"/public/{QUARTER}.csv").text
    atom = client.get(f"/public/{QUARTER}/H55.102.atom")
    assert atom.mimetype == "application/atom+xml"
    title = ElementTree.fromstring(atom.data).findtext("{http://www.w3.org/2005/Atom}title")
    assert title is not None
    assert hostile in title
    assert '"http://evil.example"' not in client.get("/embed/H55.102").text


def test_a_page_is_read_in_the_language_its_reader_chose_and_fragments_in_that_of_their_address(app: Flask, public: Province) -> None:
    render(app)
    client = app.test_client()
    client.set_cookie("lms_display", "en.100.normal")
    page = client.get(f"/public/{QUARTER}/")
    assert '<html lang="en"' in page.text
    assert "Cookie" in page.headers["Vary"]
    assert page.headers["ETag"] != app.test_client().get(f"/public/{QUARTER}/").headers["ETag"]
    assert 'lang="en"' in client.get(f"/public/{QUARTER}.html?lang=en").text
    assert 'lang="vi"' in client.get(f"/public/{QUARTER}.html").text
    assert '<html lang="en"' in client.get("/embed/H55.1?lang=en").text


def test_a_correction_shows_everywhere_at_once_with_what_it_changes(app: Flask, database: Database, public: Province) -> None:
    render(app)
    client = app.test_client()
    before = {path: client.get(path).headers["ETag"] for path in ADDRESSES}
    later = CLOSED + timedelta(days=3)
    with database.transaction() as session:
        for person in public.people["H55.102"][4:8]:
            record_outcome(
                session,
                activity=ACTIVITY,
                period="20264",
                person_id=person,
                source_id=person,
                attempts=1,
                score=Decimal(90),
                passed=True,
                occurred_at=AT,
                at=later - timedelta(days=1),
            )
    publish(database, later, "Chấm lại câu 12 theo quyết định 05/QĐ")
    for path in ADDRESSES:  # before anything of it is rendered
        assert client.get(path, headers={"If-None-Match": before[path]}).status_code == 200, path
    render(app)
    told = client.get(f"/public/{QUARTER}.json").json
    assert told is not None
    assert told["phien_ban"] == 2
    assert told["dinh_chinh"]["thay_phien_ban"] == 1
    assert told["dinh_chinh"]["ly_do"].startswith("Chấm lại câu 12")
    for path in (f"/public/{QUARTER}/", f"/public/{QUARTER}.html", "/embed/H55.1"):
        assert "Đính chính" in client.get(path).text, path
        assert "Chấm lại câu 12" in client.get(path).text, path
    assert "Đính chính" in client.get(f"/public/{QUARTER}.atom").text
    run_periodic(app, {})
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(PublicFile)) == len(ADDRESSES)


@pytest.mark.parametrize("rendered", [True, False])
def test_what_is_withdrawn_leaves_a_stone_in_every_format(app: Flask, database: Database, public: Province, rendered: bool) -> None:
    if rendered:
        render(app)
    withdraw(database, CLOSED + timedelta(days=1))
    client = app.test_client()
    for path in ADDRESSES:
        response = client.get(path)
        assert response.status_code == 410, path
        assert "nạp nhầm" in response.text, path
        assert "<tệp>" not in response.text or response.mimetype in ("application/json", "text/csv")
        assert response.headers["Cache-Control"] == "no-cache"
    told = client.get(f"/public/{QUARTER}.json").json
    assert told is not None
    assert told["trang_thai"] == "da_thu_hoi"
    assert client.get(f"/public/{QUARTER}/H55.999").status_code == 404
    assert client.get("/embed/H55.999").status_code == 404


def test_a_worker_that_dies_while_rendering_loses_little_and_makes_nothing_twice(
    app: Flask, database: Database, public: Province, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lms.reports.jobs.public_files.AT_ONCE", 10)
    made: list[str] = []
    real = make_file

    def dying(told: object, place: Place) -> object:
        made.append(place.path)
        if len(made) == 25:
            raise KeyboardInterrupt  # as the kernel would: nothing is caught
        return real(told, place)  # type: ignore[arg-type]

    monkeypatch.setattr(public_files, "make_file", dying)
    run_periodic(app, {})
    with pytest.raises(KeyboardInterrupt):
        run_due(app)
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(PublicFile)) == 20
        session.execute(update(Job).where(Job.state == "running").values(lease_until=datetime(2020, 1, 1, tzinfo=UTC)))
    run_periodic(app, {})  # asks for nothing more
    assert run_due(app) >= 1
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(PublicFile)) == len(ADDRESSES)
        assert session.scalar(select(func.count()).select_from(Job).where(Job.kind == "reports.render_public")) == 1
    assert len(made) == len(ADDRESSES) + 5


def test_all_that_is_published_is_on_one_page_and_in_one_feed(app: Flask, database: Database, public: Province) -> None:
    client = app.test_client()
    assert "Kiểm tra Quý IV/2026" in client.get("/public/").text
    feed = ElementTree.fromstring(client.get("/public/results.atom").data)
    assert len(feed.findall("{http://www.w3.org/2005/Atom}entry")) == 1
    withdraw(database, CLOSED + timedelta(days=1))
    assert client.get("/public/results.atom").status_code == 404
