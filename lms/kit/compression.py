"""Smaller pages where no proxy stands in front: a commune's line carries 400 kbit/s. Behind nginx, nginx does this."""

import gzip

from flask import Flask, Response, request

SMALLEST_WORTH_IT = 1024
TYPES = ("text/html", "text/css", "text/javascript", "application/javascript", "application/json", "image/svg+xml", "text/csv")


def init_compression(app: Flask) -> None:
    app.extensions["lms.compression"] = True
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    if response.mimetype not in TYPES or response.status_code != 200 or "Content-Encoding" in response.headers:
        return response
    response.vary.add("Accept-Encoding")
    if not request.accept_encodings["gzip"] or (response.is_streamed and not response.direct_passthrough):
        return response
    response.direct_passthrough = False
    body = response.get_data()
    if len(body) >= SMALLEST_WORTH_IT:
        response.set_data(gzip.compress(body, compresslevel=5, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
        response.headers.pop("ETag", None)  # it named the bytes before
    return response
