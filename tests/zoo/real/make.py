"""Makes checkpoints with other libraries, and records what each network computes.

Runs in an environment of its own, in which nothing of Afterimage is. Beside each file that is to
open, `NAME.expected.npz` holds inputs `x` and outputs `y`.
"""

from __future__ import annotations

import os
import pickle
import sys
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")

import accelerate
import flax.linen
import flax.traverse_util
import jax
import keras
import lightning
import numpy as np
import skorch
import torch
from numpy.typing import NDArray
from sklearn.neural_network import MLPClassifier
from torch import nn

OUT = Path(sys.argv[1])
X = np.random.default_rng(0).random((16, 36), dtype=np.float32)
LABELS = np.arange(16) % 3


def expect(name: str, outputs: NDArray[np.float32]) -> None:
    np.savez(OUT / f"{name}.expected.npz", x=X, y=np.asarray(outputs))


def in_torch() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(36, 12), nn.ReLU(), nn.Linear(12, 12), nn.ReLU(), nn.Linear(12, 3)
    )


def outputs_of(network: nn.Module) -> NDArray[np.float32]:
    with torch.no_grad():
        return network.eval().cpu()(torch.from_numpy(X)).numpy()


class Trained(lightning.LightningModule):
    def __init__(self, hidden: int = 12, rate: float = 0.1) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.model = in_torch()
        self.criterion = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 0.5]))

    def training_step(self, batch: list[torch.Tensor], _place: int) -> torch.Tensor:
        x, labels = batch
        return self.criterion(self.model(x), labels)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), self.hparams.rate)


def by_lightning() -> None:
    data = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(LABELS))
    trainer = lightning.Trainer(
        max_epochs=2, accelerator="cpu", logger=False, default_root_dir=OUT, log_every_n_steps=1
    )
    module = Trained()
    trainer.fit(module, torch.utils.data.DataLoader(data, 8))
    trainer.save_checkpoint(OUT / "lightning.ckpt")
    expect("lightning.ckpt", outputs_of(module.model))


def by_keras() -> None:
    keras.utils.set_random_seed(0)
    dense = keras.layers.Dense
    model = keras.Sequential(
        [keras.Input((36,)), *(dense(12, activation="relu") for _ in range(11)), dense(3)]
    )
    y = np.asarray(model(X))
    np.savez(OUT / "keras_names.npz", **{each.path: np.asarray(each) for each in model.weights})
    expect("keras_names.npz", y)
    np.savez(OUT / "keras_weights.npz", *model.get_weights())
    expect("keras_weights.npz", y)
    model.save(OUT / "refused.keras")
    model.save_weights(OUT / "refused.weights.h5")


class Flax(flax.linen.Module):
    @flax.linen.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        for _ in range(11):
            x = flax.linen.relu(flax.linen.Dense(12)(x))
        return flax.linen.Dense(3)(x)


def by_flax() -> None:
    model = Flax()
    variables = model.init(jax.random.key(0), X)
    flat = flax.traverse_util.flatten_dict(variables, sep="/")
    np.savez(OUT / "flax.npz", **{name: np.asarray(value) for name, value in flat.items()})
    expect("flax.npz", np.asarray(model.apply(variables, X)))
    (OUT / "refused.msgpack").write_bytes(flax.serialization.to_bytes(variables))


def by_scikit_learn() -> None:
    model = MLPClassifier((12, 12), max_iter=30, random_state=0).fit(X, LABELS)
    arrays = {f"coefs_{place}": each for place, each in enumerate(model.coefs_)}
    arrays |= {f"intercepts_{place}": each for place, each in enumerate(model.intercepts_)}
    np.savez(OUT / "scikit_learn.npz", **arrays)
    h = X
    for weights, bias in zip(model.coefs_[:-1], model.intercepts_[:-1], strict=True):
        h = np.maximum(h @ weights + bias, 0)
    expect("scikit_learn.npz", h @ model.coefs_[-1] + model.intercepts_[-1])
    (OUT / "refused.pkl").write_bytes(pickle.dumps(model))


def by_skorch() -> None:
    net = skorch.NeuralNetClassifier(in_torch(), max_epochs=2, verbose=0, train_split=None)
    net.fit(X, LABELS)
    net.save_params(f_params=str(OUT / "skorch.pt"))
    expect("skorch.pt", outputs_of(net.module_))


def by_accelerate() -> None:
    accelerator = accelerate.Accelerator(cpu=True)
    network = in_torch()
    model, _ = accelerator.prepare(network, torch.optim.SGD(network.parameters(), 0.1))
    accelerator.save_state(str(OUT / "accelerate_state"))
    expect("accelerate_state", outputs_of(accelerator.unwrap_model(model)))


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    for make in (by_lightning, by_keras, by_flax, by_scikit_learn, by_skorch, by_accelerate):
        make()
