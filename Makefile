# `make demo` and `make test` need Python 3.11 or 3.12 with headers and venv, a C compiler and make; nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := $(addprefix fixtures/patients/,v01-new-onset-girl-8.json v07-boy-12-half-kidney-function.json \
	v14-girl-14-pregnancy-status-unknown.json v17-boy-11-daily-methotrexate.json)

.PHONY: demo test test-cql test-pages test-spark static check format bench bench-batch bench-spark soak mutants docs clean
.DELETE_ON_ERROR:

demo: $(VENV)/.base
	$(BIN)/cds-engine evaluate $(DEMO)

test: $(VENV)/.develop
	$(BIN)/python -m pytest -n 2

test-cql: $(VENV)/.develop tests/cql/node_modules
	$(BIN)/python -m pytest -n 0 tests/test_cql_judge.py

# Needs Java 8, 11 or 17. Spark is large: it is installed for this target alone.
test-spark: $(VENV)/.spark tests/cql/node_modules
	@command -v java >/dev/null || (echo "this needs Java"; false)
	$(BIN)/python -m pytest -n 0 tests/test_spark.py tests/test_on_spark.py tests/test_all_engines.py

tests/cql/node_modules: tests/cql/package.json
	cd tests/cql && npm install --silent --no-audit --no-fund --no-package-lock
	touch $@

# Needs Debian's chromium and chromium-driver, or others of their names, and npm.
test-pages: $(VENV)/.develop tests/pages/node_modules
	@command -v chromium || command -v chromium-browser || command -v google-chrome || (echo "this needs Chromium"; false)
	$(BIN)/python -m pytest -n 0 tests/test_pages.py tests/test_service_browser.py

tests/pages/node_modules: tests/pages/package.json
	cd tests/pages && npm install --silent --no-audit --no-fund --no-package-lock
	touch $@

check: test static

static: $(VENV)/.develop
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/cds-engine check rules/jdm_calcinosis
	$(BIN)/cds-engine check rules/kidney_health_diabetes

format: $(VENV)/.develop
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.develop
	$(BIN)/python benchmarks/one_patient.py
	$(BIN)/python benchmarks/many_rules.py

mutants: $(VENV)/.develop
	$(BIN)/cds-engine test jdm_calcinosis --coverage --mutate
	$(BIN)/cds-engine test kidney_health_diabetes --coverage --mutate

# The peers are for this target alone; everything else works without them. durable_rules is a part of us, where it can be.
bench-batch: $(VENV)/.develop
	$(BIN)/python -m pip install --quiet cel-expr-python==0.1.3 zen-engine==2.1.3 clipspy==1.0.6
	-npm install --silent --no-save --prefix $(VENV)/peers json-rules-engine@7.3.1
	NODE_PATH=$(CURDIR)/$(VENV)/peers/node_modules $(BIN)/python benchmarks/side_by_side.py jdm
	NODE_PATH=$(CURDIR)/$(VENV)/peers/node_modules $(BIN)/python benchmarks/side_by_side.py made_up
	$(BIN)/python benchmarks/batch.py
	$(BIN)/python benchmarks/batch_growth.py

# The translator is for this target alone.
bench-spark: $(VENV)/.spark
	$(BIN)/python -m pip install --quiet sqlglot==30.30.0
	$(BIN)/python benchmarks/spark.py jdm
	$(BIN)/python benchmarks/spark.py made_up

docs: $(VENV)/.docs
	$(BIN)/sphinx-build -W -q docs build/docs

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

$(VENV)/.spark: $(VENV)/.develop
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[spark]'
	touch $@

$(VENV)/.docs: $(VENV)/.develop
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[docs]'
	touch $@

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
