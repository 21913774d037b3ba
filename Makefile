# make demo: from nothing to explained recommendations.   make test: everything CI checks.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint .ci/constraints.txt
DEMO := demo
FIRST := $(BIN)/whyrec -w $(DEMO) recommend u0002 --domain cosmetics -n 1 --json | \
	$(BIN)/python -c 'import json, sys; print(json.load(sys.stdin)["items"][0]["id"])'

.PHONY: demo test check clean

demo: $(VENV)/.demo
	@rm -rf $(DEMO)
	$(BIN)/whyrec init $(DEMO) --example
	$(BIN)/whyrec -w $(DEMO) load
	$(BIN)/whyrec -w $(DEMO) train
	$(BIN)/whyrec -w $(DEMO) recommend u0002 --domain cosmetics -n 5
	$(BIN)/whyrec -w $(DEMO) recommend u0003 --domain courses -n 5
	$(BIN)/whyrec -w $(DEMO) why u0002 $$($(FIRST))
	@echo
	@echo "Try next:"
	@echo "  $(BIN)/whyrec -w $(DEMO) why u0002 $$($(FIRST)) --lang zh"
	@echo "  $(BIN)/whyrec -w $(DEMO) recommend --anchor has_concern:acne --avoid contains:PARFUM --max-price 30"
	@echo "  $(BIN)/whyrec -w $(DEMO) recommend --all --out $(DEMO)/all.parquet"
	@echo "  $(BIN)/whyrec -w $(DEMO) evaluate --no-embeddings"
	@echo "  $(BIN)/whyrec -w $(DEMO) graph stats"
	@echo "  $(BIN)/whyrec -w $(DEMO) status"
	@echo "  $(BIN)/whyrec -w $(DEMO) serve        # the console in a browser"
	@echo "  cat $(DEMO)/rejects/*/rejects.csv"

# As many processes as there are processors, by files, whose fixtures are then made once, each with one thread: more
# would wait for one another. A gate throws no dice; plain pytest does.
test: export OMP_NUM_THREADS = 1
test: export OPENBLAS_NUM_THREADS = 1
test: check
	$(BIN)/python tests/neo4j_server.py fetch
	$(BIN)/python -m pytest --hypothesis-seed=0 --numprocesses logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

check: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "whyrec needs Python 3.11 or newer; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(VENV)/bin/python pyproject.toml .ci/constraints.txt
	@echo "Installing whyrec with PyKEEN and torch; a few minutes, once."
	$(PIP) --editable '.[train,neo4j,serve]'
	@touch $@

$(VENV)/.test: $(VENV)/bin/python pyproject.toml .ci/constraints.txt
	@echo "Installing whyrec with its test tools; a few minutes, once."
	$(PIP) --editable '.[train,neo4j,serve,mcp,remote,test]'
	@touch $@

clean:
	rm -rf $(DEMO) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
