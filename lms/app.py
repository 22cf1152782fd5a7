"""Builds the application: the house's own packages, then the features it is given."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from uuid import UUID

from flask import Flask, g, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

import lms
from lms import accounts, agencies, audit, demo, home, lrs, mail, maintenance, privacy, reports, results
from lms.config import Settings, load_settings
from lms.feature import Feature, merged
from lms.home.identity import Identity
from lms.home.navigation import main_bar, page_above
from lms.kit import jobs
from lms.kit.access import may
from lms.kit.compression import init_compression
from lms.kit.db import Database
from lms.kit.following import Followers
from lms.kit.i18n import init_i18n, preferences
from lms.kit.logs import init_logs
from lms.kit.queue import Queue
from lms.kit.secrets import Vault
from lms.kit.web import init_web
from lms.reports.documents.letterhead import frozen_letterhead

HOUSE = (
    audit.feature,
    maintenance.feature,
    agencies.feature,
    accounts.feature,
    mail.feature,
    lrs.feature,
    results.feature,
    privacy.feature,
    reports.feature,
    home.feature,
    demo.feature,
)

csrf = CSRFProtect()
MAX_BODY = 32 * 1024 * 1024  # a roster of 31,000 people is about 4 MB


def create_app(settings: Settings | None = None, features: tuple[Feature, ...] = ()) -> Flask:
    """The whole service. Raises SettingsError where the environment asks for something that cannot work."""
    settings = settings or load_settings(os.environ)
    init_logs()
    everything = HOUSE + features
    app = Flask("lms", template_folder="templates", static_folder="static")
    secure = settings.base_url.startswith("https://")
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=MAX_BODY,
        # The prefix keeps other names under the same domain from planting one.
        SESSION_COOKIE_NAME="__Host-lms_session" if secure else "lms_session",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,  # a test may stay open longer than any limit; the token lives as long as the session
        SEND_FILE_MAX_AGE_DEFAULT=31_536_000,  # static addresses carry their version
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

    app.extensions["lms.settings"] = settings
    app.extensions["lms.features"] = everything
    app.extensions["lms.permissions"] = merged(everything, "permissions")
    app.extensions["lms.province_wide"] = frozenset().union(*(feature.province_wide for feature in everything))
    app.extensions["lms.permission_names"] = merged(everything, "permission_names")
    app.extensions["lms.audit_names"] = merged(everything, "audit_names")
    app.extensions["lms.trainings"] = tuple(source for feature in everything for source in feature.trainings)
    app.extensions["lms.namers"] = tuple(namer for feature in everything for namer in feature.namers)
    app.extensions["lms.notices"] = tuple(source for feature in everything for source in feature.notices)
    app.extensions["lms.statement_builders"] = merged(everything, "statement_builders")
    app.extensions["lms.job_handlers"] = merged(everything, "jobs")
    app.extensions["lms.periodic"] = tuple(periodic for feature in everything for periodic in feature.periodic)

    def carry_out(job_id: str) -> None:
        with app.app_context():
            jobs.run_job(app.extensions["lms.database"], app.extensions["lms.job_handlers"], UUID(job_id))

    queue = Queue(settings, carry_out)
    app.extensions["lms.queue"] = queue
    app.extensions["lms.vault"] = vault = Vault(settings.secret_key)
    followers = Followers(
        agencies=tuple(follower for feature in everything for follower in feature.agency_followers),
        persons=tuple(follower for feature in everything for follower in feature.person_followers),
        groups=tuple(user for feature in everything for user in feature.group_users),
        competences=tuple(source for feature in everything for source in feature.competences),
    )
    app.extensions["lms.database"] = Database(
        settings.database_url,
        wake=queue.wake,
        vault=vault,
        followers=followers,
        base_url=settings.base_url,
        letterhead=frozen_letterhead(settings),
    )

    app.extensions["lms.assets"] = _fingerprint(Path(app.static_folder or ""))
    if not secure:  # nobody in front who would do it
        init_compression(app)
    init_web(app, secure=secure)
    init_i18n(app, settings)
    accounts.guard.init_guard(app)
    csrf.init_app(app)
    for feature in everything:
        for blueprint in feature.blueprints:
            app.register_blueprint(blueprint)
            if getattr(blueprint, "machine_only", False):
                csrf.exempt(blueprint)
    if secure:  # before whatever features put before the application
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]
    _init_pages(app, settings)
    return app


def _init_pages(app: Flask, settings: Settings) -> None:
    identity = Identity()
    assets = app.extensions["lms.assets"]

    @app.context_processor
    def page() -> dict[str, object]:
        return {
            "actor": g.get("actor"),
            "may": may,
            "preferences": preferences(),
            "navigation": main_bar(),
            "page_above": page_above(),
            "site": {
                "agency_name": identity.agency_name() or _("Ủy ban nhân dân tỉnh"),
                "system_name": _("Công vụ LMS"),
                "version": lms.__version__,
                "assets": assets,
                "hotline": settings.support_phone,
                "accessibility_url": url_for("home.accessibility"),
                "privacy_url": url_for("privacy.notice"),
            },
        }


def _fingerprint(folder: Path) -> str:
    """Changes when any static file does, so that browsers may keep them for a year."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.*")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
