"""Checkpoints of libraries that train PyTorch's networks."""

from __future__ import annotations

import json
from pathlib import Path

import safetensors.torch
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from tests.zoo.items import Function, Shelf
from tests.zoo.networks import linear_layers, mlp, named, state

TRAINERS = Shelf("Libraries that train")
WRAPPED = Shelf("Wrapped and averaged networks")


def _trained(network: nn.Module) -> torch.optim.Optimizer:
    """An optimiser that has made a step."""
    optimizer = torch.optim.AdamW(network.parameters(), 1e-3)
    network(torch.rand(4, 36)).sum().backward()
    optimizer.step()
    return optimizer


def _lightning(network: nn.Module, **entries: object) -> dict[str, object]:
    """What Lightning's Trainer writes."""
    optimizer = _trained(network)
    return {
        "epoch": 3,
        "global_step": 400,
        "pytorch-lightning_version": "2.5.1",
        "state_dict": state(network, "model."),
        "loops": {"fit_loop": {"state_dict": {}, "epoch_progress": {"total": {"ready": 4}}}},
        "callbacks": {
            "ModelCheckpoint{'monitor': 'val_loss', 'mode': 'min'}": {
                "monitor": "val_loss",
                "best_model_score": torch.tensor(0.31),
                "best_model_path": "checkpoints/epoch=3.ckpt",
                "kth_value": torch.tensor(0.31),
            }
        },
        "optimizer_states": [optimizer.state_dict()],
        "lr_schedulers": [{"last_epoch": 3, "_last_lr": [1e-3]}],
        **entries,
    }


@TRAINERS.opens(
    "epoch=3-step=400.ckpt", "Lightning: `state_dict`, `hyper_parameters`, callbacks, optimiser"
)
def lightning(path: Path) -> Function:
    network = mlp(36, 12, 12, 10)
    hyper = {"hidden": 12, "lr": 1e-3}
    torch.save(_lightning(network, hparams_name="kwargs", hyper_parameters=hyper), path)
    return network


@TRAINERS.opens("leaky.ckpt", "Lightning, with the activation among its `hyper_parameters`")
def lightning_leaky(path: Path) -> Function:
    network = mlp(slope=0.3)
    hyper = {"activation": "leaky_relu", "negative_slope": 0.3}
    torch.save(_lightning(network, hyper_parameters=hyper), path)
    return network


@TRAINERS.opens(
    "weighted.ckpt", "Lightning, with the class weights of its loss (`criterion.weight`)"
)
def lightning_weighted(path: Path) -> Function:
    network = mlp(36, 12, 12, 10)
    content = _lightning(network)
    content["state_dict"] = {
        **state(network, "model."),
        "criterion.weight": torch.rand(10),
        "train_accuracy.tp": torch.zeros(10, dtype=torch.int64),
        "train_accuracy.total": torch.tensor(0),
    }
    torch.save(content, path)
    return network


@TRAINERS.opens("pos_weight.ckpt", "Lightning, with the `pos_weight` of its loss")
def lightning_pos_weight(path: Path) -> Function:
    network = mlp()
    content = _lightning(network)
    content["state_dict"] = state(network, "model.") | {"criterion.pos_weight": torch.tensor([2.5])}
    torch.save(content, path)
    return network


@TRAINERS.opens(
    "normalised.pth", "means and stds of a layer that only normalises (`normalize.mean`)"
)
def normalised(path: Path) -> Function:
    network = mlp()
    buffers = {
        "normalize.mean": torch.full((1, 1, 1, 1), 0.13),
        "normalize.std": torch.full((1, 1, 1, 1), 0.31),
    }
    torch.save(buffers | state(network, "net."), path)
    return network


@TRAINERS.opens("learner.pth", "fastai's `learn.save`: `model` and `opt`")
def fastai(path: Path) -> Function:
    network = mlp()
    optimizer = {"state": [{"mom": torch.rand(3)}], "hypers": [{"lr": 1e-3, "wd": 0.01}]}
    torch.save({"model": network.state_dict(), "opt": optimizer}, path)
    return network


@TRAINERS.refuses("export.pkl", "fastai's `learn.export`, a whole learner", "Python objects")
def fastai_export(path: Path) -> None:
    torch.save({"learner": mlp()}, path, pickle_protocol=2)


@TRAINERS.opens("checkpoint_4.pt", "Ignite: `model`, `optimizer`, `trainer`")
def ignite(path: Path) -> Function:
    network = mlp()
    trainer = {"iteration": 400, "epoch_length": 100, "max_epochs": 10}
    optimizer = _trained(network).state_dict()
    torch.save({"model": network.state_dict(), "optimizer": optimizer, "trainer": trainer}, path)
    return network


@TRAINERS.opens("epoch_12.pth", "MMEngine: `meta`, `state_dict`, `message_hub`, `optimizer`")
def mmengine(path: Path) -> Function:
    network = mlp(36, 12, 12, 2)
    torch.save(
        {
            "meta": {"epoch": 12, "dataset_meta": {"classes": ["cat", "dog"]}, "time": "20250101"},
            "state_dict": named(network, "backbone.0", "backbone.2", "head.fc"),
            "message_hub": {"log_scalars": {}, "runtime_info": {"epoch": 12}},
            "optimizer": _trained(network).state_dict(),
        },
        path,
    )
    return network


@TRAINERS.opens("catalyst.pth", "Catalyst: `model_state_dict`, `epoch_metrics`, `loader_metrics`")
def catalyst(path: Path) -> Function:
    network = mlp()
    metrics = {"valid": {"loss": 0.3}}
    torch.save({"model_state_dict": network.state_dict(), "epoch_metrics": metrics}, path)
    return network


