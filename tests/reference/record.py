"""Record how PyTorch, Optax, Keras and MLX move along one rough stream of gradients.

``trajectories.npz`` in ``optlib/datasets/data`` lets the tests compare optlib with these libraries
where none of them is installed. Record it again, in an environment of its own, with

    python -m venv scratch
    scratch/bin/pip install numpy==2.4.6 torch==2.13.0 jax==0.10.2 jaxlib==0.10.2
    scratch/bin/pip install optax==0.2.8 keras==3.15.1 "mlx[cpu]==0.32.4"
    PYTHONPATH=tests scratch/bin/python -m reference.record

The CPU build of PyTorch is enough. Everything is float64. The file holds the stream itself (not
a seed, since NumPy may change its random streams), every run's constructor and options, the
libraries' versions and default hyperparameters, and the parameters after every 20th step.

A new library version that changes a rule fails the tests where that version is installed. Then
record again, correct ``optlib/conventions.py``, and the book where it speaks of that library.
"""

import inspect
import json
import os
from importlib import metadata

import numpy as np

from .runs import FILE, RUNS, follow, make_stream


def torch_constructor(rule):
    import torch

    return getattr(torch.optim, rule)


def torch_stepper(run, x0):
    """Return g -> next x for PyTorch."""
    import torch

    x = torch.tensor(x0)
    optimizer = torch_constructor(run.rule)([x], **run.options)
    rates = iter(run.options["lr"] * run.factors())

    def step(g):
        optimizer.param_groups[0]["lr"] = float(next(rates))
        x.grad = torch.tensor(g)
        optimizer.step()
        return x.numpy().copy()

    return step


def optax_constructor(rule):
    import optax

    def ema(learning_rate, decay):
        return optax.chain(
            optax.ema(decay, debias=False), optax.scale_by_learning_rate(learning_rate)
        )

    def paper_adamw(learning_rate, weight_decay, b1=0.9, b2=0.999, eps=1e-8):
        return optax.chain(
            optax.scale_by_adam(b1, b2, eps),
            optax.scale(learning_rate),
            optax.add_decayed_weights(weight_decay),
            optax.scale(-1.0),
        )

    return {"ema": ema, "paper_adamw": paper_adamw}.get(rule) or getattr(optax, rule)


def optax_stepper(run, x0):
    """Return g -> next x for Optax."""
    import jax

    jax.config.update("jax_enable_x64", True)
    options = dict(run.options)
    if run.drop:
        rates = jax.numpy.array(options["learning_rate"] * run.factors())
        options["learning_rate"] = lambda count: rates[count]
    optimizer = optax_constructor(run.rule)(**options)
    x, state = jax.numpy.array(x0), optimizer.init(jax.numpy.array(x0))
    update = jax.jit(optimizer.update)

    def step(g):
        nonlocal x, state
        change, state = update(jax.numpy.array(g), state, x)
        x = x + change
        return np.array(x)

    return step


def keras_constructor(rule):
    os.environ.setdefault("KERAS_BACKEND", "jax")
    import keras

    return getattr(keras.optimizers, rule)


def keras_stepper(run, x0):
    """Return g -> next x for Keras."""
    constructor = keras_constructor(run.rule)
    import keras

    if keras.backend.backend() == "jax":
        import jax

        jax.config.update("jax_enable_x64", True)
    keras.config.set_floatx("float64")
    x = keras.Variable(x0)
    optimizer = constructor(**run.options)
    optimizer.build([x])
    rates = iter(run.options["learning_rate"] * run.factors())

    def step(g):
        optimizer.learning_rate = float(next(rates))
        optimizer.apply([keras.ops.convert_to_tensor(g)], [x])
        return np.array(keras.ops.convert_to_numpy(x))

    return step


def mlx_constructor(rule):
    import mlx.optimizers

    return getattr(mlx.optimizers, rule)


def mlx_stepper(run, x0):
    """Return g -> next x for MLX, whose rates and step count are float32 unless told otherwise."""
    import mlx.core as mx

    mx.set_default_device(mx.cpu)
    x = {"x": mx.array(x0, dtype=mx.float64)}
    optimizer = mlx_constructor(run.rule)(**run.options)
    optimizer.init(x)
    optimizer.state["step"] = mx.array(0, dtype=mx.float64)
    rates = iter(run.options["learning_rate"] * run.factors())

    def step(g):
        nonlocal x
        optimizer.learning_rate = mx.array(float(next(rates)), dtype=mx.float64)
        x = optimizer.apply_gradients({"x": mx.array(g, dtype=mx.float64)}, x)
        return np.array(x["x"])

    return step


CONSTRUCTORS = {"torch": torch_constructor, "optax": optax_constructor,
                "keras": keras_constructor, "mlx": mlx_constructor}  # fmt: skip
STEPPERS = {"torch": torch_stepper, "optax": optax_stepper,
            "keras": keras_stepper, "mlx": mlx_stepper}  # fmt: skip


def path_of(run, stream):
    """Return what the library does on the stream, shape (records, d)."""
    return follow(stream, STEPPERS[run.library](run, stream.x0))


def defaults(library, rule):
    """Return the library's own default hyperparameters."""
    parameters = inspect.signature(CONSTRUCTORS[library](rule)).parameters.values()
    return {p.name: p.default for p in parameters
            if isinstance(p.default, (bool, int, float, tuple, list))}  # fmt: skip


def main():
    """Record every run into FILE."""
    stream = make_stream(np.random.default_rng(0))
    paths = np.array([path_of(run, stream) for run in RUNS])
    versions = {name: metadata.version(name) for name in [*STEPPERS, "numpy", "jax"]}
    about = {
        "readme": "Recorded by tests/reference/record.py in float64 on CPU with "
        + ", ".join(f"{name} {version}" for name, version in versions.items()),
        "versions": versions,
        "defaults": {f"{lib}.{rule}": defaults(lib, rule)
                     for lib, rule in dict.fromkeys((r.library, r.rule) for r in RUNS)},
        "runs": RUNS,
    }  # fmt: skip
    np.savez_compressed(FILE, about=json.dumps(about), paths=paths, **stream._asdict())
    print(f"{len(RUNS)} runs, {FILE.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
