"""Writing letters, handing them over, and saying how that went."""

from lms.mail.operations.letters import Write, finish_day, forget_letters, take_due, try_again, write_digests

__all__ = ["Write", "finish_day", "forget_letters", "take_due", "try_again", "write_digests"]
