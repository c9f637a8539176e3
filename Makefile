# Everything starts here: `make` lists the targets. Nothing but git, make and Python 3.11 (with venv) is needed.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory
SHELL := /bin/sh
PYTHON ?= python3
IN := .venv/bin/python -m
PACKAGES := shared/src/shared $(foreach s,contracts surveys scoring gateway,services/$(s)/src/$(s)) \
  services/gateway/client/src/gongping_client deploy/local/src/gongping_local
# What the environment is made of; it is made again when one of these changes.
LOCKED := requirements/dev.txt requirements/uv.txt deploy/local/setup.sh shared/pyproject.toml deploy/local/pyproject.toml \
  $(foreach s,contracts surveys scoring gateway gateway/client,services/$(s)/pyproject.toml)
BENCHES := $(patsubst tests/bench/bench_%.py,%,$(wildcard tests/bench/bench_*.py))

.PHONY: help setup run test journey fuzz test-browser browser-setup coverage lint typecheck imports check format docs-generate docs-check lock bench verify-compose verify-restore clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z%-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/ready: $(LOCKED)
	@deploy/local/setup.sh "$(PYTHON)"

setup: .venv/ready ## the virtual environment .venv with locked versions (PYTHON=python3.12)
	@:

run: .venv/ready ## everything on this machine, with the main job (ONCE=1 FRESH=1 PORT=8080 POSTGRES_PORT= NATS_PORT= STATE=.gongping)
	@exec $(IN) gongping_local up $(if $(ONCE),--once) $(if $(FRESH),--fresh) $(if $(STATE),--state "$(STATE)") \
	  $(if $(PORT),--port $(PORT)) $(if $(POSTGRES_PORT),--postgres-port $(POSTGRES_PORT)) $(if $(NATS_PORT),--nats-port $(NATS_PORT))

# A whole file goes to one worker, so that a module's servers and processes are started once.
test: .venv/ready ## all tests but those in a browser, on real servers (T=tests/local for a part, WORKERS=2)
	@$(IN) pytest --numprocesses "$(or $(WORKERS),auto)" --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(or $(T),--ignore tests/browser)

journey: .venv/ready ## a year of a province, 4,000 contracts from untidy files, through the API (CONTRACTS=4000)
	@GONGPING_JOURNEY_CONTRACTS="$(or $(CONTRACTS),4000)" $(IN) pytest tests/journeys --numprocesses 0

fuzz: .venv/ready ## many generated requests to every operation of the running services (FUZZ=50 each)
	@GONGPING_FUZZ="$(or $(FUZZ),50)" $(IN) pytest tests/system/test_api.py --numprocesses 0

test-browser: .venv/ready ## the public pages in a real Chromium (SCREENSHOTS=folder keeps the pictures)
	@GONGPING_SCREENSHOTS="$(SCREENSHOTS)" $(IN) pytest tests/browser

browser-setup: ## Chromium and the fonts that the browser tests look with (Debian, as root)
	@apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-noto-core fonts-noto-cjk

coverage: .venv/ready ## all tests with branch coverage
	@$(IN) pytest --numprocesses "$(or $(WORKERS),auto)" --maxprocesses 4 --dist loadfile --no-loadscope-reorder --cov --cov-report=term:skip-covered $(T)

lint: .venv/ready ## ruff: rules and format
	@$(IN) ruff check . && $(IN) ruff format --check .

typecheck: .venv/ready ## mypy, strict
	@$(IN) mypy $(PACKAGES) tests

imports: .venv/ready ## the eight import rules
	@.venv/bin/lint-imports --no-cache

check: lint typecheck imports docs-check ## everything that reads the code without running it

format: .venv/ready ## write the code as ruff wants it
	@$(IN) ruff check --fix-only . && $(IN) ruff format .

docs-generate: .venv/ready ## OpenAPI, AsyncAPI and the events' JSON Schemas from the code
	@.venv/bin/python docs/generate.py write

docs-check: .venv/ready ## the committed documents are what the code says
	@.venv/bin/python docs/generate.py check

lock: .venv/ready ## lock the versions again, with hashes (UPGRADE=1 takes newer ones)
	@requirements/compile.sh $(if $(UPGRADE),--upgrade)

bench: $(addprefix bench-,$(BENCHES)) ## every benchmark; results in tests/bench/results

bench-%: .venv/ready ## one benchmark
	@$(IN) tests.bench.bench_$*

verify-compose: ## build, run, crash and check deploy/compose.yaml for real (needs ../shared, takes minutes)
	@if [ -x ../shared/tools/containers/verify.sh ]; then \
	  READY_URLS="$(or $(READY_URLS),http://127.0.0.1:18080/health/ready)" SMOKE=deploy/smoke.sh ../shared/tools/containers/verify.sh . ; \
	else echo "verify-compose: ../shared/tools/containers/verify.sh is not here; nothing was checked" >&2; exit 77; fi

verify-restore: ## back up, lose and restore a deployment of its own for real (needs Docker, takes minutes)
	@deploy/verify-restore.sh

clean: ## caches and build leftovers (not .venv, not the data in .gongping)
	@find . -path ./.venv -prune -o -path ./.gongping -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.* htmlcov dist build
