"""Black boxes of optimizers of PyTorch, optax and Keras, for `identify`; imported when used.

>>> from optlib.boxes import from_torch  # doctest: +SKIP
>>> identify(from_torch(torch.optim.RMSprop, lr=0.01, momentum=0.9))  # doctest: +SKIP
"""

import contextlib

import numpy as np

from optlib.checks import require


def from_torch(make, **options):
    """A black box of a PyTorch optimizer.

    Parameters
    ----------
    make : class or function
        Called with a list of one parameter and the options, as ``torch.optim.Adam`` is.
    **options
        What else it is called with, lr included.
    """
    import torch

    def fresh():
        optimizer, rates = None, []

        def step(x, g, factor):
            nonlocal optimizer
            if optimizer is None:
                parameter = torch.zeros(len(x), dtype=torch.float64, requires_grad=True)
                optimizer = _made("from_torch: make", make, ([parameter],), options, "step")
                rates[:] = [group["lr"] for group in optimizer.param_groups]
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * factor
            parameter = optimizer.param_groups[0]["params"][0]
            parameter.data.copy_(torch.from_numpy(x))
            parameter.grad = torch.from_numpy(g)
            optimizer.step()
            return parameter.detach().numpy().copy()

        return step

    return fresh


def from_optax(make, **options):
    """A black box of an optax transformation; its numbers are made float64 while it is asked.

    Parameters
    ----------
    make : function
        Returns a ``GradientTransformation``, as ``optax.adam`` does. If it takes a
        ``learning_rate`` among the options, it gets a schedule, so that the rate can be changed.
    **options
        What it is called with.
    """
    import jax

    def fresh():
        rate, now = options.get("learning_rate"), {"factor": 1.0}
        changed = {"learning_rate": lambda count: rate * now["factor"]} if rate is not None else {}
        transform = _made("from_optax: make", make, (), options | changed, "update")
        state = None

        def step(x, g, factor):
            nonlocal state
            now["factor"] = factor
            with _float64(jax):
                x, g = jax.numpy.asarray(x), jax.numpy.asarray(g)
                state = transform.init(x) if state is None else state
                change, state = transform.update(g, state, x)
                return np.array(x + change)

        return step if changed else lambda x, g: step(x, g, 1.0)

    return fresh


@contextlib.contextmanager
def _float64(jax):
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    try:
        yield
    finally:
        jax.config.update("jax_enable_x64", before)


def from_keras(make, **options):
    """A black box of a Keras optimizer, with any backend; its numbers are made float64.

    Parameters
    ----------
    make : class or function
        Returns an optimizer, as ``keras.optimizers.Adam`` does.
    **options
        What it is called with.
    """
    import keras

    @contextlib.contextmanager
    def float64():
        before = keras.config.floatx()
        keras.config.set_floatx("float64")
        try:
            if keras.backend.backend() == "jax":
                import jax

                with _float64(jax):
                    yield
            else:
                yield
        finally:
            keras.config.set_floatx(before)

    def fresh():
        optimizer, variable, rate = None, None, None

        def step(x, g, factor):
            nonlocal optimizer, variable, rate
            with float64():
                if optimizer is None:
                    variable = keras.Variable(x, dtype="float64")
                    optimizer = _made("from_keras: make", make, (), options, "apply")
                    optimizer.build([variable])
                    rate = float(optimizer.learning_rate)
                optimizer.learning_rate = rate * factor
                variable.assign(x)
                optimizer.apply([keras.ops.convert_to_tensor(g, dtype="float64")], [variable])
                return np.array(keras.ops.convert_to_numpy(variable), float)

        return step

    return fresh


def _made(name, make, arguments, options, method):
    legal = "a class or a function that makes an optimizer"
    require(callable(make), name, legal, make, TypeError)
    made = make(*arguments, **options)
    require(hasattr(made, method), f"what {name} returns", "an optimizer", made, TypeError)
    return made
