"""The notes of what happened (`lms.kit.outbox`), under the name by which the packages above know them."""

from lms.kit.outbox import EACH, OutboxEntry, emit, emit_many

__all__ = ["EACH", "OutboxEntry", "emit", "emit_many"]
