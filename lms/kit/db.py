"""The database: model base, column types that behave alike on SQLite and PostgreSQL, and the unit of work."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import JSON, Connection, DateTime, Engine, MetaData, String, Uuid, create_engine, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

log = structlog.get_logger()

IDLE_SECONDS = 5.0

# Names by convention, so that migrations can speak of every constraint.
NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UTCDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC. Refuses naive values: a time without a zone is a defect."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime: {value!r}")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# Stored sort and search keys compare byte by byte on both databases, whatever the server's locale.
KeyText = String().with_variant(String(collation="C"), "postgresql")
Json = JSON().with_variant(JSONB(), "postgresql")


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UTCDateTime(), UUID: Uuid(), dict[str, Any]: Json, list[Any]: Json}


class Database:
    """An engine and its units of work: `transaction()` writes and is the only thing that commits, `reading()` only reads."""

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 10,
        wake: Callable[[UUID], None] = lambda job_id: None,
        vault: object = None,
        followers: object = None,
        base_url: str = "",
        letterhead: Mapping[str, str] | None = None,
    ) -> None:
        """Every session carries in `info` what operations need and must not ask the web for: `wake` tells the worker of a new job
        once it is committed (without one the worker's sweep finds it), `vault` seals personal numbers (see `lms.kit.secrets`),
        `followers` are told when agencies end or persons are merged (see `lms.kit.following`), `base_url` is the service's own address,
        which is part of what people are called in statements, `letterhead` names who issues reports, which is frozen with each."""
        self.engine = _engine(url, pool_size, read_only=False)
        self._reading_engine = _engine(url, pool_size, read_only=True)
        shared = {"vault": vault, "followers": followers, "base_url": base_url, "letterhead": dict(letterhead or {})}
        self._reader = sessionmaker(self._reading_engine, expire_on_commit=False, info=shared)
        self._writer = sessionmaker(self.engine, expire_on_commit=False, info={"wake": wake, **shared})
        # A pool of its own, opened by whoever needs it: switching a connection to and fro at each use costs as much as the statement.
        self._alone_engine = self.engine if self.is_sqlite else _engine(url, pool_size, read_only=False, alone=True)
        self._alone = sessionmaker(self._alone_engine, expire_on_commit=False, info=shared)

    @property
    def engines(self) -> tuple[Engine, ...]:
        """The writing and the reading side, and that of single statements where it is one of its own, for those who count statements."""
        return (self.engine, self._reading_engine) if self.is_sqlite else (self.engine, self._reading_engine, self._alone_engine)

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One use case: commits at the end, leaves nothing on any exception, then runs what `after_commit` collected."""
        with self._writer() as session:
            with session.begin():
                yield session
            effects: list[Callable[[], None]] = session.info.pop("after_commit", [])
        for effect in effects:
            try:
                effect()
            except Exception:  # the change is already stored: its caller must hear so; the sweep or a retry makes up for the effect
                log.exception("after_commit_failed", effect=getattr(effect, "__qualname__", repr(effect)))

    @contextmanager
    def single_statement(self) -> Iterator[Session]:
        """A use case that is one statement: it is stored, whole, when the statement returns. PostgreSQL is spared the BEGIN and the COMMIT
        around it, which on the busiest path cost as much as the statement."""
        with self._alone() as session:
            yield session
            if self.is_sqlite:
                session.commit()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A look; the database itself refuses to write on this connection."""
        with self._reader() as session:
            yield session

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """`reading` past the mapper."""
        with self._reading_engine.connect() as connection:
            yield connection

    def dispose(self) -> None:
        for engine in self.engines:
            engine.dispose()


def is_disk_full(error: BaseException) -> bool:
    """Is it that the database has no room left on its disk? What it was about to store is not stored."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    return getattr(origin, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL or getattr(origin, "sqlstate", None) == "53100"


def after_commit(session: Session, effect: Callable[[], None]) -> None:
    """Have something done once, and only if, the change is stored: a wake-up, a mail."""
    session.info.setdefault("after_commit", []).append(effect)


def _engine(url: str, pool_size: int, *, read_only: bool, alone: bool = False) -> Engine:
    options: dict[str, Any] = {
        "json_serializer": lambda value: msgspec.json.encode(value).decode(),
        "json_deserializer": msgspec.json.decode,
        "pool_size": pool_size,
        "max_overflow": pool_size,
    }
    if url.startswith("sqlite"):
        engine = create_engine(url, connect_args={"timeout": 10}, **options)
        event.listen(engine, "connect", _prepare_sqlite_reader if read_only else _prepare_sqlite)
        event.listen(engine, "begin", _begin_reading if read_only else _begin_writing)
        return engine
    if read_only or alone:
        # Each statement stands alone, as under READ COMMITTED it does anyway: no BEGIN and ROLLBACK around every look, and
        # the driver keeps its prepared statements, which a rollback would make it forget.
        options["isolation_level"] = "AUTOCOMMIT"
    server_settings = f"-c timezone=UTC -c default_transaction_read_only={'on' if read_only else 'off'}"
    engine = create_engine(url, connect_args={"options": server_settings}, **options)
    event.listen(engine, "checkout", _ping_if_idle)
    event.listen(engine, "checkin", _note_use)
    return engine


def _note_use(_connection: Any, record: Any) -> None:
    record.info["used"] = time.monotonic()


def _ping_if_idle(connection: Any, record: Any, _proxy: Any) -> None:
    """A connection used a moment ago is known to live; one that lay idle is asked first, and replaced when it does not answer."""
    if time.monotonic() - record.info.get("used", time.monotonic()) <= IDLE_SECONDS:
        return
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except Exception as error:
        raise DisconnectionError from error


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun by the listeners below, not guessed by the driver
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")  # an acknowledged answer survives a power cut
    connection.execute("PRAGMA foreign_keys=ON")


def _prepare_sqlite_reader(connection: sqlite3.Connection, record: object) -> None:
    _prepare_sqlite(connection, record)
    connection.execute("PRAGMA query_only=ON")


def _begin_reading(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _begin_writing(connection: Connection) -> None:
    # A writer takes its lock at once: a read lock raised to a write lock half-way fails instead of waiting.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


class RandomId(FunctionElement[UUID]):
    """A new identifier for each row of an INSERT … SELECT, where reading the rows to give them one would cost more than the rest."""

    type = Uuid()
    inherit_cache = True


@compiles(RandomId, "postgresql")
def _random_id_of_postgresql(_element: RandomId, _compiler: Any, **_options: Any) -> str:
    return "gen_random_uuid()"


@compiles(RandomId, "sqlite")
def _random_id_of_sqlite(_element: RandomId, _compiler: Any, **_options: Any) -> str:
    return "lower(hex(randomblob(16)))"
