"""The rough stream of gradients, and every run that is recorded along it."""

from typing import NamedTuple

import numpy as np

from optlib.datasets import DATA, load_trajectories
from optlib.forms import form_of

FILE = DATA / "trajectories.npz"
STEPS, EVERY = 360, 20


class Run(NamedTuple):
    """One recorded run: a library's constructor, its options, and whether lr falls halfway."""

    library: str
    rule: str
    options: dict
    drop: bool = False

    def __str__(self):
        options = ", ".join(f"{name}={value}" for name, value in self.options.items())
        return f"{self.library}.{self.rule}({options})" + ", lr/10 halfway" * self.drop

    def factors(self):
        """Return the factor on lr at each step, shape (steps,)."""
        return np.where(np.arange(STEPS) < STEPS // 2, 1.0, 0.1 if self.drop else 1.0)

    def form(self):
        """Return what optlib has in place of the library's rule."""
        return form_of(f"{self.library}.{self.rule}", **self.options)


class Stream(NamedTuple):
    """Gradients that depend on x, with noise, exact zeros and jumps of scale."""

    x0: np.ndarray  # (d,)
    matrix: np.ndarray  # (d, d), positive definite
    gain: np.ndarray  # (steps, d), feedback from x: 0 where there is no gradient, at most 1
    noise: np.ndarray  # (steps, d)

    def gradient(self, x, t):
        """Return the gradient, shape (d,), at step t = 1, 2, ..."""
        return self.gain[t - 1] * (self.matrix @ x) + self.noise[t - 1]


def make_stream(rng):
    """Draw the stream: eight coordinates, each rough in its own way."""
    d = 8
    t = np.arange(STEPS)
    scale = np.ones((STEPS, d))  # coordinate 0 stays plain
    scale[(t >= 120) & (t < 150), 1] = 1e4  # a burst
    scale[t < 180, 2] = 1e-6  # tiny gradients until halfway
    scale[:, 3] = (t >= 100) & (rng.random(STEPS) < 0.05)  # silent for 100 steps, then rare
    scale[:, 4] = rng.random(STEPS) < 0.1  # sparse throughout
    scale[:, 5] = 0  # never a gradient
    scale[:, 6] = np.array([1e-6, 1, 1e4, 1e-2, 1e-6, 1e2])[t // 60]  # jumps every 60 steps
    scale[(t >= 150) & (t < 300), 7] = 0  # falls silent, then returns
    axes, _ = np.linalg.qr(rng.standard_normal((d, d)))
    matrix = (axes * np.geomspace(0.1, 2, d)) @ axes.T
    x0 = rng.standard_normal(d)
    x0[[2, 6]] = 0  # so that moves of 1e-9 are not lost beside a start of 1
    return Stream(x0, matrix, np.minimum(scale, 1), scale * rng.standard_normal((STEPS, d)))


def follow(stream, step):
    """Return x after every EVERY-th step, shape (records, d), first the start."""
    x, path = stream.x0, [stream.x0]
    for t in range(1, STEPS + 1):
        x = step(stream.gradient(x, t))
        if t % EVERY == 0:
            path.append(x)
    return np.array(path)


def path_of(run, form, stream):
    """Return the path of a form along the stream with the run's schedule, shape (records, d)."""
    x, state, factors = stream.x0, None, iter(run.factors())

    def step(g):
        nonlocal x, state
        x, state = form.step(x, g, state, next(factors))
        return x

    return follow(stream, step)


def load():
    """Return what was recorded: a dict about it, the stream, paths of shape (runs, records, d)."""
    *stream, paths, about = load_trajectories()
    return about, Stream(*stream), paths


def runs(library, rule, *settings):
    """Return one Run for each setting, whose ``drop`` is the schedule, not an option."""
    drops = [setting.pop("drop", False) for setting in settings]
    return [Run(library, rule, *setting) for setting in zip(settings, drops, strict=True)]


RUNS = [
    *runs("torch", "SGD", dict(lr=0.01), dict(lr=0.3), dict(lr=0.1, drop=True),
          dict(lr=0.01, momentum=0.9), dict(lr=0.05, momentum=0.5), dict(lr=0.01, momentum=0.99),
          dict(lr=0.05, momentum=0.9, drop=True),
          dict(lr=0.05, momentum=0.9, dampening=0.9),
          dict(lr=0.05, momentum=0.9, dampening=0.5, drop=True),
          dict(lr=0.01, momentum=0.9, nesterov=True), dict(lr=0.1, momentum=0.5, nesterov=True),
          dict(lr=0.01, momentum=0.99, nesterov=True),
          dict(lr=0.05, momentum=0.9, nesterov=True, drop=True)),
    *runs("torch", "Adagrad", dict(lr=0.01), dict(lr=1.0), dict(lr=0.1, eps=1e-3),
          dict(lr=0.1, initial_accumulator_value=0.1)),
    *runs("torch", "RMSprop", dict(lr=0.01), dict(lr=0.01, alpha=0.9, eps=1e-3),
          dict(lr=0.001, alpha=0.999), dict(lr=0.001, momentum=0.9),
          dict(lr=0.01, alpha=0.9, eps=1e-3, momentum=0.5, drop=True)),
    *runs("torch", "Adadelta", dict(lr=1.0), dict(lr=0.1, rho=0.95, eps=1e-7),
          dict(lr=1.0, rho=0.99, eps=1e-3)),
    *runs("torch", "Adam", dict(lr=0.001), dict(lr=0.01, betas=(0.9, 0.99), eps=1e-3),
          dict(lr=0.1, betas=(0.5, 0.9), eps=1e-6), dict(lr=0.01, betas=(0.0, 0.999)),
          dict(lr=0.001, weight_decay=0.1), dict(lr=0.01, eps=1e-3, weight_decay=0.01),
          dict(lr=0.1, betas=(0.9, 0.9), weight_decay=1.0),
          dict(lr=0.001, amsgrad=True), dict(lr=0.01, betas=(0.9, 0.9), amsgrad=True),
          dict(lr=0.1, betas=(0.5, 0.99), eps=1e-3, amsgrad=True)),
    *runs("torch", "AdamW", dict(lr=0.001), dict(lr=0.01, weight_decay=1.0, drop=True),
          dict(lr=0.1, betas=(0.9, 0.99), eps=1e-3, weight_decay=0.1)),

    *runs("optax", "sgd", dict(learning_rate=0.01), dict(learning_rate=0.3),
          dict(learning_rate=0.1, drop=True),
          dict(learning_rate=0.01, momentum=0.9), dict(learning_rate=0.01, momentum=0.99),
          dict(learning_rate=0.05, momentum=0.9, drop=True),
          dict(learning_rate=0.01, momentum=0.9, nesterov=True),
          dict(learning_rate=0.1, momentum=0.5, nesterov=True),
          dict(learning_rate=0.05, momentum=0.9, nesterov=True, drop=True)),
    *runs("optax", "ema", dict(learning_rate=0.1, decay=0.9),
          dict(learning_rate=0.5, decay=0.9, drop=True), dict(learning_rate=0.5, decay=0.99)),
    *runs("optax", "adagrad", dict(learning_rate=0.01), dict(learning_rate=0.1, eps=1e-3),
          dict(learning_rate=0.1, eps=1e-10, initial_accumulator_value=0.0)),
    *runs("optax", "rmsprop", dict(learning_rate=0.01), dict(learning_rate=0.01, eps=1e-3),
          dict(learning_rate=0.001, decay=0.99, initial_scale=1.0, eps=1e-10),
          dict(learning_rate=0.01, eps_in_sqrt=False),
          dict(learning_rate=0.01, decay=0.99, eps=1e-3, eps_in_sqrt=False),
          dict(learning_rate=0.001, decay=0.999, eps_in_sqrt=False, initial_scale=1.0),
          dict(learning_rate=0.001, decay=0.99, eps_in_sqrt=False, bias_correction=True),
          dict(learning_rate=0.01, momentum=0.9, eps_in_sqrt=False),
          dict(learning_rate=0.01, momentum=0.9, eps_in_sqrt=False, drop=True)),
    *runs("optax", "adadelta", dict(learning_rate=1.0),
          dict(learning_rate=0.1, rho=0.95, eps=1e-7),
          dict(learning_rate=1.0, rho=0.99, eps=1e-3)),
    *runs("optax", "adam", dict(learning_rate=0.001),
          dict(learning_rate=0.01, b2=0.99, eps=1e-3),
          dict(learning_rate=0.1, b1=0.5, b2=0.9, eps=1e-6),
          dict(learning_rate=0.01, eps=0.0, eps_root=1e-8)),
    *runs("optax", "amsgrad", dict(learning_rate=0.001), dict(learning_rate=0.01, b2=0.9),
          dict(learning_rate=0.1, b1=0.5, b2=0.99, eps=1e-3),
          dict(learning_rate=0.01, b2=0.99, bias_correction_mu=False, bias_correction_nu=False)),
    *runs("optax", "adamw", dict(learning_rate=0.001),
          dict(learning_rate=0.01, weight_decay=1.0, drop=True),
          dict(learning_rate=0.1, b2=0.99, eps=1e-3, weight_decay=0.1)),
    *runs("optax", "paper_adamw", dict(learning_rate=0.01, weight_decay=0.01),
          dict(learning_rate=0.001, b2=0.99, eps=1e-3, weight_decay=0.001)),
    *runs("optax", "lion", dict(learning_rate=0.001),
          dict(learning_rate=0.01, b1=0.95, b2=0.98, weight_decay=1.0, drop=True)),

    *runs("keras", "SGD", dict(learning_rate=0.01), dict(learning_rate=0.3),
          dict(learning_rate=0.1, drop=True),
          dict(learning_rate=0.01, momentum=0.9), dict(learning_rate=0.01, momentum=0.99),
          dict(learning_rate=0.05, momentum=0.9, drop=True),
          dict(learning_rate=0.01, momentum=0.9, nesterov=True),
          dict(learning_rate=0.1, momentum=0.5, nesterov=True),
          dict(learning_rate=0.05, momentum=0.9, nesterov=True, drop=True)),
    *runs("keras", "Adagrad", dict(learning_rate=0.001), dict(learning_rate=0.1, epsilon=1e-3),
          dict(learning_rate=0.1, initial_accumulator_value=0.0)),
    *runs("keras", "RMSprop", dict(learning_rate=0.001), dict(learning_rate=0.01, epsilon=1e-3),
          dict(learning_rate=0.01, rho=0.99), dict(learning_rate=0.001, momentum=0.9),
          dict(learning_rate=0.01, momentum=0.9, drop=True)),
    *runs("keras", "Adadelta", dict(learning_rate=0.001), dict(learning_rate=1.0),
          dict(learning_rate=1.0, rho=0.9, epsilon=1e-3)),
    *runs("keras", "Adam", dict(learning_rate=0.001),
          dict(learning_rate=0.01, beta_2=0.99, epsilon=1e-3),
          dict(learning_rate=0.1, beta_1=0.5, beta_2=0.9, epsilon=1e-6),
          dict(learning_rate=0.01, weight_decay=1.0, drop=True),
          dict(learning_rate=0.001, amsgrad=True),
          dict(learning_rate=0.01, beta_2=0.9, epsilon=1e-6, amsgrad=True),
          dict(learning_rate=0.1, beta_1=0.5, beta_2=0.99, epsilon=1e-3, amsgrad=True)),
    *runs("keras", "AdamW", dict(learning_rate=0.001),
          dict(learning_rate=0.01, weight_decay=1.0, drop=True),
          dict(learning_rate=0.1, beta_2=0.99, epsilon=1e-3, weight_decay=0.1)),
    *runs("keras", "Lion", dict(learning_rate=0.001),
          dict(learning_rate=0.01, beta_1=0.95, beta_2=0.98, weight_decay=1.0, drop=True)),

    *runs("mlx", "SGD", dict(learning_rate=0.1, momentum=0.9, dampening=0.9),
          dict(learning_rate=0.5, momentum=0.9, dampening=0.9, drop=True),
          dict(learning_rate=0.05, momentum=0.9, drop=True),
          dict(learning_rate=0.05, momentum=0.9, nesterov=True, drop=True)),
    *runs("mlx", "Adagrad", dict(learning_rate=0.01), dict(learning_rate=0.1, eps=1e-3)),
    *runs("mlx", "RMSprop", dict(learning_rate=0.01),
          dict(learning_rate=0.01, alpha=0.9, eps=1e-3)),
    *runs("mlx", "Adam", dict(learning_rate=0.001),
          dict(learning_rate=0.01, betas=(0.9, 0.99), eps=1e-3),
          dict(learning_rate=0.001, bias_correction=True)),
    *runs("mlx", "AdamW", dict(learning_rate=0.001),
          dict(learning_rate=0.01, weight_decay=1.0, bias_correction=True)),
    *runs("mlx", "Lion", dict(learning_rate=0.001),
          dict(learning_rate=0.01, betas=(0.95, 0.98), weight_decay=1.0, drop=True)),
]  # fmt: skip
