"""Repeatable measurements of the service beside a floor. Everything here prints; nothing asserts a time."""
