"""A rule in JAX does what it does in optlib, and behaves as optax's own; of PyTorch, what it needs.

The rest of PyTorch is in test_frameworks_torch.py, which `make test-torch` runs.
"""

import io
import subprocess
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from strategies import exact_rules

from optlib import (
    OPTIMIZERS,
    SGD,
    AdaDelta,
    Adam,
    AdamW,
    Lion,
    Momentum,
    Nesterov,
    Optimizer,
    RMSProp,
    State,
)
from optlib.frameworks import to_optax, to_torch

if sys.platform != "linux":  # the environment of the book has JAX on Linux
    pytest.importorskip("optax")

import jax
import jax.numpy as jnp
import optax

jax.config.update("jax_num_cpu_devices", 8)
jax.config.update("jax_enable_x64", True)

PEERS = {
    "SGD": (SGD(0.05), optax.sgd(0.05)),
    "Momentum": (Momentum(0.01), optax.sgd(0.01, 0.9)),
    "Nesterov": (Nesterov(0.01), optax.sgd(0.01, 0.9, nesterov=True)),
    "AdaDelta": (AdaDelta(), optax.adadelta(1.0)),
    "RMSProp": (RMSProp(), optax.rmsprop(0.01, 0.99, 1e-8, eps_in_sqrt=False)),
    "Adam": (Adam(), optax.adam(1e-3)),
    "AdamW": (AdamW(), optax.adamw(1e-3, weight_decay=0.01)),
    "Lion": (Lion(), optax.lion(1e-4, weight_decay=0.0)),
}
NOISE = np.random.default_rng(0).normal(size=(200, 4, 3))
START = {"matrix": np.linspace(-1, 1, 12).reshape(4, 3), "deep": [np.full(3, 0.5)]}


def path(transformation, dtype=float, noise=NOISE):
    """The points of a run on a noisy function of a tree of parameters, as one array."""

    def step(carry, noise):
        params, state = carry
        grads = {"matrix": params["matrix"] + noise, "deep": [params["deep"][0] ** 3 + noise[0]]}
        updates, state = transformation.update(grads, state, params)
        params = optax.apply_updates(params, updates)
        return (params, state), jnp.concatenate([leaf.ravel() for leaf in jax.tree.leaves(params)])

    params = jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype), START)
    run = jax.jit(lambda carry, noise: jax.lax.scan(step, carry, noise)[1])
    points = run((params, transformation.init(params)), jnp.asarray(noise, dtype))
    assert points.dtype == dtype
    return np.asarray(points, float)


@pytest.mark.parametrize(("dtype", "apart"), [(np.float64, 1e-14), (np.float32, 2e-6)])
@pytest.mark.parametrize("name", PEERS)
def test_rule_walks_as_optax_does(name, dtype, apart):
    rule, peer = PEERS[name]
    assert path(to_optax(rule), dtype) == pytest.approx(path(peer, dtype), abs=apart)


OTHERS = [cls for cls in OPTIMIZERS if cls not in {type(rule) for rule, _ in PEERS.values()}]


@pytest.mark.parametrize("cls", OTHERS)
def test_every_other_rule_walks_as_in_optlib(cls):
    rule, state = cls(), ()
    x = np.concatenate([START["deep"][0], START["matrix"].ravel()])
    points = []
    for noise in NOISE[:30]:
        g = np.concatenate([x[:3] ** 3 + noise[0], x[3:] + noise.ravel()])
        x, *state = rule.step(x, g, *state)
        points.append(x)
    assert path(to_optax(rule), noise=NOISE[:30]) == pytest.approx(np.array(points), abs=1e-14)


quarters = arrays(float, (4, 3), elements=st.integers(-8, 8).map(lambda n: n / 4))


@settings(max_examples=30)
@given(rule=exact_rules(), given=quarters)
def test_any_straight_lines_are_computed_exactly(rule, given):
    x, g, m, v = given
    x_new, after = rule.step(x, g, State(3, m, v))
    transformation = to_optax(rule)
    state = transformation.init(x)
    state = state._replace(t=jnp.int32(3), **{
        name: jnp.asarray(value) for name, value in (("m", m), ("v", v))
        if getattr(state, name) is not None
    })  # fmt: skip
    updates, state = transformation.update(jnp.asarray(g), state, jnp.asarray(x))
    assert np.array_equal(x + updates, x_new)
    assert state.t == 4
    for name in ("m", "v"):
        kept = getattr(state, name)
        assert kept is None or np.array_equal(kept, np.broadcast_to(getattr(after, name), x.shape))


def test_state_is_the_rules_own_and_holds_only_what_is_read():
    params = {"a": jnp.ones(2), "b": jnp.ones(3)}
    state = to_optax(Momentum()).init(params)
    assert type(state) is State
    assert state.v is None
    assert jax.tree.structure(state.m) == jax.tree.structure(params)


def test_hyperparameters_can_be_injected_and_follow_a_schedule():
    schedule = optax.cosine_decay_schedule(1e-2, 200)
    ours = optax.inject_hyperparams(to_optax(Adam))(lr=schedule, beta1=0.8)
    theirs = optax.inject_hyperparams(optax.adam)(schedule, b1=0.8)
    assert path(ours) == pytest.approx(path(theirs), abs=1e-14)
    plain = optax.inject_hyperparams(to_optax(Adam))(bias_correction=False)
    assert path(plain) == pytest.approx(path(to_optax(Adam(bias_correction=False))), abs=1e-14)


def test_it_can_be_chained_clipped_and_accumulated():
    def several(rule):
        return optax.MultiSteps(optax.chain(optax.clip_by_global_norm(1.0), rule), 4)

    assert path(several(to_optax(AdamW()))) == pytest.approx(
        path(several(optax.adamw(1e-3, weight_decay=0.01))), abs=1e-14
    )


