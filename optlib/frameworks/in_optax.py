"""The rule in JAX: its program on every leaf of a tree."""

import functools
import inspect
from dataclasses import replace

import jax
import jax.numpy as jnp
import optax

from optlib.checks import require
from optlib.frameworks.recipe import Recipe


def transformation(rule):
    """The gradient transformation of a rule, or for a class the function that makes one."""
    if not isinstance(rule, type):
        recipe = Recipe(rule)
        return _transformation(recipe, {name: getattr(rule, name) for name in recipe.hyper})
    parameters = list(inspect.signature(rule.__init__).parameters.values())
    signature = inspect.Signature(parameters[1:])  # without self

    @functools.wraps(rule, updated=())
    def make(*values, **named):
        values = signature.bind(*values, **named)
        values.apply_defaults()
        values = values.arguments
        unknown = {name for name, value in values.items() if isinstance(value, jax.Array)}
        recipe = Recipe(rule(**{n: 0.5 if n in unknown else v for n, v in values.items()}))
        hyper = {name: getattr(recipe.rule, name) for name in recipe.hyper}
        return _transformation(recipe, hyper | {name: values[name] for name in unknown})

    make.__signature__ = signature
    return make


def _transformation(recipe, hyper):
    program, first, slots = recipe.program, recipe.first, recipe.slots
    end = program.outputs["x"]
    operation, *arguments = recipe.lines[end]
    minus = operation == "subtract" and arguments[0] == 0  # x - d: optax shall add -d, as it is
    end = arguments[1] if minus else end
    reads_x = not minus or 0 in recipe.needed(end)
    program = replace(program, outputs=program.outputs | {"x": end})
    ignored = dict.fromkeys(program.inputs, 0) | hyper
    counted = "t" in first._fields

    def init(params):
        def filled(value):
            return jax.tree.map(lambda p: jnp.full_like(p, value), params)

        entries = {field: filled(getattr(first, field)) for field in slots}
        entries |= {"t": jnp.asarray(first.t, jnp.int32)} if counted else {}
        return type(first)(**dict.fromkeys(first._fields) | entries)

    def update(grads, state, params=None):
        name = f"{type(recipe.rule).__name__}.update: params"
        require(params is not None or not reads_x, name, "given, the rule reads x", params)
        leaves, tree = jax.tree.flatten(grads, is_leaf=lambda g: g is None)
        columns = {field: tree.flatten_up_to(getattr(state, field)) for field in slots}
        columns["x"] = [0] * len(leaves) if params is None else tree.flatten_up_to(params)
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        after = [leaf_after(*pair, state) for pair in zip(leaves, rows, strict=True)]
        new = {field: tree.unflatten([leaf[field] for leaf in after]) for field in columns}
        if counted:
            new["t"] = next((leaf["t"] for leaf in after if "t" in leaf), state.t)
        return new.pop("x"), state._replace(**new)

    def leaf_after(g, before, state):
        if g is None:  # what is not trained
            return before | {"x": None}
        count = {"t": state.t} if counted else {}
        after = program(jnp, **ignored | before | count | {"g": g})
        for field in slots:
            old = before[field]
            after[field] = jnp.broadcast_to(after[field], old.shape).astype(old.dtype)
        after["x"] = -after["x"] if minus else after["x"] - before["x"]
        return after

    return optax.GradientTransformation(init, update)
