"""What a signed PDF says of itself, found out in a process of its own: a hostile file may exhaust that, not the service.

Run as a program: `python -I examining.py FOLDER-OF-CA-CERTIFICATES < FILE` prints a JSON object. It imports nothing of this service, so
that it starts quickly and what it reads can reach nothing. Without network: no list of revocations is fetched."""

from __future__ import annotations

import json
import resource
import sys
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from pyhanko.keys import load_certs_from_pemder_data
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

MEMORY, SECONDS = 1024 * 1024 * 1024, 30
MOST_SIGNATURES, MOST_REVISIONS = 10, 40
# What a signer's program may change of a page: where its signature stands.
_MAY_CHANGE = {"/Annots", "/Tabs", "/StructParents"}


def examine(content: bytes, trusted: Path | None) -> dict[str, Any]:
    reader = PdfFileReader(BytesIO(content), strict=False)
    if reader.encrypted:
        return {"problem": "encrypted"}
    signatures = reader.embedded_regular_signatures
    revisions = reader.xrefs.total_revisions
    if len(signatures) > MOST_SIGNATURES or revisions > MOST_REVISIONS:
        return {"problem": "too_many"}
    context = ValidationContext(trust_roots=_roots(trusted), allow_fetching=False, revocation_mode="soft-fail")
    found = [_signature(one, context) for one in signatures]
    return {
        "signatures": found,
        "covered": any(one["reaches_end"] for one in found),
        "revisions": revisions,
        "changed_objects": _changed(reader),
        "annotations": _annotations(reader),
    }


def _roots(folder: Path | None) -> list[Any]:
    roots: list[Any] = []
    for path in sorted(folder.iterdir()) if folder else ():
        if path.suffix.lower() in (".pem", ".crt", ".cer", ".der"):
            roots.extend(load_certs_from_pemder_data(path.read_bytes()))
    return roots


def _signature(signature: EmbeddedPdfSignature, context: ValidationContext) -> dict[str, Any]:
    status = validate_pdf_signature(signature, context)
    certificate = status.signing_cert
    subject = certificate.subject.native
    moment = status.signer_reported_dt
    stamp = status.timestamp_validity
    return {
        "field": signature.field_name,
        "signer": _text(subject.get("common_name")),
        "organisation": _text(subject.get("organization_name")),
        "serial": f"{certificate.serial_number:x}",
        "issuer": certificate.issuer.human_friendly,
        "valid_from": certificate.not_valid_before.isoformat(),
        "valid_to": certificate.not_valid_after.isoformat(),
        "sha256": certificate.sha256.hex(),
        "signed_at": moment.isoformat() if moment else None,
        "timestamp": stamp.timestamp.isoformat() if stamp else None,
        "intact": bool(status.intact),
        "valid": bool(status.valid),
        "trusted": bool(status.trusted),
        "revoked": bool(status.revoked),
        "bottom_line": bool(status.bottom_line),
        # To the last byte, or what follows is only what keeps signatures valid for long.
        "reaches_end": status.coverage == SignatureCoverageLevel.ENTIRE_FILE
        or (status.coverage == SignatureCoverageLevel.ENTIRE_REVISION and status.modification_level == ModificationLevel.LTA_UPDATES),
        "changed_after": status.modification_level not in (None, ModificationLevel.NONE, ModificationLevel.LTA_UPDATES),
        "summary": status.summary(),
    }


def _changed(reader: PdfFileReader) -> list[str]:
    """Objects of the first revision that a later one replaced, other than the catalogue, metadata, and pages that only got a signature."""
    first = reader.get_historical_resolver(0)
    last = reader.get_historical_resolver(reader.xrefs.total_revisions - 1)
    original = set(reader.xrefs.explicit_refs_in_revision(0))
    free = {one.idnum for one in (reader.trailer.raw_get(name) for name in ("/Root", "/Info") if name in reader.trailer)}
    found = []
    for revision in range(1, reader.xrefs.total_revisions):
        for reference in reader.xrefs.explicit_refs_in_revision(revision):
            if reference not in original or reference.idnum in free:
                continue
            before, after = first.get_object(reference), last.get_object(reference)
            if not _harmless(before, after):
                found.append(f"{reference.idnum} {reference.generation}")
    return sorted(set(found))


def _harmless(before: Any, after: Any) -> bool:
    if isinstance(before, generic.StreamObject) or isinstance(after, generic.StreamObject):
        kinds = {one.get("/Type") for one in (before, after) if isinstance(one, generic.StreamObject)}
        return kinds == {"/Metadata"}
    if not (isinstance(before, generic.DictionaryObject) and isinstance(after, generic.DictionaryObject)):
        return bool(before == after)
    allowed = _MAY_CHANGE if before.get("/Type") == "/Page" else set()
    names = (set(before) | set(after)) - allowed
    return all(name in before and name in after and before.raw_get(name) == after.raw_get(name) for name in names)


def _annotations(reader: PdfFileReader) -> list[str]:
    """Kinds of what lies on the pages now and did not at first."""
    first = _on_pages(reader.get_historical_resolver(0))
    return sorted(set(_on_pages(reader.get_historical_resolver(reader.xrefs.total_revisions - 1))) - set(first))


def _on_pages(revision: Any) -> list[str]:
    found: list[str] = []
    waiting = [revision.root["/Pages"]]
    while waiting and len(found) < 1000:
        node = waiting.pop()
        if node.get("/Type") == "/Pages":
            waiting.extend(kid.get_object() for kid in node["/Kids"])
            continue
        for annotation in node.get("/Annots", ()):
            found.append(str(annotation.get_object().get("/Subtype", "?")).lstrip("/"))
    return found


def _text(value: Any) -> str:
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value or "")


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    trusted = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    content = sys.stdin.buffer.read()
    result = {"examined_at": datetime.now(UTC).isoformat(), **examine(content, trusted)}
    sys.stdout.write(json.dumps(result))


if __name__ == "__main__":
    main()
