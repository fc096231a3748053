# Every command sets up what it needs by itself, the first time. PYTHON=/path/to/python3.12 chooses the interpreter.
export PYTHON
PY = .venv/bin/python
# What came out of a long run, by the commit that it is about.
RECORD = benchmarks/results/$@-$(shell git describe --always --dirty --abbrev=40 --exclude='*').json

.PHONY: help setup demo serve test test-all matrix promises bench screenshots docs messages lint

help:
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile

setup: .venv/requirements ## make .venv and install requirements.txt

demo: .venv/requirements ## play the whole story on the terminal: sandbox, site and worker over real HTTP
	$(PY) -m project.demo

serve: .venv/requirements ## the same, and stay up for the browser
	$(PY) -m project.demo --serve

# Hundreds of processes, each of which would compile the same modules.
test: export PYTHONDONTWRITEBYTECODE =
test: .venv/requirements ## the whole suite, on SQLite unless TEST_DATABASE_URL says otherwise
	$(PY) -m pytest --numprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

test-all: .venv/requirements-matrix ## the whole suite on SQLite, PostgreSQL and MariaDB, each with Redis and with RabbitMQ
	@mkdir -p $(dir $(RECORD))
	$(PY) -m nox --session suite --report $(RECORD)

matrix: .venv/requirements-matrix ## the built wheel on each supported Python and Django
	@mkdir -p $(dir $(RECORD))
	$(PY) -m nox --session matrix --report $(RECORD)

promises: .venv/requirements-bench ## every figure the project promises, measured at full size
	$(PY) -m benchmarks.promises $(ARGS)

bench: .venv/requirements-bench ## the side-by-side figures
	$(PY) -m benchmarks $(ARGS)

screenshots: .venv/requirements ## the README's pictures of the pages, made anew
	$(PY) -m pytest tests/browser/test_pictures.py --screenshots

docs: .venv/requirements-docs ## the documentation, in var/docs; a warning is an error
	$(PY) -m sphinx --fail-on-warning --keep-going --quiet docs var/docs

messages: .venv/requirements ## bring the catalogues up to date and compile them (needs GNU gettext)
	cd conferencing_app && ../$(PY) -m django makemessages --all --no-location --no-wrap --no-obsolete
	cd conferencing_app && ../$(PY) -m django compilemessages --verbosity 0

lint: .venv/requirements-lint ## ruff, import-linter, mypy, djlint, migrations, deployment checks
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	.venv/bin/lint-imports
	$(PY) -m mypy $(wildcard conferencing_app project benchmarks scripts tests)
	$(PY) -m djlint --check --lint $(wildcard conferencing_app project templates tests)
	$(PY) manage.py makemigrations --check --dry-run
	$(PY) scripts/check_deploy.py

.venv/requirements: requirements.txt scripts/setup_venv.sh
	@scripts/setup_venv.sh requirements.txt
	@touch $@

.venv/requirements-matrix: .venv/requirements requirements-matrix.txt
	@scripts/setup_venv.sh requirements-matrix.txt
	@touch $@

.venv/requirements-lint: .venv/requirements requirements-lint.txt
	@scripts/setup_venv.sh requirements-lint.txt
	@touch $@

.venv/requirements-docs: .venv/requirements requirements-docs.txt
	@scripts/setup_venv.sh requirements-docs.txt
	@touch $@

.venv/requirements-bench: .venv/requirements requirements-bench.txt
	@scripts/setup_venv.sh requirements-bench.txt
	@touch $@
