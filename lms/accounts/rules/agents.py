"""What a browser says it is, in words a person recognises their device by."""

from __future__ import annotations

_BROWSERS = (("Edg/", "Edge"), ("coc_coc", "Cốc Cốc"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox/", "Firefox"))
_MORE_BROWSERS = (("Chrome/", "Chrome"), ("CriOS/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux"))


def device_name(user_agent: str | None) -> str | None:
    """`Chrome · Android`; None where nothing is recognised."""
    text = user_agent or ""
    browser = next((name for mark, name in (*_BROWSERS, *_MORE_BROWSERS) if mark in text), None)
    system = next((name for mark, name in _SYSTEMS if mark in text), None)
    return " · ".join(part for part in (browser, system) if part) or None
