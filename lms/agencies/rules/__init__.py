"""Decisions about agencies on plain values."""
