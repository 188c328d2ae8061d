"""Files that people take away: PNG, NPZ, PyTorch tensors, CSV. Films: `film_files`."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from engine.base.files import atomic_path
from engine.data.pixels import Pixels
from engine.evidence.gallery import Gallery
from engine.evidence.scoring import Evidence
from engine.reconstruction.losses import Losses
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor


def write_bytes(path: Path, data: bytes) -> None:
    """A file that has been made already.

    Raises:
        OSError: the file cannot be written; what stood there before is untouched.
    """
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def write_png(path: Path, pixels: Pixels) -> None:
    """One image, losslessly.

    Raises:
        OSError: the file cannot be written; what stood there before is untouched.
    """
    write_bytes(path, png_bytes(pixels))


def png_bytes(pixels: Pixels) -> bytes:
    """A PNG as it stands in its file."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()


def write_npz(
    path: Path,
    images: Tensor,
    labels: Tensor,
    multipliers: Tensor,
    gallery: Gallery,
    mean: Tensor | None,
    std: Tensor | None = None,
    embedding: str = "",
) -> None:
    """The reconstructions as numbers (docs/results.md).

    Args:
        path: where to.
        images: centred, shape (R·m, c, h, w); stored as float32.
        labels: as the network's `Classes` label them, shape (R·m,); see `stored_labels`.
        multipliers: λ in the shape of its kind, (R·m,) or (R·m, C).
        gallery: stored as `gallery` (g,), indices of images, and `confidence` (R·m,), which is left
            out where it is not known.
        mean: μ, shape (c, h, w), or None, which leaves the array out.
        std: of each feature of vectors, shape (1, 1, d), or None, likewise: a row of the table is
            std · image + mean.
        embedding: what embeddings are (`Preprocessing.embedding`); empty leaves the array out.

    Raises:
        OSError: the file cannot be written; what stood there before is untouched.
    """
    arrays = {
        "images": images.float().cpu().numpy(),
        "labels": stored_labels(labels).cpu().numpy(),
        "multipliers": multipliers.float().cpu().numpy(),
        "gallery": gallery.candidate.numpy(),
    }
    if gallery.of_each is not None:
        arrays["confidence"] = gallery.of_each.numpy()
    for name, tensor in (("mean", mean), ("std", std)):
        if tensor is not None:
            arrays[name] = tensor.float().cpu().numpy()
    if embedding:
        arrays["embedding"] = np.array(embedding)
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def in_a_cell(text: str) -> str:
    """Text of somebody else's as a field of a table that a spreadsheet takes for no formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def stored_labels(labels: Tensor) -> Tensor:
    """Labels as files hold them: int8, or int16 where there are more classes than that counts."""
    largest = int(labels.max()) if len(labels) else 0
    return labels.to(torch.int8 if largest <= torch.iinfo(torch.int8).max else torch.int16)


def write_csv(path: Path, losses: Losses) -> None:
    """The losses, one row a step.

    Raises:
        OSError: the file cannot be written; what stood there before is untouched.
    """
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(losses.column_names)
        for row in losses.rows:
            numbers = dict(zip(losses.column_names, row, strict=True))
            step = int(numbers.pop("step"))
            writer.writerow([step, *(f"{value:.9g}" for value in numbers.values())])


def write_scores(path: Path, evidence: Evidence) -> None:
    """The scores, one row a training image, then one row an image of the control.

    The columns: `set` is train or control, `reference` the number of the image in it,
    `candidate` what matched it (by the rule of scoring), then its `ssim` and `ncc` (of embeddings
    the NCC of their directions), of embeddings its `cosine` last of all, whether
    the match is `good` and whether the image is `recovered` (1 or 0). An image that matched nothing
    has no candidate; `recovered` is empty where there is no control to say so.

    Raises:
        OSError: the file cannot be written; what stood there before is untouched.
    """
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        columns = ["set", "reference", "candidate", "ssim", "ncc", "good", "recovered"]
        writer.writerow(columns if evidence.train.cosine is None else [*columns, "cosine"])
        for name, matches, recovered in (
            ("train", evidence.train, evidence.is_recovered),
            ("control", evidence.control, None),
        ):
            if matches is None:
                continue
            pair_of = {int(number): pair for pair, number in enumerate(matches.reference)}
            for number in range(matches.reference_count):
                pair = pair_of.get(number)
                if pair is None:
                    known = name == "train" and recovered is not None
                    writer.writerow([name, number, "", "", "", 0, 0 if known else ""])
                    continue
                writer.writerow(
                    [
                        name,
                        number,
                        int(matches.candidate[pair]),
                        f"{matches.ssim[pair]:.6f}",
                        f"{matches.ncc[pair]:.6f}",
                        int(matches.is_good[pair]),
                        "" if recovered is None else int(recovered[pair]),
                        *(() if matches.cosine is None else (f"{matches.cosine[pair]:.6f}",)),
                    ]
                )


def write_pt(path: Path, contents: dict[str, Any]) -> None:
    """Tensors and plain values that `torch.load(path, weights_only=True)` reads.

    Raises:
        OSError: the file cannot be written; what stood there before is untouched.
    """
    buffer = io.BytesIO()
    torch.save(contents, buffer)
    write_bytes(path, buffer.getvalue())
