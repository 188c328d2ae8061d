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
            "h_bars[-1].addmm_(pull, weights[-1], alpha=0.5)",
            "h_bars[-1].addmm_(pull, weights[-1], alpha=1.0)",
        ),
        (
            "no way back through the forward pass's gates",
            "z_bar.addcmul_(h_bars[layer], s[layer])",
            "z_bar.addcmul_(h_bars[layer], torch.ones_like(s[layer]))",
        ),
        (
            "the way up forgets the gates",
            "delta_bars[layer + 1].addmm_(delta_bars[layer] * s[layer], weights[layer].T)",
            "delta_bars[layer + 1].addmm_(delta_bars[layer], weights[layer].T)",
        ),
        (
            "whitening is forgotten",
            "            if weighing is not None:\n                residual.weigh(weighing)",
            "            if weighing is None and False:\n                residual.weigh(weighing)",
        ),
        (
            "what flows through the outputs into the multipliers' directions is lost",
            "for each in (pull, by_output) if",
            "for each in (pull,) if",
        ),
        (
            "half the gradient of the images",
            "by_candidates.append(x_bar.mul_(2))",
            "by_candidates.append(x_bar)",
        ),
        (
            "half the gradient of the multipliers",
            "u_bar.mul_(2), part.multipliers",
            "u_bar, part.multipliers",
        ),
    ),
    *_of(
        "stationarity/residuals",
        (
            "the bias counts as if it were not whitened",
            "self.bias *= weighing.bias",
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
            "self._directions(outputs, labels) * (multipliers / count)[:, None]",
            "self._directions(outputs, labels) * multipliers[:, None]",
        ),
        (
            "the multipliers' gradient does not know their direction",
            "(cotangent_gradient * self._directions(outputs, labels)).sum(1)",
            "cotangent_gradient.sum(1)",
        ),
        (
            "one output's multipliers do not know the label",
            "return labels[:, None]",
            "return labels[:, None].abs()",
        ),
        (
            "multipliers start on both sides of zero",
            "return torch.rand(count, generator=generator, dtype=dtype)",
            "return torch.rand(count, generator=generator, dtype=dtype) - 0.5",
        ),
        (
            "those of each class start as large as one alone",
            "return drawn * (2 / self.outputs)",
            "return drawn",
        ),
        (
            "multipliers of any sign start with one",
            "return torch.randn(*self.shape(count)",
            "return torch.rand(*self.shape(count)",
        ),
        (
            "the multiplier of the own class counts",
            "others = multipliers.scatter(1, own, 0.0)",
            "others = multipliers",
        ),
        (
            "a class may take an image away",
            "penalty = missing.square().sum() + negative.square().sum()",
            "penalty = missing.square().sum() + 0 * negative.square().sum()",
        ),
        (
            "nothing pulls up what is negative",
            "(-2 * (missing[:, None] + negative))",
            "(-2 * (missing[:, None] + 0 * negative))",
        ),
        (
            "the own class has a share of the wrong ones",
            "return outputs.scatter(1, own, -torch.inf).softmax(1)",
            "return outputs.softmax(1)",
        ),
        (
            "shares among wrong classes do not compete",
            "scale * (shares * through_wrong - weighted)",
            "scale * -weighted",
        ),
        (
            "how much a candidate explains counts its own class",
            "return multipliers.scatter(1, labels.long()[:, None], 0.0).sum(1)",
            "return multipliers.sum(1)",
        ),
    ),
    *_of(
        "stationarity/cases",
        (
            "a margin leaves each pair of classes free",
            'if training == "pairwise":',
            'if training in ("margin", "pairwise"):',
        ),
        (
            "pairs of classes are tied",
            'if training == "pairwise":',
            "if False:",
        ),
    ),
    *_of(
        "stationarity/weighing",
        (
            "directions count by the root of their weight",
            "residual = residual.mul_(self.input)",
            "residual = residual.mul_(self.input.sqrt())",
        ),
        (
            "leading directions of a hidden layer count twice",
            "mul_(self.excess)",
            "mul_(self.excess + self.others)",
        ),
        ("half the whitening", "least**2).pow(-power)", "least**2).pow(-power / 2)"),
        (
            "heavy neurons count more",
            "shares = (squares + least).pow(-power)",
            "shares = (squares + least).pow(power)",
        ),
        ("the bias of quiet neurons is not heard", "bias=shares * self.bias", "bias=self.bias"),
        ("whitening stops at a tenth", "LEAST_SHARE = 0.01", "LEAST_SHARE = 0.1"),
        (
            "the whitened bias is not on the common scale",
            "bias = common * (bias_norm**2 + least**2) ** -power",
            "bias = (bias_norm**2 + least**2) ** -power",
        ),
        (
            "whitening changes the size of the loss",
            "return common * weights,",
            "return values.square().mean() * weights,",
        ),
        (
            "what a hidden layer does not read counts by the root of its weight",
            "common * least ** (-2 * power)",
            "common * least ** -power",
        ),
        (
            "faint directions of a hidden layer are all alike",
            "LEAST_SHARE * values[0] / 3",
            "LEAST_SHARE * values[0] * 3",
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
            "shares = self.kind.strength(multipliers, labels).relu()",
            "shares = torch.ones_like(labels)",
        ),
        (
            "margins on the wrong side count for the common one",
            "(shares * margins.relu()).sum()",
            "(shares * margins).sum()",
        ),
        ("a margin is taken for known too late", "_LEAST_SHARE = 0.05", "_LEAST_SHARE = 0.5"),
        ("half the pixels' pull", "pull_back_pixels(scale * outside)", "pull_back_pixels(outside)"),
        ("pixels pull in one step of three", "_PULLED_EVERY = 10, 2", "_PULLED_EVERY = 10, 3"),
        (
            "pixels below −1 are let go",
            "outside = (pixels - self._upper).relu() - (self._lower - pixels).relu()",
            "outside = (pixels - self._upper).relu()",
        ),
        ("one step in five looks at the pixels", "_EVERY = 10, 2", "_EVERY = 5, 2"),
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
            "multipliers=_FLOOR_WEIGHT * gradient",
            "multipliers=_FLOOR_WEIGHT / 2 * gradient",
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
            "the pull to one margin never waits",
            "self._stationarity if pulls_to_margin else self._without_margin",
            "self._stationarity",
        ),
        (
            "the margin's pull scales with another layer",
            "squared_norm(seen.explained.weights[-1])",
            "squared_norm(seen.explained.weights[0])",
        ),
        (
            "no whitening",
            "if self.space is not None:\n            bias_norm",
            "if False:\n            bias_norm",
        ),
        (
            "the whitened bias takes its squared norm",
            "else float(biases[0].norm())",
            "else float(biases[0].norm()) ** 2",
        ),
        (
            "hidden layers are whitened as the first is",
            "biases[layer], settings.hidden_whitening, device, dtype",
            "biases[layer], settings.whitening, device, dtype",
        ),
        (
            "the last layer is whitened, too",
            "range(first, target.network.depth - 1)",
            "range(first, target.network.depth)",
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
        "stationarity/layered",
        (
            "nothing flows through gates of convolutions",
            "through_gate = activation",
            "_ = activation",
        ),
        (
            "a bias of a convolution hears one place",
            "delta.sum((0, 2, 3))",
            "delta.sum(0)[:, 0, 0]",
        ),
    ),
    *_of(
        "reconstruction/features",
        (
            "features count from nothing",
            "away = there.outputs - self._empty",
            "away = there.outputs",
        ),
        ("half the pull to features", "mul_(2 * self._weight", "mul_(self._weight"),
    ),
    *_of(
        "reconstruction/noise",
        (
            "gates ask the first hidden layer alone",
            "for each in z]",
            "for each in z[:1]]",
        ),
        (
            "gates ask the mean of all layers",
            "medians.clamp_min(_TINY).log().mean().exp()",
            "medians.mean()",
        ),
        (
            "gates ask noise of another strength",
            "(scale * self.stretch * noise)",
            "(self.stretch * noise)",
        ),
        (
            "gates forget that noise is stretched",
            "(scale * self.stretch * noise)",
            "(scale * noise)",
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
            "noise * scale)",
            "noise * scale * 2)",
        ),
        (
            "the multipliers' step does not grow with them",
            "rate * (size / _USUAL_SIZE) ** growth",
            "rate * (self._problem.kind.initial_size / _USUAL_SIZE) ** growth",
        ),
        (
            "the multipliers' step does not know how large they start",
            "clamp_min(self._problem.kind.initial_size)",
            "clamp_min(_USUAL_SIZE)",
        ),
        (
            "the multipliers' step shrinks with them",
            "self.multipliers.abs().mean().clamp_min(self._problem.kind.initial_size)",
            "self.multipliers.abs().mean()",
        ),
        (
            "multipliers of either sign cancel in the size of their step",
            "self.multipliers.abs().mean()",
            "self.multipliers.mean()",
        ),
        (
            "the published step grows, too",
            "if not growth:\n            return rate",
            "growth = 1.0\n        if not growth:\n            return rate",
        ),
        (
            "the multipliers' rate does not decay",
            "optimizer.move(gradient, rate * decay)",
            "optimizer.move(gradient, rate * decay if isinstance(rate, float) else rate)",
        ),
        (
            "the constraint leaves the multipliers out",
            "whole = torch.stack(seen).sum()",
            "whole = seen[0]",
        ),
    ),
    *_of(
        "reconstruction/optimizers",
        ("less momentum", "_MOMENTUM = 0.9", "_MOMENTUM = 0.8"),
        ("the first steps of Adam are small", "rate / (1 - _FIRST**self._steps)", "rate * 1.0"),
        (
            "a rate on the device loses the size of gradients",
            "self._mean / size * step",
            "self._mean * step",
        ),
    ),
    *_of(
        "network/classes",
        (
            "one candidate more is of an earlier class",
            "(torch.arange(count) * self.count + self.count - 1)",
            "(torch.arange(count) * self.count)",
        ),
        (
            "the runner-up is the network's own choice",
            "best, runner_up = outputs.scatter(1, own, -torch.inf).max(1, keepdim=True)",
            "best, runner_up = outputs.max(1, keepdim=True)",
        ),
        (
            "the runner-up does not pull",
            ".scatter(1, own, 1.0).scatter(1, runner_up, -1.0)",
            ".scatter(1, own, 1.0)",
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
    ),
    *_of(
        "stationarity/spectrum",
        (
            "faint directions are taken",
            "least = max(self.floor, self._faintest)",
            "least = self.floor",
        ),
        (
            "directions below the floor are taken",
            "least = max(self.floor, self._faintest)",
            "least = self._faintest",
        ),
        (
            "a start hides images wherever there is a floor",
            "return self.floor > self._faintest",
            "return self.floor > 0",
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
        ("signs are centred on their mean", "signs.median(0).values", "signs.mean(0)"),
        ("a published weight of pools is off", "7.897, 3.747, 0.989", "7.897, 3.747, 0.089"),
        ("a published weight of one search is off", "40.449, 39.79", "40.449, 35.79"),
        ("the bias of one search is off", "4.942), -3.109", "4.942), -2.609"),
    ),
    *_of(
        "evidence/nulls",
        (
            "a p-value can be zero",
            "(1 + self.reaching(logits).double()) / (1 + self.images)",
            "self.reaching(logits).double() / (1 + self.images)",
        ),
        (
            "what lies between two places of the table is left out",
            "(rank - 1 for rank in self.ranks)",
            "(rank - 2 for rank in self.ranks)",
        ),
        (
            "all images of a gallery count where some are as trusted",
            "share = (expected / places)",
            "share = (expected / len(places))",
        ),
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
            "_deviation(images).clamp_min(_TINY).log()",
            "_deviation(images).clamp_min(_TINY)",
        ),
        (
            "spread is that of the unstretched image",
            "_deviation(shown), rough.sqrt()]",
            "_deviation(images), rough.sqrt()]",
        ),
        ("roughness is a square", "_deviation(shown), rough.sqrt()]", "_deviation(shown), rough]"),
    ),
    *_of(
        "evidence/groups",
        (
            "images of both labels are one",
            "return like & (labels[ones][:, None] == labels[others])",
            "return like",
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
            "shown, real = stretched(candidates[chosen] + mean)",
            "shown, real = stretched(candidates[chosen])",
        ),
        (
            "the control is centred by its own mean",
            "match(candidates, control, mu, *how)",
            "match(candidates, control, control.mean(0), *how)",
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
        ("images take larger steps by default", "_RATE_PIXELS = 0.3,", "_RATE_PIXELS = 0.6,"),
        ("with convolutions, too", "0.3, 0.08", "0.3, 0.16"),
        ("pooling is held as smooth as a stride", "FEATURES = 3.0, 10.0", "FEATURES = 3.0, 3.0"),
        ("a filled layer tells features", "_FILLED = 0.8", "_FILLED = 1.1"),
        ("fewer candidates for each rank", "(4, 12), (4, 8)", "(4, 10), (4, 8)"),
        ("pools take as many as one search", "(4, 12), (4, 8)", "(4, 12), (4, 12)"),
        ("candidates forget what a start hides", "_HIDDEN_IMAGES = 2", "_HIDDEN_IMAGES = 1"),
        (
            "hidden layers are whitened whatever set them",
            "power = 0.0 if is_as_published else _HIDDEN_WHITENING",
            "power = _HIDDEN_WHITENING",
        ),
        (
            "a regression of one output is taken for the paper's case",
            'not in ("decay", "tuned", "free")',
            'not in ("decay", "tuned")',
        ),
        (
            "several outputs are taken for the paper's case",
            "is_towards_margin and network.output_count == 1",
            "is_towards_margin",
        ),
        (
            "another pull to one margin by default",
            "_TOWARDS_ONE_MARGIN = 0.2",
            "_TOWARDS_ONE_MARGIN = 0.3",
        ),
        (
            "decay pulls as much to one margin",
            '{"decay": 0.1,',
            '{"decay": 0.2,',
        ),
        ("a pull to one margin in fine-tuned networks", '"tuned": 0.0}', '"tuned": 0.1}'),
        (
            "another first sharpness by default",
            "_RISE = 2.0, 5.0",
            "_RISE = 3.0, 5.0",
        ),
        (
            "gates end as sharp as twice their start",
            "_RISE = 2.0, 5.0",
            "_RISE = 2.0, 2.0",
        ),
        (
            "a sharpness at the start that is set is passed over",
            "start, end = settings.alpha_start, settings.alpha_end",
            "start, end = 0.0, settings.alpha_end",
        ),
        ("less smoothness for one search", "_SMOOTHNESS = 4.0, 2.0", "_SMOOTHNESS = 3.0, 2.0"),
        (
            "all of the time limit is spent",
            "_USABLE_SHARE_OF_LIMIT = 0.85",
            "_USABLE_SHARE_OF_LIMIT = 1.0",
        ),
    ),
]
