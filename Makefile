# Everything a fresh machine needs: Python 3.11 and make. `make demo` and `make test` do the rest.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
TORCH_VENV := .venv-torch
PY38_VENV := .venv-py38
# Set PY38 where the interpreter is called otherwise.
PY38 ?= $(firstword $(wildcard $(HOME)/.pyenv/versions/3.8.*/bin/python3.8) python3.8)

# What `make demo` needs: no torch, no face models.
RUNTIME := -e 'shared[serving]' -e services/camera -e services/inference -e services/notifier -e services/dashboard -e services/standalone
# The rest of the house, for the tests: the judge of the compression worker (without torch) and the face service.
FACES := -e services/face_auth/opencv-headless -e services/face_auth
REST := -e services/compression $(FACES)
# Where torch comes from; `make test-torch TORCH_INDEX=https://download.pytorch.org/whl/cpu` spares the CUDA libraries.
TORCH_INDEX ?=
TORCH_VERSION := 2.14.1
TORCH := torch==$(TORCH_VERSION) torchvision==0.29.1
# Processes that share the torch tests.
WORKERS ?= 2
# Pictures and clips that are not part of the project.
DATA := $(or $(HACKAI_TEST_DATA),../shared)/data
# Reads the packages of an image from outside; it is in none of them.
SBOM_TOOL := cyclonedx-bom==7.5.0
SBOM := out/sbom/tool
PROJECTS := $(wildcard shared/pyproject.toml services/*/pyproject.toml)
PACKAGES := shared services/camera services/compression services/dashboard services/face_auth services/inference services/notifier services/standalone

.DEFAULT_GOAL := help
.PHONY: help demo faces torch setup test test-slow test-compose test-compose-fast images sbom clips elsewhere test-py38 test-rtx test-torch check bench demo-clip clean

help: ## This list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  make %-18s %s\n", $$1, $$2}'

demo: $(VENV)/.runtime ## The main job on the bundled clip: no Docker, no account
	@$(BIN)/hackai demo $(if $(SOURCE),--source '$(SOURCE)')

faces: $(VENV)/.runtime ## The face service too: only known faces control the system
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt $(FACES)

torch: $(TORCH_VENV)/.tests ## The compression worker: .venv-torch/bin/hackai compress

setup: $(VENV)/.tests ## The environment for working on the project

test: $(VENV)/.tests ## All tests that need no torch
	$(BIN)/python -m pytest -q -m 'not slow and not benchmark and not compose'

test-slow: $(VENV)/.tests ## The long fault and load tests
	$(BIN)/python -m pytest -q -m "slow and not compose"

test-compose-fast: $(VENV)/.tests ## The containers in a few minutes: built, told, notifier and Redis killed, down and up (needs Docker)
	$(BIN)/python -m pytest -q -s -m 'compose and not slow' tests/compose

test-compose: $(VENV)/.tests ## All about the containers: built, brought up, killed, cut off, restarted (needs Docker)
	$(BIN)/python -m pytest -q -s -m compose tests/compose

images: ## Every container image but the compression worker's
	docker compose build

sbom: $(SBOM)/.tool ## What is in each image that was built, as CycloneDX: out/sbom/ (needs Docker)
	@for image in camera inference notifier face_auth dashboard; do \
		docker image inspect hackai/$$image > /dev/null || { echo "make images first: hackai/$$image is not built"; exit 1; }; \
		docker run --rm --network none --volume $(abspath $(SBOM)):/sbom:ro --entrypoint /usr/local/bin/python3 hackai/$$image -c \
			"import runpy, sys; sys.path.insert(0, '/sbom'); sys.argv[1:] = ['environment', '/opt/venv/bin/python', '--no-validate', \
			'--output-reproducible', '--output-format', 'JSON']; runpy.run_module('cyclonedx_py', run_name='__main__')" \
			> out/sbom/$$image.cdx.json 2> out/sbom/$$image.log || { cat out/sbom/$$image.log; exit 1; }; \
	done

clips: $(VENV)/.tests ## The real clips through the whole product: who is alarmed, and when
	$(BIN)/python -m pytest -q -s tests/e2e/test_clips.py

elsewhere: $(VENV)/.tests ## Whether to believe an alarm in a home never seen: pictures, clips, figures (hours; SAMPLE=8 takes every 8th)
	$(BIN)/python tests/benchmarks/elsewhere.py --pictures $(DATA)/fire/classification/elsewhere/no_fire \
		--clips $(DATA)/video/clips.json $(DATA)/video/quiet/clips.json --sample $(or $(SAMPLE),1)

test-py38: $(PY38_VENV)/.tests ## shared and inference under Python 3.8, as on the Jetson Xavier NX
	$(PY38_VENV)/bin/python -m pytest -q -p no:cacheprovider tests/unit/shared tests/unit/inference

test-rtx: $(VENV)/.tests ## NVIDIA's parser and builder on every shipped model (x86-64, no GPU; proprietary)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -r requirements-rtx.txt
	$(BIN)/python -m pytest -q tests/integration/inference/test_tensorrt_rtx.py

test-torch: $(TORCH_VENV)/.tests ## The compression worker's tests, which need torch
	$(TORCH_VENV)/bin/python -m pytest -q -n $(WORKERS) --dist worksteal -m 'not slow' \
		tests/unit/compression/torch tests/integration/compression

torch-available: $(VENV)/.runtime ## Whether pip finds torch for this machine
	@test -e $(TORCH_VENV)/.tests || $(BIN)/pip index versions torch $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) 2> /dev/null \
		| grep -qE '[ (]$(subst .,\.,$(TORCH_VERSION))([,+)]|$$)'

check: $(VENV)/.tests ## ruff, mypy --strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(PACKAGES)
	$(BIN)/lint-imports

bench: $(VENV)/.tests ## REST and live loop beside their alternatives, as ratios in one run
	$(BIN)/python tests/benchmarks/rest.py
	$(BIN)/python tests/benchmarks/live.py

demo-clip: $(VENV)/.runtime ## Render the bundled clip anew
	$(BIN)/python -m hackai_standalone.clip.render services/standalone/hackai_standalone/clip/demo.mp4

clean: ## Remove environments, caches and output
	rm -rf $(VENV) $(TORCH_VENV) $(PY38_VENV) out .mypy_cache .ruff_cache .pytest_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "HackAI needs Python 3.11 or newer; set PYTHON=/path/to/python"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: constraints.txt $(PROJECTS) | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt $(RUNTIME)
	@touch $@

$(VENV)/.tests: $(VENV)/.runtime requirements-test.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt $(REST) -r requirements-test.txt
	@touch $@

$(SBOM)/.tool: | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --target $(SBOM) $(SBOM_TOOL)
	@touch $@

$(TORCH_VENV)/.tests: constraints.txt requirements-test.txt $(PROJECTS)
	$(PYTHON) -m venv $(TORCH_VENV)
	$(TORCH_VENV)/bin/pip install --quiet --disable-pip-version-check $(TORCH) \
		$(if $(TORCH_INDEX),--index-url $(TORCH_INDEX))
	$(TORCH_VENV)/bin/pip install --quiet --disable-pip-version-check -c constraints.txt \
		$(RUNTIME) -e 'services/compression[torch,teacher]' -r requirements-test.txt
	@touch $@

$(PY38_VENV)/.tests: constraints-py38.txt requirements-test-py38.txt shared/pyproject.toml services/inference/pyproject.toml
	$(PY38) -m venv $(PY38_VENV)
	$(PY38_VENV)/bin/pip install --quiet --disable-pip-version-check -c constraints-py38.txt \
		-e 'shared[serving]' -e services/inference -r requirements-test-py38.txt
	@touch $@
