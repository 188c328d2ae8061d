"""The mutants: one line of the engine each, as it is and as it must not be.

Each changes what is computed; none leaves an equivalent program.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """One change of one line.

    Attributes:
        name: what is wrong with it.
        file: from the root of the tree.
        old: text that is in the file exactly once.
        new: what takes its place.
    """

    name: str
    file: str
    old: str
    new: str


def _of(file: str, *changes: tuple[str, str, str]) -> list[Mutant]:
    return [Mutant(name, f"engine/{file}.py", old, new) for name, old, new in changes]


MUTANTS: list[Mutant] = [
    *_of(
        "stationarity/closed_form",
        (
            "the output term does not pass the last layer",
            "h_bar[depth - 1].addmm_(pull, weights[depth - 1], alpha=0.5)",
            "h_bar[depth - 1].addmm_(pull, weights[depth - 1], alpha=1.0)",
        ),
        (
            "no way back through the forward pass's gates",
            "z_bar.addcmul_(h_bar[layer], s[layer])",
            "z_bar.addcmul_(h_bar[layer], torch.ones_like(s[layer]))",
        ),
        (
            "the way up forgets the gates",
            "delta_bar[layer + 1].addmm_(delta_bar[layer] * s[layer], weights[layer].T)",
            "delta_bar[layer + 1].addmm_(delta_bar[layer], weights[layer].T)",
        ),
        (
            "whitening is forgotten",
            "if self._directions is not None:",
            "if self._directions is None and False:",
        ),
        (
            "half the gradient of the images",
            "joined(x_bars).mul_(2)",
            "joined(x_bars).mul_(1)",
        ),
        (
            "half the gradient of the multipliers",
            "joined(u_bars).mul_(2)",
            "joined(u_bars).mul_(1)",
        ),
    ),
    *_of(
        "stationarity/residuals",
        (
            "directions count by the root of their weight",
            "self.weight *= directions.input",
            "self.weight *= directions.input.sqrt()",
        ),
        (
            "the bias counts as if it were not whitened",
            "self.bias *= directions.bias",
            "self.bias *= 1",
        ),
        (
            "through Gram matrices the cross term counts once",
            "- 2 * (delta * h_weight).sum()",
            "- (delta * h_weight).sum()",
        ),
    ),
    *_of(
        "network/activation",
        (
            "no way back through the gates",
            ".mul_(alpha / (1 - self.slope))",
            ".mul_(0.0 / (1 - self.slope))",
        ),
        (
            "gates of a leaky network are those of a ReLU",
            "flow.mul_(1 - self.slope / gate)",
            "flow.mul_(1.0)",
        ),
    ),
    *_of(
        "stationarity/multipliers",
        (
            "candidates are not averaged",
            "return (multipliers * labels / count).unsqueeze(1)",
            "return (multipliers * labels).unsqueeze(1)",
        ),
        (
            "the multipliers' gradient does not know the label",
            "return cotangent_gradient.squeeze(1) * labels / count",
            "return cotangent_gradient.squeeze(1) / count",
        ),
    ),
    *_of(
        "stationarity/autograd",
        (
            "double backward forgets the output term",
            "[*flowing, pull]",
            "[*flowing, 0 * pull]",
        ),
    ),
    *_of(
        "reconstruction/terms",
        (
            "half the pull to one margin",
            "scale = 2 * self.weight / len(margins)",
            "scale = self.weight / len(margins)",
        ),
        (
            "the common margin weighs all candidates alike",
            "shares = multipliers.relu()",
            "shares = torch.ones_like(multipliers)",
        ),
        (
            "margins on the wrong side count for the common one",
            "(shares * margins.relu()).sum()",
            "(shares * margins).sum()",
        ),
        ("a margin is taken for known too late", "_LEAST_SHARE = 0.05", "_LEAST_SHARE = 0.5"),
        ("half the pixels' pull", "pull_back_pixels(2 * outside)", "pull_back_pixels(outside)"),
        (
            "pixels below −1 are let go",
            "outside = (pixels - self._upper).relu() - (self._lower - pixels).relu()",
            "outside = (pixels - self._upper).relu()",
        ),
        ("one step in five looks at the pixels", "_PIXELS_EVERY = 10", "_PIXELS_EVERY = 5"),
        (
            "large images are looked at as often as small ones",
            "_DIMENSIONS_A_STEP = 1000",
            "_DIMENSIONS_A_STEP = 10_000",
        ),
        (
            "no step of ten looks at the pixels first",
            "if step % self._every:",
            "if (step + 1) % self._every:",
        ),
        (
            "half the pull on small multipliers",
            "multipliers=-2 * _FLOOR_WEIGHT * missing",
            "multipliers=-_FLOOR_WEIGHT * missing",
        ),
        (
            "small multipliers weigh 4 in place of 5",
            "_FLOOR_WEIGHT = 5.0",
            "_FLOOR_WEIGHT = 4.0",
        ),
        (
            "half the smoothness",
            "joined(parts) * (2 * self._weight / count)",
            "joined(parts) * (self._weight / count)",
        ),
        ("smooth along rows alone", "for axis in (2, 3):", "for axis in (3,):"),
    ),
    *_of(
        "reconstruction/problem",
        ("no pull to one margin", "if settings.margin_weight:", "if False:"),
        (
            "the margin's pull scales with another layer",
            "squared_norm(seen.network.weights[-1])",
            "squared_norm(seen.network.weights[0])",
        ),
        ("no whitening", "or not settings.whitening:", "or True:"),
        (
            "the whitened bias takes its squared norm",
            "else float(bias.norm())",
            "else float(bias.norm()) ** 2",
        ),
        (
            "the scale power is not the setting's",
            "row_space(network, settings.scale_power,",
            "row_space(network, settings.whitening / 2,",
        ),
        (
            "what the row space cannot see is forgotten",
            "self._unseen[0] = unseen",
            "self._unseen[0] = 0",
        ),
        (
            "smoothness scales with the last layer",
            "float(self.squared_norms[0]),",
            "float(self.squared_norms[-1]),",
        ),
    ),
    *_of(
        "reconstruction/search",
        (
            "the gates' sharpness rises linearly",
            "s.alpha_start * (s.alpha_end / s.alpha_start) ** (step / self.plan.steps)",
            "s.alpha_start + (s.alpha_end - s.alpha_start) * (step / self.plan.steps)",
        ),
        (
            "the gates' sharpness is a step ahead",
            "(s.alpha_end / s.alpha_start) ** (step / self.plan.steps)",
            "(s.alpha_end / s.alpha_start) ** ((step + 1) / self.plan.steps)",
        ),
        (
            "no cosine decay",
            "return 0.5 * (1 + math.cos(math.pi * step / self.plan.steps))",
            "return 1.0",
        ),
        (
            "the decay ends at the last step",
            "return 0.5 * (1 + math.cos(math.pi * step / self.plan.steps))",
            "return 0.5 * (1 + math.cos(math.pi * (step + 1) / self.plan.steps))",
        ),
        (
            "twice the initial noise",
            "noise * self._settings.initial_scale",
            "noise * self._settings.initial_scale * 2",
        ),
        (
            "multipliers start on both sides of zero",
            "uniform(self._problem.kind, m, generator, dtype)",
            "uniform(self._problem.kind, m, generator, dtype) - 0.5",
        ),
        (
            "the multipliers' rate does not decay",
            "self._optimizer.step()",
            'group["lr"] = rate; self._optimizer.step()',
        ),
        ("less momentum", "_MOMENTUM = 0.9", "_MOMENTUM = 0.8"),
        (
            "the constraint leaves the multipliers out",
            "whole = torch.stack(seen).sum()",
            "whole = seen[0]",
        ),
    ),
    *_of(
        "reconstruction/restarts",
        (
            "a third of the labels is −1",
            "[-torch.ones(count // 2), torch.ones(count - count // 2)]",
            "[-torch.ones(count // 3), torch.ones(count - count // 3)]",
        ),
    ),
    *_of(
        "stationarity/row_space",
        (
            "the row space's pixels pull without their scale",
            "return gradient @ self.to_pixels.T",
            "return gradient @ self.basis.T",
        ),
        (
            "the chain rule forgets the scale of coordinates",
            "return gradient * self.scale",
            "return gradient * 1",
        ),
        ("half the whitening", ".pow(-power)\n", ".pow(-power / 2)\n"),
        ("whitening stops at a tenth", "_LEAST_SHARE = 0.01", "_LEAST_SHARE = 0.1"),
        (
            "the whitened bias is not on the common scale",
            "bias=common * (bias_norm**2 + least**2) ** -power",
            "bias=(bias_norm**2 + least**2) ** -power",
        ),
        (
            "whitening changes the size of the loss",
            "input=(common * weights)",
            "input=(values.square().mean() * weights)",
        ),
    ),
    *_of(
        "stationarity/spectrum",
        ("directions are clear at twice the floor", "_CLEAR = 3.0", "_CLEAR = 2.0"),
        (
            "at least half the directions are taken",
            "math.ceil(self.rank / 3)",
            "math.ceil(self.rank / 2)",
        ),
        (
            "the noise floor is the edge of a square matrix",
            "floor = max(sigma * (math.sqrt(p) + math.sqrt(q)), resolution)",
            "floor = max(sigma * 2 * math.sqrt(q), resolution)",
        ),
        ("the floor is not fitted again", "_MAX_ROUNDS = 100", "_MAX_ROUNDS = 1"),
        (
            "the semicircle in place of Marchenko and Pastur",
            "density = np.sin(phi) ** 2 / x",
            "density = np.sin(phi) ** 2",
        ),
    ),
    *_of(
        "evidence/confidence",
        ("a published weight of pools is off", "14.701, 5.304, 1.982", "14.701, 5.304, 0.982"),
        ("a published weight of one search is off", "25.481, 34.631", "25.481, 30.631"),
        ("the bias of one search is off", "34.631), -3.724", "34.631), -3.224"),
    ),
    *_of(
        "evidence/gradients",
        (
            "agreement does not know the label",
            "return kind.to_cotangent(torch.ones_like(labels), labels, outputs, 1)",
            "return kind.to_cotangent(torch.ones_like(labels), labels.abs(), outputs, 1)",
        ),
    ),
    *_of(
        "evidence/gallery",
        ("signs are centred on their mean", "signs.median(0).values", "signs.mean(0)"),
        (
            "recurrence across counts its own restart",
            "(best.sum(1) - own) / max(1, restarts - 1)",
            "best.sum(1) / restarts",
        ),
        ("any margin counts in full", ".clamp(-1, 4), agreement]", ".clamp(-100, 400), agreement]"),
        (
            "the gallery's margin weighs all candidates alike",
            "shares = strengths.clamp_min(0)",
            "shares = strengths.clamp_min(0) * 0 + 1",
        ),
        (
            "agreement divides by S in place of S²",
            "inverse = 1 / (values.square()",
            "inverse = 1 / (values",
        ),
        ("agreement is regularised ten times as much", "_LEAST_SHARE = 0.01", "_LEAST_SHARE = 0.1"),
        (
            "contrast is no logarithm",
            "return [deviation.log(), shown",
            "return [deviation, shown",
        ),
        (
            "spread is that of the unstretched image",
            "shown.flatten(1).std(1), rough.sqrt()]",
            "deviation, rough.sqrt()]",
        ),
        ("roughness is a square", "std(1), rough.sqrt()]", "std(1), rough]"),
        (
            "images of both labels are one",
            "like &= labels[head][:, None] == labels[alive]",
            "like &= True",
        ),
        ("look-alikes are so at 0.6", "SAME = 0.7", "SAME = 0.6"),
    ),
    *_of(
        "evidence/scoring",
        ("SSIM is good above 0.45", "GOOD_SSIM = 0.4", "GOOD_SSIM = 0.45"),
        ("NCC is good above 0.7", "GOOD_NCC = 0.8", "GOOD_NCC = 0.7"),
        (
            "as good as the control's best is above it",
            "self.train.measure > self.control.best",
            "self.train.measure >= self.control.best",
        ),
        (
            "recovered need not be good",
            "None if above is None else self.train.is_good & above",
            "above",
        ),
        (
            "candidates are shown without their mean",
            "shown = stretched(candidates[chosen] + mean)",
            "shown = stretched(candidates[chosen])",
        ),
        (
            "the control is centred by its own mean",
            "match(candidates, control, mu, one_to_one, features)",
            "match(candidates, control, control.mean(0), one_to_one, features)",
        ),
    ),
    *_of(
        "evidence/similarity",
        ("colour is halved bilinearly", 'mode="bicubic"', 'mode="bilinear"'),
        (
            "NCC over all channels at once",
            "channels = images.flatten(2)",
            "channels = images.flatten(1)[:, None]",
        ),
        ("SSIM looks through a larger window", "_SSIM_WINDOW = 3", "_SSIM_WINDOW = 5"),
    ),
    *_of(
        "reconstruction/planning",
        ("fewer candidates for each rank", "(4, 12), (4, 8)", "(4, 10), (4, 8)"),
        ("pools take as many as one search", "(4, 12), (4, 8)", "(4, 12), (4, 12)"),
        ("less smoothness for one search", "_SMOOTHNESS = 4.0, 2.0", "_SMOOTHNESS = 3.0, 2.0"),
        (
            "all of the time limit is spent",
            "_USABLE_SHARE_OF_LIMIT = 0.85",
            "_USABLE_SHARE_OF_LIMIT = 1.0",
        ),
    ),
    *_of(
        "reconstruction/settings",
        ("another pull to one margin by default", "        0.2,\n", "        0.3,\n"),
        ("another first sharpness by default", "        30.0,\n", "        20.0,\n"),
        ("images take larger steps by default", '        0.3, "Step of', '        0.5, "Step of'),
    ),
]
