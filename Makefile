# Two commands for a newcomer: `make demo` and `make test`. Each sets up all it needs; only make and Python >= 3.11 are assumed.
#
#   make demo    install into .venv, grade the sample data, measure the report, show some flagged rows
#   make test    build the wheel, install it into .venv-test, lint, type-check, and test the installed wheel
#   make lint    the checks of `make test` without its tests
#   make fuzz    the tests of properties, with new examples (`make test` draws the same ones every time)
#   make bench   the benchmarks that need no long time (benchmarks/README.md); needs the data folder
#   make clean   remove all of the above

PYTHON ?= $(shell for python in python3.11 python3 python3.12 python3.13; do \
  $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$python; break; }; done)
SOURCES := $(shell find grader train -type f -not -path '*/__pycache__/*')
PIP := python -m pip --disable-pip-version-check --quiet

# The tests see the installed wheel: nothing may put this folder on their path.
WHEEL_ONLY := PYTHONSAFEPATH=1 GRADER_TEST_WHEEL=1

.PHONY: demo test lint fuzz bench clean need-python
.DELETE_ON_ERROR:

demo: .venv/.installed
	printf '%s\n' '12 packs of 5 cards are 12*5 = 50 cards.' 'She gives 8 away: 50 - 8 = 42 cards are left.' | .venv/bin/grade --text -
	@echo
	.venv/bin/grade sample_data/solutions.parquet -o demo-report.parquet --overwrite
	@echo
	.venv/bin/grade-evaluate demo-report.parquet --label label --line first_error_line
	@echo
	.venv/bin/python docs/read_report.py demo-report.parquet

test: lint
	$(WHEEL_ONLY) .venv-test/bin/pytest -n auto --cov --cov-report=term

fuzz: .venv-test/.installed
	$(WHEEL_ONLY) HYPOTHESIS_PROFILE=fuzz .venv-test/bin/pytest -n auto -m hypothesis

lint: .venv-test/.installed
	.venv-test/bin/ruff check
	.venv-test/bin/ruff format --check
	.venv-test/bin/mypy
	.venv-test/bin/lint-imports

bench: .venv/.bench-installed
	.venv/bin/python benchmarks/accuracy.py all
	.venv/bin/python benchmarks/speed.py

clean:
	rm -rf .venv .venv-test build dist *.egg-info demo-report* .coverage .coverage.* \
	  .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

need-python:
	@test -n "$(PYTHON)" || { echo "make: no Python 3.11 or newer was found; install one, or name it: make PYTHON=/path/to/python3.11" >&2; exit 2; }

.venv/bin/python .venv-test/bin/python: | need-python
	$(PYTHON) -m venv $(@D:/bin=)

.venv/.installed: pyproject.toml | .venv/bin/python
	.venv/bin/$(PIP) install --editable .
	@touch $@

.venv/.bench-installed: pyproject.toml | .venv/.installed
	.venv/bin/$(PIP) install --editable '.[bench]'
	@touch $@

# A wheel built over an old build/ would keep modules that are gone.
dist/.built: pyproject.toml $(SOURCES) | .venv-test/bin/python
	rm -rf build dist
	.venv-test/bin/$(PIP) wheel --no-deps --wheel-dir dist .
	@touch $@

.venv-test/.dependencies: pyproject.toml | dist/.built
	.venv-test/bin/$(PIP) install "$$(echo dist/*.whl)[test]"
	@touch $@

.venv-test/.installed: dist/.built .venv-test/.dependencies
	.venv-test/bin/$(PIP) install --no-deps --force-reinstall dist/*.whl
	@touch $@
