"""Validation alone: microseconds from the bytes of a request to checked statements, and to the terms they are found under. What is checked
of the files that come with a statement is counted apart, with real signatures and real files."""

from __future__ import annotations

import time
from collections.abc import Callable
from hashlib import sha256
from random import Random

from bench.lrs.statements import REAL, actor, passed, text
from bench.measure import percentile
from bench.tables import machine, print_table
from lms.kit.clock import now
from lms.lrs.contents import PIECE, Spool, check_signatures
from lms.lrs.rules.attachments import attachments_of, hasher
from lms.lrs.rules.reading import read_one
from lms.lrs.rules.terms import statement_terms
from tests.lrs.attaching import signature
from tests.lrs.signing import holder, sign

TIMES = 2_000
OF_FILES = 200


def run() -> None:
    """CPU of this thread; the median says what it costs when nobody else is at the machine."""
    print(machine(), end="\n\n")
    rows = []
    authority = actor(1)
    for kind in REAL:
        body = text(kind(Random(1)))
        received = read_one(body)
        checked = _spans(lambda body=body: read_one(body))  # type: ignore[misc]
        found = _spans(lambda received=received: statement_terms(received.values, authority))  # type: ignore[misc]
        numbers = [percentile(checked, 50), percentile(checked, 95), percentile(found, 50)]
        rows.append([kind.__name__.replace("_", " "), str(len(body)), *(f"{value / 1e3:.1f}" for value in numbers)])
    print_table(["statement", "bytes", "checked, µs p50", "p95", "terms, µs p50"], rows)
    print()
    print_table(["what comes with it", "bytes", "checked, µs p50", "p95"], [*_signatures(), *_files()])


def _spans(work: Callable[[], object], times: int = TIMES) -> list[int]:
    spans = []
    for _ in range(times):
        before = time.thread_time_ns()
        work()
        spans.append(time.thread_time_ns() - before)
    return spans


def _signatures() -> list[list[str]]:
    """A JWS of the statement itself: its form, its payload compared with the statement, the certificate's signature and its dates."""
    authority = holder("Cơ quan cấp")
    signer = holder("Người ký", authority)
    rows = []
    for algorithm in ("RS256", "RS512"):
        for name, chain in (("without a certificate", ()), ("with certificates", (signer.certificate, authority.certificate))):
            statement = passed(Random(1))
            jws = sign(statement, algorithm=algorithm, key=signer.key, chain=chain)  # type: ignore[arg-type]
            received = read_one(text({**statement, "attachments": [signature(jws)]}))
            attachments = attachments_of(received.values, "statement")
            with Spool() as spool:
                spool.add(sha256(jws).digest(), [jws])
                at = now()
                spans = _spans(lambda: check_signatures(received, attachments, spool, at), OF_FILES)  # noqa: B023  # called at once
            rows.append(_row(f"signature {algorithm}, {name}", len(jws), spans))
    return rows


def _files() -> list[list[str]]:
    rows = []
    for size in (48_211, 1_000_000, 10_000_000):
        content = Random(1).randbytes(size)
        sha2 = sha256(content).digest()

        def check(content: bytes = content, sha2: bytes = sha2) -> None:
            found = hasher(sha2)
            for begin in range(0, len(content), PIECE):
                found.update(content[begin : begin + PIECE])
            assert found.digest() == sha2

        rows.append(_row("file, SHA-256", size, _spans(check, OF_FILES)))
    return rows


def _row(name: str, size: int, spans: list[int]) -> list[str]:
    return [name, str(size), *(f"{percentile(spans, percent) / 1e3:.1f}" for percent in (50, 95))]
