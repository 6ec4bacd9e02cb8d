# make demo   the whole story on an embedded AWS
# make test   everything that has to hold: lint, types, tests
# make stress all that tests can go through, for hours
#
# Both make what they need on a fresh machine with Python 3.11 or newer: a virtual environment here, pinned packages.

# What is compiled is kept: the tests start the program hundreds of times.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
WORKERS ?= 2
ORACLE := tests/policy/oracle
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test check coverage stress mutants bench docs pin clean

demo: $(VENV)/.demo
	@$(BIN)/remediate demo

test check: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n $(WORKERS) --dist worksteal

# Which lines and branches the tests reach: it takes half as long again. What nothing may be lost by is reached whole.
coverage: $(VENV)/.ready
	$(BIN)/pytest -n $(WORKERS) --dist worksteal --cov --cov-report=term
	$(BIN)/coverage report --fail-under=100 --include='remediate/executor/*,remediate/guard/*,remediate/store/*'

# Everything that `make test` takes a sample of: every kill point, every cut byte, every fault on every call, many more
# random accounts; and random policies beside an evaluator that others wrote, which needs Node.js 20 and npm. It takes
# hours, and prints its numbers.
stress: $(VENV)/.ready $(ORACLE)/node_modules/.ready
	REMEDIATE_STRESS=1 $(BIN)/pytest -s $$(grep -rl support.stress tests --include='test_*.py' | sort)

# Changes the executor, the guard and the store, one expression at a time: which changes does no test notice? It takes
# hours; `tests/run_mutants.py --only guard` half of one.
mutants: $(VENV)/.ready
	$(BIN)/python tests/run_mutants.py

bench: $(VENV)/.ready
	$(BIN)/python tests/bench/plan.py
	$(BIN)/python tests/bench/apply.py
	$(BIN)/python tests/bench/journal.py
	$(BIN)/python tests/bench/rehearsal.py
	$(BIN)/python tests/bench/evidence.py

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("remediate needs Python 3.11 or newer: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)

# What a user has: the program and its sandbox.
$(VENV)/.demo: requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing into $(VENV), once…"
	@$(PIP) --constraint requirements.txt --editable '.[sandbox]'
	@touch $@

# What a developer has: everything, pinned.
$(VENV)/.ready: requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing into $(VENV), once…"
	@$(PIP) --requirement requirements.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.demo

# What the evaluator is compared with; nothing of it is shipped, and nothing else uses it.
$(ORACLE)/node_modules/.ready: $(ORACLE)/package-lock.json
	@npm ci --prefix $(ORACLE) --no-audit --no-fund --ignore-scripts
	@touch $@

# The generated parts of the README, and the playbooks' schema.
docs: $(VENV)/.ready
	$(BIN)/python tests/generated.py

# Pins everything anew, from what pyproject.toml asks for.
pin:
	$(BIN)/pip-compile --quiet --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
		--extra dev -o requirements.txt pyproject.toml

clean:
	rm -rf $(VENV) $(ORACLE)/node_modules build dist .coverage* .mypy_cache .pytest_cache .ruff_cache .hypothesis
