# Two commands matter: `make run` and `make test`. Each sets up all it needs.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
FREEZER := build/environment
TORCH_WHEELS ?= https://download.pytorch.org/whl/cpu
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# One process a core; more than four would need more memory than a usual machine has.
WORKERS ?= auto
PYTEST := $(BIN)/python -m pytest --numprocesses $(WORKERS) --maxprocesses 4 --dist worksteal
SAMPLE := resources/samples/mnist_ten_digits.safetensors

.PHONY: setup run test test-on-a-screen check format bench screenshots file-tables zoo sample-mnist \
	sample-cifar sample-digits nulls package clean lock audit

run: $(VENV)/.run
	$(BIN)/python main.py $(SAMPLE)

# The window's tests run on a virtual screen, where there is one: keys, focus, clipboard and drawing
# are there as a real display has them, and each worker starts one of its own (tests/conftest.py).
# Tests marked `offscreen` start programs that have no display, whatever the tests have.
test: check
	@if command -v Xvfb >/dev/null; then $(MAKE) --no-print-directory test-on-a-screen; \
	else echo "The window is tested without a screen: Xvfb is not here."; \
	QT_QPA_PLATFORM=offscreen $(PYTEST); fi

test-on-a-screen: $(VENV)/.dev
	QT_QPA_PLATFORM=xcb $(PYTEST) -m "not offscreen" tests/gui
	QT_QPA_PLATFORM=offscreen $(PYTEST) --ignore tests/gui
	QT_QPA_PLATFORM=offscreen $(PYTEST) -m offscreen tests/gui

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m tests.benchmarks $(BENCH)

# The guide's tables of files, out of what is said of them when they are opened.
file-tables: $(VENV)/.dev
	$(BIN)/python -m docs.file_tables

# Checkpoints from other libraries themselves, made in an environment of their own, and read.
zoo: build/zoo/.ready
	rm -rf build/zoo/files
	build/zoo/bin/python tests/zoo/real/make.py build/zoo/files
	$(BIN)/python -m tests.zoo.real.read build/zoo/files

# It takes PyTorch from the tools' environment, which is too large to have twice.
build/zoo/.ready: $(VENV)/.dev
	$(PYTHON) -m venv --clear build/zoo
	$(BIN)/python -c "import sysconfig; print(sysconfig.get_paths()['purelib'])" \
		> "$$(build/zoo/bin/python -c "import sysconfig; print(sysconfig.get_paths()['purelib'])")/tools.pth"
	build/zoo/bin/pip install --quiet --disable-pip-version-check \
		lightning keras flax h5py scikit-learn accelerate skorch
	touch $@

screenshots: $(VENV)/.dev
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m docs.screenshots

# What trust reaches on networks that can't know an image; takes half an hour.
nulls: $(VENV)/.dev
	$(BIN)/python -m tests.benchmarks.null_networks $(if $(KIND),"$(KIND)")

# DATA is a folder that holds MNIST as torchvision lays it out.
sample-mnist: $(VENV)/.run
	$(BIN)/python main.py train --overwrite --dataset mnist --data-root $(DATA) --classes odd/even \
		--per-class 50 --out resources/samples/mnist_odd_even.safetensors

# DATA is a folder of CIFAR-10's training images, one subfolder a class.
sample-cifar: $(VENV)/.run
	$(BIN)/python main.py train --overwrite --dataset $(DATA) --classes vehicles/animals --per-class 250 \
		--draw 0 --half --out resources/samples/cifar10_vehicles_animals.safetensors

# DATA as for sample-mnist. An ordinary network: PyTorch's start, biases everywhere, weight decay.
sample-digits: $(VENV)/.run
	$(BIN)/python main.py train --overwrite --dataset mnist --data-root $(DATA) --classes all --per-class 10 \
		--recipe usual --batch 0 --rate 0.2 --no-cosine --epochs 0 --most-steps 5000 \
		--half --out resources/samples/mnist_ten_digits.safetensors

# Builds in an environment of its own, because the usual one may hold PyTorch with CUDA, which is ten
# times as large. docs/packaging.md says how to make a package with CUDA.
package: $(FREEZER)/.ready
	$(FREEZER)/bin/pyinstaller --noconfirm --log-level WARN packaging/afterimage.spec
	test "$$(uname -s)" != Linux || $(FREEZER)/bin/python packaging/linux/build.py dist/Afterimage
	$(FREEZER)/bin/python packaging/smoke_test.py dist/Afterimage

$(FREEZER)/.ready: requirements.txt packaging/torch.txt
	sh packaging/install_qt_libraries.sh
	$(PYTHON) -m venv --clear $(FREEZER)
	$(FREEZER)/bin/pip install --quiet --disable-pip-version-check --no-deps \
		--extra-index-url $(TORCH_WHEELS) -r packaging/torch.txt
	$(FREEZER)/bin/pip install --quiet --disable-pip-version-check \
		-c packaging/torch.txt -r requirements.txt "pyinstaller>=6.16"
	touch $@

setup: $(VENV)/.dev

# Pins what is installed here, and lists whose it is; run the tests after.
lock: $(VENV)/.dev
	$(BIN)/python packaging/dependencies.py

# Asks PyPI for known vulnerabilities of what is pinned; one that it cannot tell of is a failure, too.
audit: $(VENV)/.dev
	$(BIN)/python -m pip_audit --strict --no-deps --disable-pip -r requirements.lock

# The versions that the tests have passed with; where this system lacks one, what the bounds allow.
$(VENV)/.run: requirements.txt requirements.lock
	sh packaging/install_qt_libraries.sh
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) -c requirements.lock -r requirements.txt || $(PIP) -r requirements.txt
	touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	sh packaging/install_qt_libraries.sh xvfb
	$(PIP) -c requirements.lock -r requirements-dev.txt || $(PIP) -r requirements-dev.txt
	touch $@

clean:
	rm -rf $(VENV) build dist output .pytest_cache .ruff_cache .mypy_cache .hypothesis
