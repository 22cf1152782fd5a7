"""The notes of what happened (`lms.kit.outbox`), under the name by which the packages above know them."""

from lms.kit.outbox import OutboxEntry, emit

__all__ = ["OutboxEntry", "emit"]
