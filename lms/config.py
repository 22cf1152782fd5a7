"""Settings: typed, read once from the environment; a wrong or missing one refuses to start and says which."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Environment = Literal["demo", "production"]


class SettingsError(Exception):
    """The environment asks for something that cannot work. `problems` has one sentence per setting, each with its mend."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a deployment may choose. Field names are the environment names without `LMS_`, in lower case."""

    env: Environment
    secret_key: str
    database_url: str
    data_dir: Path
    base_url: str
    timezone: str
    locale: Literal["vi", "en"]
    redis_url: str | None
    demo_password: str | None
    support_phone: str | None = None

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def is_demo(self) -> bool:
        return self.env == "demo"


# Shown by docs/operating.md, checked by a test: name without LMS_ → what it means.
DOCUMENTED: dict[str, str] = {
    "ENV": "`demo` (default) or `production`",
    "SECRET_KEY": "at least 32 characters; signs sessions and derives the keys of encrypted columns; required outside demo",
    "DATABASE_URL": "SQLAlchemy address; default SQLite in LMS_DATA_DIR",
    "DATA_DIR": "folder for the embedded database, uploads and queue; default `var/`",
    "BASE_URL": "address people use; default http://127.0.0.1:8000",
    "TIMEZONE": "IANA name; default Asia/Ho_Chi_Minh",
    "LOCALE": "`vi` (default) or `en`",
    "REDIS_URL": "queue and rate limits shared by several nodes; absent: embedded",
    "DEMO_PASSWORD": "password of the demo sign-ins; demo only",
    "SUPPORT_PHONE": "shown at the foot of every page and where help is offered; absent: the agency's focal point is named alone",
}


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read and check every setting at once.

    Raises SettingsError naming all that is wrong, so that one start tells everything.
    """
    problems: list[str] = []

    def read(name: str, default: str = "") -> str:
        return environ.get(f"LMS_{name}", "").strip() or default

    def checked(name: str, value: str, parse: Callable[[str], str], mend: str) -> str | None:
        try:
            return parse(value)
        except (ValueError, ZoneInfoNotFoundError):
            problems.append(f"LMS_{name}={value!r}: {mend}")
            return None

    env = checked("ENV", read("ENV", "demo"), _one_of("demo", "production"), "write demo or production")
    data_dir = Path(read("DATA_DIR", "var")).absolute()
    database_url = checked(
        "DATABASE_URL",
        read("DATABASE_URL", f"sqlite:///{data_dir / 'lms.db'}"),
        _database_url,
        "write sqlite:///FILE or postgresql://USER@HOST/DATABASE",
    )
    base_url = checked(
        "BASE_URL", read("BASE_URL", "http://127.0.0.1:8000"), _http_url, "write an address that begins with http:// or https://"
    )
    timezone = checked("TIMEZONE", read("TIMEZONE", "Asia/Ho_Chi_Minh"), _zone, "write an IANA zone such as Asia/Ho_Chi_Minh")
    locale = checked("LOCALE", read("LOCALE", "vi"), _one_of("vi", "en"), "write vi or en")
    redis_url = checked("REDIS_URL", read("REDIS_URL"), _redis_url, "write redis://HOST:PORT/NUMBER or leave it out")
    demo_password = read("DEMO_PASSWORD") or None
    support_phone = checked("SUPPORT_PHONE", read("SUPPORT_PHONE"), _phone, "write a phone number such as 0208 3855 123, or leave it out")
    secret_key = _secret_key(read("SECRET_KEY"), env, data_dir, problems)
    if env == "production" and demo_password:
        problems.append("LMS_DEMO_PASSWORD is set: demo sign-ins do not exist in production, remove it")
    if demo_password and len(demo_password) < 8:
        problems.append("LMS_DEMO_PASSWORD is too short: at least 8 characters")
    if problems:
        raise SettingsError(problems)
    return Settings(
        env=env,  # type: ignore[arg-type]  # checked by _one_of above
        secret_key=secret_key,
        database_url=database_url or "",
        data_dir=data_dir,
        base_url=base_url or "",
        timezone=timezone or "",
        locale=locale,  # type: ignore[arg-type]
        redis_url=redis_url or None,
        demo_password=demo_password,
        support_phone=support_phone or None,
    )


def _one_of(*allowed: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in allowed:
            raise ValueError(value)
        return value

    return parse


def _database_url(value: str) -> str:
    if not value.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
        raise ValueError(value)
    return value.replace("postgresql://", "postgresql+psycopg://", 1)


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(value)
    return value.rstrip("/")


def _redis_url(value: str) -> str:
    if value and urlsplit(value).scheme not in ("redis", "rediss", "unix"):
        raise ValueError(value)
    return value


def _phone(value: str) -> str:
    if value and not re.fullmatch(r"\+?[0-9](?:[ .]?[0-9]){2,19}", value):
        raise ValueError(value)
    return value


def _zone(value: str) -> str:
    return ZoneInfo(value).key


def _secret_key(given: str, env: str | None, data_dir: Path, problems: list[str]) -> str:
    if given and len(given) < 32:
        problems.append("LMS_SECRET_KEY is too short: at least 32 characters")
    if given:
        return given
    if env == "demo":
        return _kept_demo_key(data_dir, problems)
    problems.append('LMS_SECRET_KEY is missing: make one with python3 -c "import secrets; print(secrets.token_urlsafe(48))"')
    return ""


def _kept_demo_key(data_dir: Path, problems: list[str]) -> str:
    """A demo needs no settings, yet its sessions should outlive a restart: its key is made once and kept in the data folder."""
    path = data_dir / "demo-secret-key"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(48))
        return path.read_text().strip()
    except OSError as error:
        problems.append(f"LMS_DATA_DIR={str(data_dir)!r}: cannot write there ({error.strerror}); name a folder this user may write")
        return ""
