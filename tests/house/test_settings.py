"""The service refuses to start when a setting cannot work, and says which one and how to mend it."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from lms.config import DOCUMENTED, Settings, SettingsError, load_settings

ROOT = Path(__file__).parents[2]
GOOD = {"LMS_ENV": "production", "LMS_SECRET_KEY": "k" * 40}


def test_a_demo_needs_no_settings_and_keeps_its_key(tmp_path: Path) -> None:
    environment = {"LMS_DATA_DIR": str(tmp_path / "var")}
    first, second = load_settings(environment), load_settings(environment)
    assert first.is_demo
    assert first.secret_key == second.secret_key
    assert len(first.secret_key) >= 32
    assert first.database_url == f"sqlite:///{tmp_path / 'var' / 'lms.db'}"


def test_a_plain_postgresql_address_is_understood() -> None:
    settings = load_settings({**GOOD, "LMS_DATABASE_URL": "postgresql://lms@db/lms"})
    assert settings.database_url == "postgresql+psycopg://lms@db/lms"


@pytest.mark.parametrize(
    ("name", "value", "mend"),
    [
        ("LMS_ENV", "prod", "demo or production"),
        ("LMS_SECRET_KEY", "short", "at least 32"),
        ("LMS_SECRET_KEY", "", "token_urlsafe"),
        ("LMS_DATABASE_URL", "mysql://x", "postgresql://"),
        ("LMS_BASE_URL", "lms.thainguyen.gov.vn", "https://"),
        ("LMS_TIMEZONE", "Asia/Hanoi", "Asia/Ho_Chi_Minh"),
        ("LMS_LOCALE", "fr", "vi or en"),
        ("LMS_REDIS_URL", "http://redis", "redis://"),
        ("LMS_DEMO_PASSWORD", "mat-khau-demo", "remove it"),
        ("LMS_SUPPORT_PHONE", "gọi đầu mối", "0208"),
        ("LMS_PASSWORD_LENGTH", "4", "from 8 to 64"),
        ("LMS_IDLE_MINUTES", "mười", "whole number"),
        ("LMS_PASSWORD_ALONE_FOR", "admins", "roles or everyone"),
        ("LMS_REQUIRE_SECOND_FACTOR", "maybe", "yes or no"),
        ("LMS_OIDC_ISSUER", "http://id.thainguyen.gov.vn", "https://"),
        ("LMS_OIDC_ISSUER", "https://id.thainguyen.gov.vn", "or none of them"),
    ],
)
def test_a_wrong_setting_is_named_with_its_mend(name: str, value: str, mend: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({**GOOD, name: value})
    assert name in str(caught.value)
    assert mend in str(caught.value)


def test_all_wrong_settings_are_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({"LMS_ENV": "production", "LMS_TIMEZONE": "Mars", "LMS_LOCALE": "x"})
    assert len(caught.value.problems) == 3


def test_a_data_folder_one_may_not_write_is_named(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("a file, not a folder")
    with pytest.raises(SettingsError, match="LMS_DATA_DIR"):
        load_settings({"LMS_DATA_DIR": str(blocker / "var")})


def test_level_three_is_the_default_and_a_demo_does_without_the_second_factor(tmp_path: Path) -> None:
    settings = load_settings(GOOD)
    assert (settings.password_length, settings.password_length_alone, settings.password_classes_alone) == (8, 14, 4)
    assert (settings.passwords_remembered, settings.password_days) == (10, 60)
    assert (settings.tries_before_lock, settings.lock_minutes) == (5, 10)
    assert (settings.idle_minutes, settings.idle_minutes_managing) == (15, 5)
    assert (settings.dormant_days, settings.dormant_days_learners) == (45, 0)
    assert settings.require_second_factor
    assert not load_settings({"LMS_DATA_DIR": str(tmp_path / "var")}).require_second_factor
    changed = load_settings({**GOOD, "LMS_IDLE_MINUTES": "30", "LMS_REQUIRE_SECOND_FACTOR": "no"})
    assert (changed.idle_minutes, changed.require_second_factor) == (30, False)


def test_every_setting_is_documented_for_operators() -> None:
    known = {field.name.upper() for field in fields(Settings)}
    assert set(DOCUMENTED) == known
    for language in ("vi", "en"):
        text = (ROOT / "docs" / f"operating.{language}.md").read_text()
        assert set(re.findall(r"`LMS_([A-Z_]+)`", text)) == known
