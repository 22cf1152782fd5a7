"""Results of a province at size: `python -m bench.results` (see bench/README.md)."""
