"""Decisions of the question bank, the rounds and the sitting, on plain values."""
