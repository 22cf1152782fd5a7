"""Settings: typed, read once from the environment; a wrong or missing one refuses to start and says which."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal
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
    privacy_contact: str | None = None
    retention: Mapping[str, int] = field(default_factory=dict)
    # How people get in. Defaults: what security level 3 asks of those who hold a role (docs/decisions/0005-signing-in.md).
    password_length: int = 8
    password_length_alone: int = 14
    password_classes_alone: int = 4
    password_alone_for: Literal["roles", "everyone"] = "roles"  # noqa: S105  # no password, but whose
    passwords_remembered: int = 10
    password_days: int = 60
    tries_before_lock: int = 5
    lock_minutes: int = 10
    idle_minutes: int = 15
    idle_minutes_managing: int = 5
    session_hours: int = 12
    session_days_own: int = 14
    dormant_days: int = 45
    dormant_days_learners: int = 0
    require_second_factor: bool = False
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: str | None = None
    oidc_name: str | None = None
    oidc_claim: str = "preferred_username"
    smtp_url: str | None = None
    mail_from: str | None = None
    xapi_version: Literal["1.0.3", "2.0.0"] = "2.0.0"
    xapi_forward_url: str | None = None
    xapi_forward_key: str | None = None
    xapi_forward_secret: str | None = None
    # Who issues reports (Decree 30/2020), whose signatures on them are believed, and the service's own seal.
    webhook_networks: tuple[str, ...] = ()
    webhook_days: int = 3
    report_issuer_above: str | None = None
    report_issuer: str | None = None
    report_symbol: str | None = None
    report_place: str | None = None
    report_signer: str | None = None
    report_recipients: str | None = None
    report_second_person: Literal["auto", "always", "never"] = "auto"
    report_trust_dir: Path | None = None
    report_seal_file: Path | None = None
    report_seal_passphrase: str | None = None
    report_seal_token_module: Path | None = None
    report_seal_token_name: str | None = None
    report_seal_token_pin: str | None = None
    report_seal_token_certificate: str | None = None

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
    "REDIS_URL": "queue shared by several nodes; absent: embedded",
    "DEMO_PASSWORD": "password of the demo sign-ins; demo only",
    "SUPPORT_PHONE": "shown at the foot of every page and where help is offered; absent: the agency's focal point is named alone",
    "PRIVACY_CONTACT": "who is in charge of personal data, printed in the notice; absent: the agency's focal point",
    "RETENTION": "days to keep data, by kind, for example `sign_ins=180,slips=90`; kinds and defaults: `lms privacy retention --dry-run`",
    "PASSWORD_LENGTH": "fewest characters of a password; default 8",
    "PASSWORD_LENGTH_ALONE": "fewest where the password alone opens an account that holds a role; default 14",
    "PASSWORD_CLASSES_ALONE": "kinds of characters (small, capital, digit, other) such a password has; default 4",
    "PASSWORD_ALONE_FOR": "`roles` (default): the two above hold for people with a role; `everyone`: also for learners",
    "PASSWORDS_REMEMBERED": "so many last passwords may not be chosen again; default 10",
    "PASSWORD_DAYS": "people with a role choose a new password after so many days; default 60; 0: never",
    "TRIES_BEFORE_LOCK": "wrong passwords or codes in a row before an account is locked; default 5",
    "LOCK_MINUTES": "how long it stays locked; default 10",
    "IDLE_MINUTES": "a session on a shared machine ends after so many minutes without a request; default 15; 0: never",
    "IDLE_MINUTES_MANAGING": "managing pages ask to sign in again after so many; default 5; 0: never",
    "SESSION_HOURS": "a session on a shared machine ends after so many hours in any case; default 12",
    "SESSION_DAYS_OWN": "on a machine of one's own after so many days; default 14",
    "DORMANT_DAYS": "people with a role who have not signed in for so many days need a new slip; default 45; 0: never",
    "DORMANT_DAYS_LEARNERS": "the same for learners; default 0: never, for they come once a quarter",
    "REQUIRE_SECOND_FACTOR": "`yes` or `no`: people with a role prove themselves twice; default yes in production, no in demo",
    "OIDC_ISSUER": "address of the province's identity provider (OpenID Connect); absent: no single sign-on",
    "OIDC_CLIENT_ID": "what the provider calls this service",
    "OIDC_CLIENT_SECRET": "the secret the provider gave it",
    "OIDC_NAME": "the provider's name on the button, for example `tài khoản công vụ`",
    "SMTP_URL": "mail server, `smtp://USER:PASSWORD@HOST:587` (STARTTLS), `smtps://…`, or `smtp://HOST?tls=none`; absent: no mail is sent",
    "MAIL_FROM": "sender of mail, `Name <address>`; needed beside SMTP_URL",
    "XAPI_VERSION": "`1.0.3` or `2.0.0` (default): in which version of xAPI those are answered who name none; see docs/xapi.md",
    "XAPI_FORWARD_URL": "an xAPI store outside that gets every statement, for example `https://HOST/xapi/`; further ones on its page",
    "XAPI_FORWARD_KEY": "our key there",
    "XAPI_FORWARD_SECRET": "its secret",
    "WEBHOOK_NETWORKS": "networks that are not of the public internet and may be sent webhooks, for example `10.20.0.0/16,192.168.7.5`",
    "WEBHOOK_DAYS": "a webhook that does not get through is tried for so many days; default 3",
    "REPORT_ISSUER_ABOVE": "cơ quan chủ quản over reports, for example `UBND tỉnh Thái Nguyên`; absent: the topmost agency",
    "REPORT_ISSUER": "who issues reports, for example `Sở Khoa học và Công nghệ`; absent: the topmost agency itself",
    "REPORT_SYMBOL": "the issuer in the symbol of a paper, for example `SKHCN` in `05/BC-SKHCN`",
    "REPORT_PLACE": "place before the date of a report, for example `Thái Nguyên`",
    "REPORT_SIGNER": "office of the one who signs reports, for example `Giám đốc`",
    "REPORT_RECIPIENTS": "further recipients of reports (nơi nhận), with semicolons between",
    "REPORT_SECOND_PERSON": "who built a report does not approve it: `auto` (default) where two people may, `always`, `never`",
    "REPORT_TRUST_DIR": "folder of CA certificates (PEM or DER) whose signatures on reports are believed; absent: none is",
    "REPORT_SEAL_FILE": "PKCS#12 file with the service's own seal; absent: reports are not sealed here",
    "REPORT_SEAL_PASSPHRASE": "its passphrase",
    "REPORT_SEAL_TOKEN_MODULE": "library of a token that holds the seal, instead of the file (needs `pyHanko[pkcs11]`)",
    "REPORT_SEAL_TOKEN_NAME": "label of the token",
    "REPORT_SEAL_TOKEN_PIN": "its PIN",
    "REPORT_SEAL_TOKEN_CERTIFICATE": "label of the certificate and key on it",
    "OIDC_CLAIM": "which claim holds the staff code or login name; default `preferred_username`",
}

# Kinds of data whose time of keeping may be set (lms.privacy.rules.retention), and the fewest days of each.
RETENTION_KINDS: dict[str, int] = {
    "sign_ins": 1,
    "unknown_names": 1,
    "slips": 1,
    "import_details": 1,
    "outbox": 1,
    "set_aside": 1,
    "letters": 1,
    "report_letters": 100,  # who got a result hears when it is corrected or withdrawn
    "webhook_deliveries": 1,
    "told": 100,
    "requests": 1,
    "audit": 90,  # level 3: logs are kept for three months at least
    "retention_runs": 1,
}

# Fewest and most of each number among the settings.
_NUMBERS: dict[str, tuple[int, int]] = {
    "PASSWORD_LENGTH": (8, 64),
    "PASSWORD_LENGTH_ALONE": (8, 64),
    "PASSWORD_CLASSES_ALONE": (1, 4),
    "PASSWORDS_REMEMBERED": (0, 24),
    "PASSWORD_DAYS": (0, 3650),
    "TRIES_BEFORE_LOCK": (3, 100),
    "LOCK_MINUTES": (1, 1440),
    "IDLE_MINUTES": (0, 1440),
    "IDLE_MINUTES_MANAGING": (0, 1440),
    "SESSION_HOURS": (1, 72),
    "SESSION_DAYS_OWN": (1, 90),
    "DORMANT_DAYS": (0, 3650),
    "DORMANT_DAYS_LEARNERS": (0, 3650),
    "WEBHOOK_DAYS": (1, 30),
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
    kinds = ", ".join(RETENTION_KINDS)
    retained = checked(
        "RETENTION", read("RETENTION"), _retention_text, f"write KIND=DAYS with commas between; kinds: {kinds}; audit at least 90"
    )
    secret_key = _secret_key(read("SECRET_KEY"), env, data_dir, problems)
    if env == "production" and demo_password:
        problems.append("LMS_DEMO_PASSWORD is set: demo sign-ins do not exist in production, remove it")
    if demo_password and len(demo_password) < 8:
        problems.append("LMS_DEMO_PASSWORD is too short: at least 8 characters")
    sign_in = {**_numbers(read, problems), **_single_sign_on(read, env, problems)}
    mail = {**_mail(read, problems), **_forwarding(read, env, problems), **_reports(read, problems)}
    networks = checked("WEBHOOK_NETWORKS", read("WEBHOOK_NETWORKS"), _networks, "write networks such as 10.20.0.0/16 with commas between")
    alone_for = checked("PASSWORD_ALONE_FOR", read("PASSWORD_ALONE_FOR", "roles"), _one_of("roles", "everyone"), "write roles or everyone")
    version = checked("XAPI_VERSION", read("XAPI_VERSION", "2.0.0"), _one_of("1.0.3", "2.0.0"), "write 1.0.3 or 2.0.0")
    second = checked(
        "REQUIRE_SECOND_FACTOR",
        read("REQUIRE_SECOND_FACTOR", "yes" if env == "production" else "no"),
        _one_of("yes", "no"),
        "write yes or no",
    )
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
        privacy_contact=read("PRIVACY_CONTACT") or None,
        retention=_retention(retained or ""),
        password_alone_for=alone_for,  # type: ignore[arg-type]
        require_second_factor=second == "yes",
        xapi_version=version,  # type: ignore[arg-type]
        webhook_networks=tuple((networks or "").split()),
        **sign_in,
        **mail,
    )


def _numbers(read: Callable[..., str], problems: list[str]) -> dict[str, Any]:
    """The numbers that were set; the others keep their defaults."""
    found: dict[str, Any] = {}
    for name, (fewest, most) in _NUMBERS.items():
        given = read(name)
        if not given:
            continue
        if not re.fullmatch("[0-9]{1,5}", given) or not fewest <= int(given) <= most:
            problems.append(f"LMS_{name}={given!r}: write a whole number from {fewest} to {most}")
        else:
            found[name.lower()] = int(given)
    return found


def _single_sign_on(read: Callable[..., str], env: str | None, problems: list[str]) -> dict[str, Any]:
    """The identity provider: either all of it or nothing."""
    found = {name: read(f"OIDC_{name}") for name in ("ISSUER", "CLIENT_ID", "CLIENT_SECRET", "NAME", "CLAIM")}
    needed = ("ISSUER", "CLIENT_ID", "CLIENT_SECRET")
    missing = [name for name in needed if not found[name]]
    given = [name for name in needed if found[name]]
    if missing and given:
        problems.append(
            f"LMS_OIDC_{missing[0]} is missing beside LMS_OIDC_{given[0]}: set ISSUER, CLIENT_ID and CLIENT_SECRET, or none of them"
        )
    issuer = urlsplit(found["ISSUER"])
    if found["ISSUER"] and (not issuer.hostname or issuer.scheme != "https") and not (env == "demo" and issuer.scheme == "http"):
        problems.append(f"LMS_OIDC_ISSUER={found['ISSUER']!r}: write an address that begins with https://")
    return {f"oidc_{name.lower()}": value for name, value in found.items() if value}


def _mail(read: Callable[..., str], problems: list[str]) -> dict[str, Any]:
    """Where mail is handed over and who sends it: either both or neither."""
    server, sender = read("SMTP_URL"), read("MAIL_FROM")
    parts = urlsplit(server)
    if server and (parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.query not in ("", "tls=none", "tls=starttls")):
        problems.append(f"LMS_SMTP_URL: write smtp://USER:PASSWORD@HOST:587, smtps://HOST or smtp://HOST?tls=none, not {parts.scheme}://…")
    if sender and not re.fullmatch(r"(?:[^<>\r\n]+ )?<?[^@<>\s]+@[^@<>\s]+>?", sender):
        problems.append(f"LMS_MAIL_FROM={sender!r}: write Name <address>")
    if bool(server) != bool(sender):
        problems.append("LMS_SMTP_URL and LMS_MAIL_FROM belong together: set both or neither")
    return {"smtp_url": server or None, "mail_from": sender or None}


def _forwarding(read: Callable[..., str], env: str | None, problems: list[str]) -> dict[str, Any]:
    """The outside store: either all of it or nothing."""
    found = {name: read(f"XAPI_FORWARD_{name}") for name in ("URL", "KEY", "SECRET")}
    missing = [name for name, value in found.items() if not value]
    if missing and len(missing) < len(found):
        problems.append(f"LMS_XAPI_FORWARD_{missing[0]} is missing: set URL, KEY and SECRET, or none of them")
    url = urlsplit(found["URL"])
    schemes = ("https",) if env == "production" else ("https", "http")
    if found["URL"] and (url.scheme not in schemes or not url.hostname or url.username or url.query):
        problems.append("LMS_XAPI_FORWARD_URL: write an address that begins with https://, without name, secret or parameters in it")
    return {f"xapi_forward_{name.lower()}": value or None for name, value in found.items()}


def _reports(read: Callable[..., str], problems: list[str]) -> dict[str, Any]:
    """Who issues reports, and what their seals are made and believed with."""
    texts = ("ISSUER_ABOVE", "ISSUER", "SYMBOL", "PLACE", "SIGNER", "RECIPIENTS", "SEAL_PASSPHRASE")
    token = ("SEAL_TOKEN_MODULE", "SEAL_TOKEN_NAME", "SEAL_TOKEN_PIN", "SEAL_TOKEN_CERTIFICATE")
    paths = ("TRUST_DIR", "SEAL_FILE", "SEAL_TOKEN_MODULE")
    found: dict[str, Any] = {name: read(f"REPORT_{name}") for name in (*texts, *token, *paths)}
    missing = [name for name in token if not found[name]]
    if missing and len(missing) < len(token):
        problems.append(f"LMS_REPORT_{missing[0]} is missing: set all four LMS_REPORT_SEAL_TOKEN_…, or none of them")
    if found["SEAL_FILE"] and found["SEAL_TOKEN_MODULE"]:
        problems.append("LMS_REPORT_SEAL_FILE and LMS_REPORT_SEAL_TOKEN_MODULE: a report has one seal, set one of them")
    if found["TRUST_DIR"] and not Path(found["TRUST_DIR"]).is_dir():
        problems.append(f"LMS_REPORT_TRUST_DIR={found['TRUST_DIR']!r}: no such folder")
    for name in ("SEAL_FILE", "SEAL_TOKEN_MODULE"):
        if found[name] and not Path(found[name]).is_file():
            problems.append(f"LMS_REPORT_{name}={found[name]!r}: no such file")
    found["SECOND_PERSON"] = read("REPORT_SECOND_PERSON", "auto")
    if found["SECOND_PERSON"] not in ("auto", "always", "never"):
        problems.append(f"LMS_REPORT_SECOND_PERSON={found['SECOND_PERSON']!r}: write auto, always or never")
    return {f"report_{name.lower()}": Path(value) if name in paths else value for name, value in found.items() if value}


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


def _networks(value: str) -> str:
    return " ".join(str(ip_network(part.strip())) for part in value.split(",") if part.strip())


def _retention(value: str) -> dict[str, int]:
    pairs = (part.partition("=") for part in value.split(",") if part.strip())
    return {name.strip(): int(days) for name, _equals, days in pairs}


def _retention_text(value: str) -> str:
    if any(name not in RETENTION_KINDS or not RETENTION_KINDS[name] <= days <= 36_500 for name, days in _retention(value).items()):
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
