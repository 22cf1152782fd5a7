"""The headers in which the measured service (bench/service.py) tells what only it can know."""

QUERIES = "X-Bench-Queries"
HASH = "X-Bench-Hash-Nanoseconds"
