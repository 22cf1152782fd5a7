"""Decisions about people, sign-in and rosters on plain values."""
