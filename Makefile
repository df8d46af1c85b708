# `make run` and `make test` each do all their own set-up in .venv. GNU make 3.81 (macOS) is enough.
PY := .venv/bin/python

.PHONY: help run test test-all check fix setup setup-dev clean

help:
	@echo "make run        start the page and the API on http://127.0.0.1:7860"
	@echo "make test       run the tests (about 10 minutes on two cores)"
	@echo "make test-all   run the slow tests too"
	@echo "make check      style, types, and the arrows between the packages"
	@echo "make fix        put style right where a machine can"
	@echo "make setup      only install what 'make run' needs"
	@echo "make clean      remove .venv and everything generated; songs, results and models stay"

setup:
	@scripts/venv.sh requirements.txt

setup-dev:
	@scripts/venv.sh requirements-dev.txt

run: setup
	$(PY) webui.py $(ARGS)

# pytest-timeout ends a test that hangs; -m leaves out what takes minutes. Two files at a time, each with one thread: small networks would spend
# theirs waiting for each other.
test: setup-dev
	OMP_NUM_THREADS=1 MSST_BROWSER="$$(scripts/browser.sh)" MSST_AXE="$$(scripts/axe.sh)" $(PY) -m pytest -m "not slow" -n 2 --dist loadfile $(ARGS)

test-all: setup-dev
	MSST_BROWSER="$$(scripts/browser.sh)" MSST_AXE="$$(scripts/axe.sh)" $(PY) -m pytest $(ARGS)

check: setup-dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy -p inference -p tools -p webui
	.venv/bin/lint-imports

fix: setup-dev
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

clean:
	rm -rf .venv build dist test-results .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
