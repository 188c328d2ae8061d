# Two commands matter: `make run` and `make test`. Each sets up all it needs.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
SAMPLE := resources/samples/mnist_odd_even.safetensors

.PHONY: setup run test check format bench screenshots sample-mnist sample-cifar package clean

run: $(VENV)/.run
	$(BIN)/python main.py $(SAMPLE)

test: check
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m tests.benchmarks $(BENCH)

screenshots: $(VENV)/.dev
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m docs.screenshots

# DATA is a folder that holds MNIST as torchvision lays it out.
sample-mnist: $(VENV)/.run
	$(BIN)/python main.py train --dataset mnist --data-root $(DATA) --classes odd/even \
		--per-class 50 --out resources/samples/mnist_odd_even.safetensors

# DATA is a folder of CIFAR-10's training images, one subfolder a class.
sample-cifar: $(VENV)/.run
	$(BIN)/python main.py train --dataset $(DATA) --classes vehicles/animals --per-class 250 \
		--draw 0 --half --out resources/samples/cifar10_vehicles_animals.safetensors

package: $(VENV)/.dev
	$(BIN)/pyinstaller --noconfirm packaging/afterimage.spec
	$(BIN)/python packaging/smoke_test.py dist/Afterimage

setup: $(VENV)/.dev

$(VENV)/.run: requirements.txt
	sh packaging/install_qt_libraries.sh
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

clean:
	rm -rf $(VENV) build dist output .pytest_cache .ruff_cache .mypy_cache .hypothesis
