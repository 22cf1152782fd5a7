"""Bands, position groups, the quarter before and the administrative unit in what programs fetch: there where the public may see them, and
empty in every format where it may not."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from lms.agencies.models import AgencyCode
from lms.kit.db import Database
from lms.kit.ids import uuid7
from lms.reports.feeds.programs import GROUP_COLUMNS, as_csv, as_json
from lms.reports.feeds.publication import Publication, publication
from lms.reports.rules.body import AgencyBody
from lms.reports.rules.disclosure import names
from tests.reports.making import AT, CLOSED, DAY, Province, make_province
from tests.reports.making_bodies import agency_body, province_body
from tests.reports.test_public_files import publish

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
PARTS = (names.BANDS, names.GROUPS, names.AS_REPORTED, names.RESTATED, names.SAME_PEOPLE, names.SPLIT)
DECIDED = {"pass_denominator": "took_part", "disclosure": {"threshold": 5, "memory": 8, "complements": True}}


def public(withheld: tuple[str, ...] = (), settings: Mapping[str, Any] = DECIDED) -> Publication:
    """The whole province, of which so much is withheld, with an agency of which nothing but the same is."""

    def of(body: AgencyBody) -> AgencyBody:
        return replace(body, report=replace(body.report, settings=settings), withheld=withheld)

    bodies = [of(province_body()), *(of(agency_body(number)) for number in range(8))]
    units = {bodies[0].agency.id: "19"}
    about = {"sha256": "0" * 64, "published_at": CLOSED, "base_url": "https://lms.example", "corrects": None, "because": None}
    return publication(bodies, (), (), unit_codes=units, **about)  # type: ignore[arg-type]


def shown(told: Publication) -> tuple[dict[str, Any], dict[str, str]]:
    """The province as JSON and as a row of CSV."""
    [row, *_others] = csv.DictReader(StringIO(as_csv(told, None, ZONE).lstrip("\ufeff")))
    return json.loads(as_json(told, None, ZONE))["don_vi"][0], row


def test_what_is_public_is_in_json_and_csv_alike() -> None:
    body, row = shown(public())
    figures = province_body().figures
    assert body["xep_loai"] == {"gioi": figures.good, "kha": figures.fair, "trung_binh": 0, "yeu": figures.weak}
    assert (row["gioi"], row["yeu"], row["so_luot"]) == (str(figures.good), str(figures.weak), str(figures.attempts))
    assert body["nhom_doi_tuong"]["N1"] == {"thuoc_dien": 100, "tham_gia": 90, "dat": 80, "diem_tb": 77.1}
    assert [row[f"N1_{name}"] for name in GROUP_COLUMNS] == ["100", "90", "80", "77.1"]
    compared = body["so_voi_ky_truoc"]
    assert (compared["ky"], row["ky_truoc"]) == ("20263", "20263")
    assert compared["theo_bao_cao"]["truoc"] == {"thuoc_dien": 400, "tham_gia": 300, "dat": 180}
    assert row["theo_bao_cao_truoc_dat"] == "180"
    assert compared["phan_ra_ty_le_dat"] == {"ket_qua": 3.2, "thanh_phan": -1.1, "co_cau": 0.4, "tong": 2.5}
    assert row["phan_ra_tong"] == "2.5"
    assert (body["ma_dvhc"], row["ma_dvhc"]) == ("19", "19")


@given(withheld=st.sets(st.sampled_from(PARTS)))
def test_each_part_is_withheld_by_itself_and_never_said(withheld: set[str]) -> None:
    body, row = shown(public(tuple(withheld)))
    assert (body["xep_loai"] is None) == (names.BANDS in withheld) == (row["gioi"] == "")
    assert (body["nhom_doi_tuong"] is None) == (names.GROUPS in withheld) == (row.get("N1_dat", "") == "")
    lenses = {names.AS_REPORTED: "theo_bao_cao", names.RESTATED: "theo_co_cau_nay", names.SAME_PEOPLE: "cung_nguoi"}
    compared = body["so_voi_ky_truoc"]
    for name, lens in lenses.items():
        assert (compared is None or compared[lens] is None) == (name in withheld) == (row[f"{lens}_truoc_dat"] == "")
    assert (compared is None or compared["phan_ra_ty_le_dat"] is None) == (names.SPLIT in withheld or withheld.issuperset(lenses))


@pytest.mark.parametrize("part", [names.FIGURES, names.PARTICIPATION, names.OUTCOME])
def test_with_the_figures_goes_what_they_could_be_worked_out_from(part: str) -> None:
    body, row = shown(public((part, *names.FOLLOWS[part])))
    assert (body["xep_loai"], body["nhom_doi_tuong"], body["so_voi_ky_truoc"], body["so_luot"]) == (None, None, None, None)
    assert {value for name, value in row.items() if name.startswith(("theo_", "cung_", "phan_ra", "N1_", "N2_"))} <= {""}


def test_a_report_of_before_details_were_decided_on_shows_none() -> None:
    body, _row = shown(public(settings={"pass_denominator": "took_part"}))
    assert (body["xep_loai"], body["nhom_doi_tuong"], body["so_voi_ky_truoc"]) == (None, None, None)


def test_never_public_parts_of_a_comparison_are_in_no_feed() -> None:
    whole = as_json(public(), None, ZONE)
    assert "known_later" not in whole
    assert "predecessors" not in whole
    assert "excluded" not in whole


@pytest.fixture
def province(database: Database) -> Province:
    with database.transaction() as session:
        return make_province(session)


def test_the_administrative_unit_is_that_of_the_counting_day_as_known_when_it_was_frozen(
    app: Flask, province: Province, database: Database
) -> None:
    commune, later = province.agencies["H55.101"], CLOSED + timedelta(hours=2)
    with database.transaction() as session:
        for code, known in (("05443", AT), ("09999", later)):
            span = {"agency_id": commune, "scheme": "dvhc", "code": code, "valid_from": DAY, "recorded_at": known}
            session.execute(insert(AgencyCode).values(id=uuid7(), valid_to=DAY.replace(year=2100 + len(code)), **span))
    publish(database, CLOSED)
    client = app.test_client()
    told = client.get("/public/2026-Q4/H55.101.json").get_json()["don_vi"]
    assert told["ma_dvhc"] == "05443"
    assert {one["ma_dvhc"] for one in client.get("/public/2026-Q4/H55.101.ioc.json").get_json()["du_lieu"]} == {"05443"}
    assert client.get("/public/2026-Q4/H55.1.json").get_json()["don_vi"]["ma_dvhc"] is None


def test_groups_are_in_a_published_file_as_the_disclosure_decided(app: Flask, province: Province, database: Database) -> None:
    publish(database, CLOSED)
    lines = app.test_client().get("/public/2026-Q4.json").get_json()["don_vi"]
    for one in lines:
        assert one["xep_loai"] is None or one["dat"] is not None
        for group in (one["nhom_doi_tuong"] or {}).values():
            assert group["thuoc_dien"] is None or group["thuoc_dien"] >= 5
            assert group["dat"] is None or group["dat"] == 0 or group["dat"] >= 5