@TRAINERS.opens("params.pt", "skorch's `save_params`: a state dict alone")
def skorch(path: Path) -> Function:
    network = mlp(36, 12, 12, 2)
    torch.save(named(network, "dense0", "dense1", "output"), path)
    return network


def _folder(path: Path, config: dict[str, object]) -> Path:
    path.mkdir()
    (path / "config.json").write_text(json.dumps(config))
    return path


@TRAINERS.opens(
    "hub_mixin", "a folder of `PyTorchModelHubMixin`: `config.json`, `model.safetensors`"
)
def hub_mixin(path: Path) -> Function:
    network = mlp()
    target = _folder(path, {"hidden": 12}) / "model.safetensors"
    safetensors.torch.save_file(network.state_dict(), target)
    return network


@TRAINERS.opens("transformers_folder", "a folder of Transformers with a network of one's own")
def transformers_folder(path: Path) -> Function:
    network = mlp(36, 12, 12, 10)
    config = {"architectures": ["Perceptron"], "model_type": "perceptron", "num_labels": 10}
    target = _folder(path, config) / "model.safetensors"
    tensors = named(network, "perceptron.layers.0", "perceptron.layers.1", "classifier")
    safetensors.torch.save_file(tensors, target, {"format": "pt"})
    return network


@TRAINERS.opens("older_folder", "a folder of Transformers with `pytorch_model.bin`")
def older_folder(path: Path) -> Function:
    network = mlp()
    torch.save(network.state_dict(), _folder(path, {"model_type": "x"}) / "pytorch_model.bin")
    return network


@TRAINERS.opens("accelerate_state", "a folder of Accelerate: `model.safetensors`, `optimizer.bin`")
def accelerate_state(path: Path) -> Function:
    network = mlp()
    path.mkdir()
    safetensors.torch.save_file(network.state_dict(), path / "model.safetensors")
    torch.save(_trained(network).state_dict(), path / "optimizer.bin")
    (path / "random_states_0.pkl").write_bytes(b"\x80\x04}.")
    safetensors.torch.save_file(network.state_dict(), path / "model.safetensors")
    return network


# --- wrapped --------------------------------------------------------------------------------------


@WRAPPED.opens("parallel.pth", "`DistributedDataParallel` or `DataParallel`: `module.`")
def parallel(path: Path) -> Function:
    network = mlp()
    torch.save(nn.DataParallel(network).state_dict(), path)
    return network


@WRAPPED.opens("compiled.pth", "`torch.compile`: `_orig_mod.`")
def compiled(path: Path) -> Function:
    network = mlp()
    torch.save(state(network, "_orig_mod."), path)
    return network


@WRAPPED.opens("compiled_parallel.pth", "both: `module._orig_mod.`")
def compiled_parallel(path: Path) -> Function:
    network = mlp()
    torch.save(state(network, "module._orig_mod."), path)
    return network


@WRAPPED.opens("sharded_whole.pth", "FSDP, gathered: `_fsdp_wrapped_module.`")
def sharded_whole(path: Path) -> Function:
    network = mlp()
    torch.save(state(network, "_fsdp_wrapped_module."), path)
    return network


@WRAPPED.opens("sharded_inside.pth", "FSDP around each layer: `0._fsdp_wrapped_module.weight`")
def sharded_inside(path: Path) -> Function:
    network = mlp(36, *[12] * 11, 1)
    names = (f"{2 * place}._fsdp_wrapped_module" for place in range(12))
    torch.save(named(network, *names), path)
    return network


@WRAPPED.opens("checkpointed.pth", "activation checkpointing: `_checkpoint_wrapped_module.`")
def checkpointed(path: Path) -> Function:
    network = mlp()
    torch.save(state(network, "_checkpoint_wrapped_module."), path)
    return network


@WRAPPED.opens("private.pth", "Opacus' `GradSampleModule`: `_module.`")
def private(path: Path) -> Function:
    network = mlp()
    torch.save(state(network, "_module."), path)
    return network


@WRAPPED.opens("averaged.pth", "`AveragedModel` (SWA, EMA): `n_averaged`, `module.`")
def averaged(path: Path) -> Function:
    network = mlp()
    average = AveragedModel(network)
    average.update_parameters(network)
    for layer in linear_layers(network):
        nn.init.normal_(layer.weight)
    average.update_parameters(network)
    torch.save(average.state_dict(), path)
    return average


@WRAPPED.opens("timm.pth.tar", "timm: `state_dict` and `state_dict_ema`; the first is read")
def timm_ema(path: Path) -> Function:
    network, average = mlp(), mlp(seed=1)
    ema = average.state_dict()
    torch.save({"arch": "mlp", "state_dict": network.state_dict(), "state_dict_ema": ema}, path)
    return network


@WRAPPED.opens(
    "ema_beside.pt",
    "a network and its average in one: `online_model.`, `ema_model.`; the first is read",
)
def ema_beside(path: Path) -> Function:
    network, average = mlp(36, 12, 12, 1), mlp(36, 12, 12, 1, seed=1)
    both = state(network, "online_model.") | state(average, "ema_model.")
    torch.save({**both, "initted": torch.tensor(True), "step": torch.tensor(40)}, path)
    return network


@WRAPPED.opens(
    "ema_square.pt", "the same with every layer square: both would fit as one chain", inputs=12
)
def ema_square(path: Path) -> Function:
    network, average = mlp(12, 12, 12, 12), mlp(12, 12, 12, 12, seed=1)
    torch.save(state(network, "model.") | state(average, "model_ema.module."), path)
    return network


@WRAPPED.refuses("shadow.pt", "torch_ema: averages in a list, without names", "no state dict")
def shadow(path: Path) -> None:
    shadows = list(mlp().state_dict().values())
    torch.save({"decay": 0.99, "num_updates": 40, "shadow_params": shadows}, path)
