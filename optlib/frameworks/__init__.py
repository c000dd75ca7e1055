"""A rule leaves the book: the optimizer of PyTorch, or of JAX, that does what its `step` says.

Both are read off the traced program of the rule; nothing is written a second time. A rule that
cannot be traced, or that mixes coordinates, is refused. PyTorch and JAX load when they are needed.
"""

from importlib import import_module


def to_torch(rule, compiled=False):
    """The rule as a class of PyTorch optimizers, to be used like those of `torch.optim`.

    Parameters
    ----------
    rule : Optimizer or subclass
        Its hyperparameters, single numbers, are the defaults of the class; its flags are settled.
    compiled : bool, default False
        True fuses the step by `torch.compile`: several times faster for large parameters, after
        some seconds at the first step, and it needs a C++ compiler. False computes by PyTorch's
        operations on lists of tensors, in place.

    Returns
    -------
    subclass of torch.optim.Optimizer
        Called with parameters or groups of them, and hyperparameters by name. The state holds,
        for each parameter that ever had a gradient, its steps t and the rule's other entries.

    Raises
    ------
    TypeError
        If the rule cannot be traced, mixes coordinates, or has arrays of hyperparameters. When it
        steps, for gradients that are sparse or parameters that are not floating point.
    ModuleNotFoundError
        If PyTorch is not installed.

    Examples
    --------
    Two lines of a PyTorch script change, of which one is this import::

        from optlib.frameworks import to_torch
        optimizer = to_torch(Signum(lr=1e-3))(model.parameters())

    Schedulers change ``group["lr"]``; a checkpoint of ``state_dict()`` continues bit for bit.
    """
    return _module("in_torch", "to_torch", "torch").optimizer(rule, compiled)


def to_optax(rule):
    """The rule as a gradient transformation of optax, for any tree of parameters.

    Parameters
    ----------
    rule : Optimizer or subclass
        Its hyperparameters are single numbers.

    Returns
    -------
    optax.GradientTransformation, or a function that makes one
        A rule gives the transformation. A class gives what `optax.adam` is, a function of
        hyperparameters, which may be values of JAX: so
        ``optax.inject_hyperparams(to_optax(Adam))(lr=schedule)``. The state is the rule's own,
        with a tree for each entry, and None for entries that the rule does not use.

    Raises
    ------
    TypeError
        If the rule cannot be traced, mixes coordinates, or has arrays of hyperparameters.
    ValueError
        From ``update``, if the rule reads x and is not given ``params``.
    ModuleNotFoundError
        If JAX or optax is not installed.

    Examples
    --------
    Two lines of a JAX script change, of which one is this import::

        from optlib.frameworks import to_optax
        optimizer = to_optax(Signum(lr=1e-3))
    """
    return _module("in_optax", "to_optax", "jax").transformation(rule)


def _module(name, function, extra):
    """Import a part of this package, or say what to install."""
    try:
        return import_module(f"optlib.frameworks.{name}")
    except ModuleNotFoundError as error:
        if error.name not in ("torch", "jax", "optax"):
            raise
        message = f"{function} needs {error.name}: pip install {error.name}, or optlib [{extra}]"
        raise ModuleNotFoundError(message, name=error.name) from error
