# make run: the whole service on a bare machine. make test: the whole suite, on SQLite and on a PostgreSQL it brings itself.
PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8000
LMS_BASE_URL ?= http://127.0.0.1:$(PORT)
export PORT LMS_BASE_URL

.PHONY: run test check bench lock messages clean

run: .venv/run
	@$(BIN)/lms demo --if-empty
	@$(BIN)/lms serve

test: check
	$(BIN)/python -m pytest -n auto --dist worksteal
	@echo "Every address as every role: var/access-matrix/*.csv"

check: .venv/test
	$(BIN)/ruff check
	$(BIN)/ruff format --check -q
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m tests.house.translations

bench: .venv/test
	$(BIN)/python -m bench

# The environment, from locked and hashed wheels. Without Debian's python3-venv, pip is borrowed from outside.
.venv/bin/uv: requirements/bootstrap.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv 2>/dev/null && $(BIN)/python -m pip --version >/dev/null 2>&1 \
		|| { rm -rf .venv && $(PYTHON) -m venv --without-pip .venv; }
	@if $(BIN)/python -m pip --version >/dev/null 2>&1; then \
		$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/bootstrap.txt; \
	else \
		$(PYTHON) -m pip --version >/dev/null 2>&1 || { echo "pip is missing: install Debian's python3-venv or python3-pip, then run make again" >&2; exit 1; }; \
		$(PYTHON) -m pip --python $(BIN)/python install -q --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/bootstrap.txt; \
	fi
	@touch $@

.venv/run: .venv/bin/uv requirements/run.txt pyproject.toml $(wildcard */translations/*/LC_MESSAGES/*.po)
	$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes --only-binary :all: -r requirements/run.txt
	$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	$(BIN)/pybabel -q compile -d lms/translations
	@touch $@

.venv/test: .venv/run requirements/test.txt
	$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes --only-binary :all: -r requirements/test.txt
	@touch $@

lock: .venv/bin/uv
	for name in run test; do \
		$(BIN)/uv pip compile -q --upgrade --generate-hashes --universal --python-version 3.11 --no-annotate --no-header \
			$$(test $$name = test && echo --extra test --constraints requirements/run.txt) pyproject.toml -o requirements/$$name.txt; \
	done
	$(BIN)/uv pip compile -q --upgrade --generate-hashes --universal --python-version 3.11 --no-annotate --no-header requirements/bootstrap.in -o requirements/bootstrap.txt

messages: .venv/run
	$(BIN)/pybabel -q extract -F babel.cfg -k N_ -k _l --no-location --sort-output -o lms/translations/messages.pot .
	$(BIN)/pybabel -q update --no-fuzzy-matching --ignore-obsolete --no-wrap -i lms/translations/messages.pot -d lms/translations
	sed -i -E '/^"(Report-Msgid-Bugs-To|POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Generated-By)/d' lms/translations/en/LC_MESSAGES/messages.po
	rm lms/translations/messages.pot

clean:
	rm -rf .venv var build *.egg-info