def test_a_sweep_is_a_vmap():
    rates = jnp.array([1e-3, 1e-2, 1e-1])

    def last(rate):
        x, transformation = jnp.ones(3), to_optax(Adam)(lr=rate)
        state = transformation.init(x)
        for _ in range(3):
            updates, state = transformation.update(2 * x, state)
            x = x + updates
        return x

    last = jax.jit(last)
    together = jax.jit(jax.vmap(last))(rates)
    assert together == pytest.approx(np.stack([last(rate) for rate in rates]), abs=1e-14)


def test_eight_devices_each_keep_their_part():
    assert jax.device_count() == 8
    mesh = jax.make_mesh((8,), ("part",))
    parts = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("part"))
    transformation = to_optax(Adam(0.1))
    whole = np.linspace(-1, 1, 64).reshape(16, 4)

    @jax.jit
    def step(x, state):
        updates, state = transformation.update(x**3, state, x)
        return x + updates, state

    def walk(x):
        state = transformation.init(x)
        for _ in range(20):
            x, state = step(x, state)
        return x, state

    x, state = walk(jax.device_put(whole, parts))
    assert x.sharding.is_equivalent_to(parts, 2)
    assert state.m.sharding.is_equivalent_to(parts, 2)
    assert np.array_equal(x, walk(jnp.asarray(whole))[0])


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float16, jnp.float32])
def test_types_of_parameters_are_kept(dtype):
    transformation = to_optax(AdamW())
    x = jnp.ones(3, dtype)
    updates, state = transformation.update(x, transformation.init(x), x)
    assert {leaf.dtype for leaf in (updates, state.m, state.v)} == {jnp.dtype(dtype)}


def test_what_has_no_gradient_stays():
    transformation = to_optax(Adam())
    params = {"trained": jnp.ones(2), "frozen": jnp.ones(2)}
    state = transformation.init(params)
    updates, after = transformation.update({"trained": jnp.ones(2), "frozen": None}, state, params)
    assert updates["frozen"] is None
    assert np.array_equal(after.m["frozen"], [0, 0])
    assert not np.array_equal(after.m["trained"], [0, 0])


@dataclass(frozen=True, eq=False)
class Shrinking(Optimizer):
    """Not of the form x - d, and its state starts at 0.1."""

    lr: float = 0.1

    def step(self, x, g, state=State(v=0.1)):
        v = state.v + g**2
        return (1 - self.lr) * x - g / np.sqrt(v), State(state.t + 1, 0, v)


def test_a_rule_of_any_form_and_any_start():
    x, g = np.array([1.0, -2.0]), np.array([0.5, 3.0])
    expected, after = Shrinking().step(x, g)
    transformation = to_optax(Shrinking())
    updates, state = transformation.update(g, transformation.init(x), x)
    assert x + updates == pytest.approx(expected, abs=1e-15)
    assert state.v == pytest.approx(after.v, abs=1e-15)
    with pytest.raises(ValueError, match=r"Shrinking.update: params must be given.*got None"):
        transformation.update(g, transformation.init(x))


@dataclass(frozen=True, eq=False)
class Clipped(Optimizer):
    lr: float = 0.1
    mixes_coordinates = True

    def step(self, x, g, state=State()):
        norm = np.linalg.norm(g, axis=-1, keepdims=True)
        return x - self.lr * g / norm, State(state.t + 1)


@dataclass(frozen=True, eq=False)
class Branching(Optimizer):
    lr: float = 0.1

    def step(self, x, g, state=State()):
        return x - self.lr * np.where(g > 0, 1.0, -1.0), State(state.t + 1)


def refuses(convert):
    """What no framework gets."""
    with pytest.raises(TypeError, match="mixes_coordinates = True, got 'Clipped'"):
        convert(Clipped())
    with pytest.raises(TypeError, match="greater is not one of"):
        convert(Branching())
    with pytest.raises(TypeError, match="Adam: lr must be a single number"):
        convert(Adam(lr=[0.1, 0.2]))
    with pytest.raises(TypeError, match="must be a rule, got 3"):
        convert(3)


def test_rules_that_cannot_leave_are_refused_by_name():
    refuses(to_optax)
    with pytest.raises(ValueError, match=r"Adam: lr must be in \[0, inf\)"):
        to_optax(Adam)(lr=-1.0)


@pytest.mark.parametrize(("convert", "missing"), [(to_torch, "torch"), (to_optax, "optax")])
def test_what_is_missing_is_named(convert, missing, monkeypatch):
    monkeypatch.setitem(sys.modules, missing, None)
    for name in ("in_torch", "in_optax"):
        monkeypatch.delitem(sys.modules, f"optlib.frameworks.{name}", raising=False)
    with pytest.raises(ModuleNotFoundError, match=f"needs {missing}: pip install {missing}"):
        convert(Adam())


def test_importing_optlib_loads_no_framework():
    names = "{'torch', 'jax', 'optax'}"
    program = f"import sys, optlib, optlib.frameworks; assert not {names} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_page_that_needs_both_was_run_as_it_stands():
    cells = nbformat.read("chapters/use-it.ipynb", as_version=4).cells
    cells = [cell for cell in cells if cell.cell_type == "code"]
    inputs = {"In": ["", *(cell.source for cell in cells)]}
    names = {"get_ipython": lambda: SimpleNamespace(user_ns=inputs), "AdamW": AdamW}
    with redirect_stdout(io.StringIO()) as printed:
        exec(cells[-1].source, names)
    stale = "run it again: .venv-torch/bin/python tools/notebooks.py chapters/use-it.ipynb"
    assert printed.getvalue() == cells[-1].outputs[0].text, stale
