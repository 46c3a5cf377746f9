# The two commands of the README are `make demo` and `make test`; the rest is for daily work.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STORE ?= .cotloom
# one process more than processors, since many tests wait; each takes up to a gigabyte
TESTERS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN); [ $$n -lt 7 ] && echo $$((n + 1)) || echo 8)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test check docs fmt test-mutants test-faults test-fuzz bench bench-ledger bench-sampling bench-verify bench-rationales bench-consensus bench-audit bench-select bench-format bench-signatures bench-overlap bench-splits bench-scale bench-versions bench-procedures bench-claims clean help

help:  ## what each target does
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.core: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing cotloom (no torch) into $(VENV) ..."
	@$(PIP) --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing cotloom with what its tests need (torch included) into $(VENV) ..."
	@$(PIP) --editable '.[dev,train]'
	@$(PIP) --editable '.[gym]' || echo "reasoning-gym can't be installed here (it may need a compiler): its tests are skipped"
	@touch $@ $(VENV)/.core

demo: $(VENV)/.core  ## install, and show in a minute what Cotloom does
	@$(BIN)/cotloom demo --store $(STORE)
	@echo "  (the command is $(BIN)/cotloom; 'source $(BIN)/activate' puts it on your path)"

# Compiled modules are kept whatever the shell says: the tests start hundreds of processes.
test: $(VENV)/.dev  ## install what the tests need and run them all
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -n $(TESTERS)

# Installed, `builder` is `cotloom.builder`; mypy needs the same tree as files (docs/decisions/0019).
$(VENV)/types: | $(BIN)/python
	@mkdir -p $@/cotloom
	@ln -sfn $(CURDIR)/cotloom/__init__.py $(CURDIR)/builder $(CURDIR)/recipes $(CURDIR)/schemas $(CURDIR)/cli.py $@/cotloom/

check: $(VENV)/.dev $(VENV)/types  ## lint, types, generated docs and schemas up to date
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/mypy docs/generate.py
	@$(BIN)/python docs/generate.py --check

docs: $(VENV)/.dev  ## write the generated pages and JSON Schemas
	@$(BIN)/python docs/generate.py

fmt: $(VENV)/.dev  ## format and fix what can be fixed
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

bench: $(VENV)/.dev  ## measure, and write docs/benchmark*.md
	@$(BIN)/python benchmarks/rooms.py
	@$(BIN)/python benchmarks/verifier.py
	@$(BIN)/python benchmarks/chunks.py
	@$(BIN)/python benchmarks/student.py

bench-sampling: $(VENV)/.dev  ## sample a server on loopback, fast, limited, faulty and killed, beside other clients (half an hour; SAMPLING="--quick" prints in five minutes); write docs/benchmark-sampling.md
	@$(BIN)/python benchmarks/sampling/run.py $(SAMPLING)

bench-verify: $(VENV)/.dev  ## measure the verifier beside math-verify (three minutes; needs GSM8K); write docs/benchmark-verify.md
	@$(BIN)/python benchmarks/verify.py

bench-rationales: $(VENV)/.dev  ## measure the checks of rationales on clean texts and planted faults (five minutes; needs GSM8K); write docs/benchmark-rationales.md
	@$(BIN)/python benchmarks/rationales/run.py

bench-consensus: $(VENV)/.dev  ## measure how often solutions agree on a wrong answer (a minute; needs GSM8K); write docs/benchmark-consensus.md
	@$(BIN)/python benchmarks/consensus.py

bench-audit: $(VENV)/.dev  ## check up 100,000 rows of a dataset (five minutes; needs GSM8K); write docs/benchmark-audit.md
	@$(BIN)/python benchmarks/audit.py --write

bench-signatures: $(VENV)/.dev  ## measure how well and how fast paths are told apart (a minute; needs GSM8K); write docs/benchmark-signatures.md
	@$(BIN)/python benchmarks/signatures.py

bench-select: $(VENV)/.dev  ## measure normalizing, near duplicates and the choice of paths beside rapidfuzz (three minutes; needs GSM8K); write docs/benchmark-select.md
	@$(BIN)/python benchmarks/selection.py
bench-format: $(VENV)/.dev  ## measure formatting and mixing beside datasets.map and polars (an hour; needs GSM8K; FORMAT="--samples 50000" prints in a minute); write docs/benchmark-format.md
	@$(BIN)/python benchmarks/formatting.py $(FORMAT)
bench-splits: $(VENV)/.dev  ## measure what splits by groups leak, and the sizes of clusters (three minutes; needs SVAMP and GSM8K); write docs/benchmark-splits.md
	@$(BIN)/python benchmarks/splits.py

bench-ledger: $(VENV)/.dev  ## measure a ledger of two million answers (ten minutes, 3 GB of disk); write docs/benchmark-ledger.md
	@$(BIN)/python benchmarks/ledger.py

bench-overlap: $(VENV)/.dev  ## plant copies of test questions, and find near-duplicates of a million rationales (half an hour; needs GSM8K; OVERLAP="--rationales 200000" is minutes); write docs/benchmark-overlap.md
	@$(BIN)/python benchmarks/overlap/run.py $(OVERLAP)

bench-scale: $(VENV)/.dev  ## measure builds of full size (hours; SCALE="--quick" is minutes, SCALE="60k --work DIR --keep DIR" goes on); write docs/performance.md
	@$(BIN)/python benchmarks/scale/run.py $(SCALE)

bench-versions: $(VENV)/.dev  ## ask two versions of full size what people ask (an hour, 20 GB of disk; VERSIONS="60k" prints in two minutes); write docs/benchmark-versions.md
	@$(BIN)/python benchmarks/scale/versions.py $(VERSIONS)

bench-procedures: $(VENV)/.dev  ## train students with and without exemplars, and ask about unseen orders of reasoning (ten minutes); write docs/benchmark-procedures.md
	@$(BIN)/python benchmarks/procedures.py --write

bench-claims: $(VENV)/.dev  ## try in miniature what the papers claim (up to 90 minutes), and write docs/claims.md
	@$(BIN)/python benchmarks/claims/run.py --store $(STORE)

test-mutants: $(VENV)/.dev  ## plant mistakes in the data rooms and count those that tests notice (up to 30 minutes); write docs/mutants.md
	@$(BIN)/python benchmarks/mutants.py

test-faults: $(VENV)/.dev  ## flip bits, send malformed answers and kill builds (ten minutes); write docs/faults.md
	@$(BIN)/python benchmarks/faults/run.py

test-fuzz: $(VENV)/.dev  ## compare, read and judge 100,000 random pairs of answers (ten minutes); write docs/fuzz.md
	@$(BIN)/python benchmarks/fuzz/run.py

clean:  ## remove the environment and the caches (never the store: paid answers live there)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build *.egg-info
