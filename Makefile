# `make demo` and `make test` need Python 3.11 or 3.12 with headers and venv, a C compiler and make; nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test static check format bench soak clean
.DELETE_ON_ERROR:

demo: $(VENV)/.base
	$(BIN)/python -m cds_engine.cli evaluate fixtures/patients/demo/*.json

test: $(VENV)/.develop
	$(BIN)/python -m pytest -n 2 --dist loadgroup

check: test static

static: $(VENV)/.develop
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/cds-engine check rules/jdm_calcinosis

format: $(VENV)/.develop
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.develop
	$(BIN)/python benchmarks/one_patient.py
	$(BIN)/python benchmarks/many_rules.py

soak: $(VENV)/.develop
	$(BIN)/python tests/soak/run.py

$(VENV)/.created:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	touch $@

$(VENV)/.base: $(VENV)/.created pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/.develop: $(VENV)/.base
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[test,check]'
	touch $@

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
