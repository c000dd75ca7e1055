PYTHON ?= python3
VENV   ?= .venv
UV     ?= $(shell command -v uv 2>/dev/null)
PORT   ?= 8000
BIN     = $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
BENCH  ?= .venv-bench/bin/python
READY   = $(VENV)/.ready
export JUPYTER_PLATFORM_DIRS := 1
.PHONY: help book test test-torch audit pdf notebooks serve lab lint bench pins clean
help:            ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-12s%s\n", $$1, $$2}' Makefile
book: $(READY)   ## build the book; prints the page to open
	$(BIN)/jupyter-book build -n -W --keep-going .
	@echo "Open $(CURDIR)/_build/html/index.html"
pdf: book        ## build the book and print it to _build/book.pdf (needs Chromium)
	$(BIN)/python -m tools.pdf _build/html _build/book.pdf
test: $(READY)   ## run everything that proves the project
	$(BIN)/python -m pytest -n logical --dist loadfile
test-torch:      ## run the tests of PyTorch, in an environment of its own, .venv-torch
	$(MAKE) VENV=.venv-torch .venv-torch/.ready
ifneq ($(UV),)
	$(UV) pip install -q --torch-backend cpu -p .venv-torch/bin/python torch \
		|| $(UV) pip install -q -p .venv-torch/bin/python torch
else
	.venv-torch/bin/python -m pip install -q --disable-pip-version-check torch
endif
	.venv-torch/bin/python -m pytest tests/test_frameworks_torch.py chapters/use-it.ipynb
audit: $(READY)  ## every verdict again under other seeds, longer runs, neighboring settings
	$(BIN)/python tools/audit.py && $(BIN)/python tools/claims.py
notebooks: $(READY)   ## execute and normalize the chapters in place, gather claims, draw the cover
	$(BIN)/python tools/notebooks.py $(filter-out chapters/use-it.ipynb,$(wildcard chapters/*.ipynb))
	$(BIN)/python tools/claims.py && $(BIN)/python tools/pictures.py
serve: book      ## rebuild the book and serve it at a local address
	@$(BIN)/python -m http.server --bind localhost --directory _build/html $(PORT)
lab: $(READY)    ## open the chapters in JupyterLab
	$(BIN)/jupyter lab --config tools/lab_config.py --notebook-dir chapters
lint: $(READY)   ## check the style of the code
	$(BIN)/ruff check && $(BIN)/ruff format --check
bench: $(READY)  ## time runs beside PyTorch and optax, if .venv-bench has them
	@if [ -x $(BENCH) ]; then $(BENCH) tools/bench.py; else $(BIN)/python tools/bench.py; fi
pins:            ## compile the pins of requirements.txt from pyproject.toml (needs uv)
	UV_CUSTOM_COMPILE_COMMAND="make pins" uv pip compile -q --universal -p 3.11 --no-annotate --group book -o requirements.txt
clean:           ## remove what was built, and the environment
	rm -rf _build $(VENV) *.egg-info .pytest_cache .hypothesis .ruff_cache
$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "needs Python 3.11: make PYTHON=...")'
ifneq ($(UV),)
	$(UV) venv -q --allow-existing -p $(PYTHON) $(VENV)
	$(UV) pip sync -q --compile-bytecode -p $(BIN)/python requirements.txt
	$(UV) pip install -q --no-deps --no-build-isolation -p $(BIN)/python -e .
else
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
endif
	@touch $@
