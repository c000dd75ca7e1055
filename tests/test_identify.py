"""`identify` names recorded and random optimizers, and tells what is wrong with others."""

from dataclasses import fields, replace

import numpy as np
import pytest
from reference import runs

from optlib import (
    OPTIMIZERS,
    SGD,
    AdaDelta,
    AdaGrad,
    Adam,
    AdamW,
    AMSGrad,
    Lion,
    Momentum,
    Nesterov,
    RMSProp,
    State,
    boxes,
    identify,
)
from optlib.conventions import CHOICES, LIBRARIES, NAMES
from optlib.forms import Form, form, form_of, libraries_of


def plainest(form):
    """The form in the words that `identify` prefers, where others move alike on every gradient."""
    rule = form.rule
    if form.dampening and form.dampened == "from step 1":
        return replace(form, rule=replace(rule, lr=(1 - form.dampening) * rule.lr), dampening=0)
    if isinstance(rule, AdaGrad) and form.eps_place == "inside v":
        return Form(replace(rule, eps=0.0), start=form.start + rule.eps)
    if form.decay == "not times lr":
        settings = {name: getattr(rule, name) for name in ("lr", "beta1", "beta2", "eps")}
        return Form(AdamW(**settings, weight_decay=form.weight_decay / rule.lr))
    return form


def numbers(form):
    own = {field.name: getattr(form.rule, field.name) for field in fields(form.rule)}
    return own | {n: getattr(form, n) for n in ("dampening", "start", "weight_decay", "momentum")}


def differences(found, form):
    """What differs, beyond a relative 1e-6 in numbers and beyond what the steps can show."""
    if type(found.rule) is not type(form.rule):
        return [type(found.rule).__name__]
    wrong = [name for name in CHOICES if getattr(found, name) != getattr(form, name)]
    is_, was = numbers(found), numbers(form)
    return wrong + [name for name in was if abs(is_[name] - was[name]) > 1e-6 * abs(was[name])]


def assert_found(form):
    answer, form = identify(form), plainest(form)
    assert any(differences(found, form) == [] for found in answer.forms), (form, answer)
    assert not answer.mistakes
    assert repr(answer).count("conventions as in") == bool(answer.libraries)


@pytest.mark.parametrize("run", runs.RUNS, ids=map(str, runs.RUNS))
def test_every_recorded_setting_is_identified(run):
    assert_found(run.form())


UNSAID = {  # options of which the table of conventions does not speak
    "nesterov", "amsgrad", "dampening", "bias_correction", "bias_correction_mu", "eps_root",
    "eps_in_sqrt",
}  # fmt: skip


@pytest.mark.parametrize("run", runs.RUNS, ids=map(str, runs.RUNS))
def test_conventions_of_a_recorded_setting_are_those_of_its_library(run):
    name = f"{run.library}.{run.rule}"
    options, (cls, own) = run.options, LIBRARIES[name]
    needed = {NAMES.get(option, option) for option, value in options.items() if value}
    needed -= {field.name for field in fields(cls)} | own.keys() | {"decay", "betas"}
    needed -= {"weight_decay"} if "decay" in own else set()
    meant = options.get("weight_decay", 1) or "weight_decay" not in own
    expected = meant and not (options.keys() & UNSAID or needed) and name != "optax.ema"
    assert (name in libraries_of(run.form())) == expected


@pytest.mark.parametrize(
    ("form", "libraries"),
    [
        (Form(RMSProp(), eps_place="inside v"), ["optax.rmsprop", "keras.RMSprop"]),
        (RMSProp(), ["torch.RMSprop", "mlx.RMSprop"]),
        (Adam(), ["torch.Adam", "optax.adam"]),
        (Form(Adam(), eps_place="beside v"), ["keras.Adam"]),
        (Adam(bias_correction=False), ["mlx.Adam"]),
        (Form(Adam(), weight_decay=0.1, decay="L2"), ["torch.Adam"]),
        (AdamW(), ["torch.AdamW", "optax.adamw"]),
        (Form(Momentum(), lr_place="inside"), ["keras.SGD"]),
        (form_of("keras.Adagrad"), ["optax.adagrad", "keras.Adagrad"]),
        (Form(AMSGrad(), largest="of corrected"), ["optax.amsgrad"]),
        (Form(Adam(), corrected="m only"), []),
        (Adam(eps=0.0), ["torch.Adam", "optax.adam", "keras.Adam"]),
        (SGD(0.0), ["torch.SGD", "optax.sgd", "keras.SGD", "mlx.SGD"]),
        (Nesterov(0.1), []),
    ],
    ids=repr,
)
def test_answer_names_the_libraries_with_these_conventions(form, libraries):
    answer = identify(form)
    assert answer.libraries == libraries
    said = f"\n  conventions as in: {', '.join(libraries)}\n"
    assert (said in repr(answer)) == bool(libraries)


def drawn(rng):
    """A random rule with random hyperparameters under random conventions."""

    def one(*choices):
        return choices[rng.integers(len(choices))]

    def size(low, high):
        return float(10 ** rng.uniform(low, high))

    def decay():
        return 1 - size(-3.5, -0.1)

    lr, eps = size(-5, 1), size(-12, -1)
    cls = one(SGD, Momentum, Nesterov, AdaGrad, AdaDelta, RMSProp, Adam, AMSGrad, AdamW, Lion)
    own = {field.name for field in fields(cls)}
    settings = {"lr": lr} | {n: decay() for n in ("momentum", "rho", "beta1", "beta2") if n in own}
    place = {"lr_place": one(*CHOICES["lr_place"])}
    if "eps" in own:
        settings["eps"] = eps
    if cls is Momentum and rng.random() < 0.3:
        place |= {"dampening": rng.uniform(0.1, 0.9), "dampened": "from step 2"}
    if cls in (Momentum, Nesterov):
        settings |= place | {"nesterov": cls is Nesterov}
    if cls is RMSProp:
        settings |= {"eps_place": one("beside v", "inside v")}
        settings |= place | {"momentum": decay()} if rng.random() < 0.5 else {}
    if cls in (AdaGrad, RMSProp) and rng.random() < 0.4:
        settings |= {"start": size(-3, 1), "eps": size(-6, -1)}
    if "beta1" in own and cls is not Lion:
        settings["eps_place"] = one(*CHOICES["eps_place"])
    if cls is AMSGrad:
        settings["largest"] = one(*CHOICES["largest"])
    if cls is Adam and rng.random() < 0.3:
        settings |= {"bias_correction": False, "eps_place": one("beside v", "inside v")}
    if cls in (AdamW, Lion) or (cls is not SGD and rng.random() < 0.3):
        decays = ("times lr",) if cls in (AdamW, Lion) else ("times lr", "L2")
        settings |= {"weight_decay": size(-3, 0), "decay": one(*decays)}
        settings["lr"] = min(lr, 0.5 / settings["weight_decay"])
    return form(Momentum if cls is Nesterov else cls, **settings)


@pytest.mark.parametrize("seed", range(200))
def test_random_settings_are_identified(seed):
    assert_found(drawn(np.random.default_rng(seed)))


SAME = {  # rules that no gradient tells apart: one, and what must be named beside it
    "RMSProp": (RMSProp(0.1, 0.9), "Adam(lr=0.1, beta1=0, beta2=0.9, eps=1e-08)"),
    "SGD": (SGD(0.1), "Momentum and Nesterov with momentum 0"),
    "Momentum": (Momentum(0.1, 0.9), "an average of gradients with lr=1"),
    "decay of SGD": (Form(SGD(0.5), weight_decay=0.1), "decay coupled"),
    "decay of AdamW": (AdamW(0.1, weight_decay=0.5), "a decay of 0.05 times the schedule"),
    "start of AdaGrad": (Form(AdaGrad(0.1, 0.0), start=0.1), "AdaGrad(lr=0.1, eps=0.1)"),
    "Signum": (Lion(0.1, 0.9, 0.9), "the sign of one average"),
    "sign descent": (Lion(0.1, 0.0, 0.9), "the sign of the gradient, whatever beta2 is"),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_what_no_gradient_tells_apart_is_named(name):
    form, other = SAME[name]
    answer = identify(form)
    (line,) = (line for line in repr(answer).splitlines() if other in line)
    assert line.startswith("  the same on every gradient: ")


def adam(t, m, v, x, g, c):
    """Adam's averages, and its step."""
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    return m, v, c * 0.01 * m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)


def only_m_corrected(t, m, v, x, g, c):
    m, v, _ = adam(t, m, v, x, g, c)
    return m, v, x - c * 0.01 * m / (1 - 0.9**t) / (np.sqrt(v) + 1e-8)


def only_v_corrected(t, m, v, x, g, c):
    m, v, _ = adam(t, m, v, x, g, c)
    return m, v, x - c * 0.01 * m / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)


def eps_squared_inside(t, m, v, x, g, c):
    m, v, _ = adam(t, m, v, x, g, c)
    return m, v, x - c * 0.01 * m / (1 - 0.9**t) / np.sqrt(v / (1 - 0.999**t) + 1e-8**2)


def decay_after_the_step(t, m, v, x, g, c):
    m, v, step = adam(t, m, v, x, g, c)
    return m, v, (x - step) * (1 - c * 0.01 * 0.1)


def decay_without_lr(t, m, v, x, g, c):
    m, v, step = adam(t, m, v, x, g, c)
    return m, v, x - step - 0.1 * x


def wrong_sign_in_nesterov(t, m, v, x, g, c):
    m = 0.9 * m + g
    return m, v, x - c * 0.01 * (g - 0.9 * m)


def square_of_the_average(t, m, v, x, g, c):
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * m**2
    return m, v, x - c * 0.01 * m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)


def root_forgotten(t, m, v, x, g, c):
    m, v, _ = adam(t, m, v, x, g, c)
    return m, v, x - c * 0.01 * m / (1 - 0.9**t) / (v / (1 - 0.999**t) + 1e-8)


def uphill(t, m, v, x, g, c):
    m, v, step = adam(t, m, v, x, g, c)
    return m, v, x + step


def count_from_two(t, m, v, x, g, c):
    m, v, _ = adam(t, m, v, x, g, c)
    return m, v, x - c * 0.01 * m / (1 - 0.9 ** (t + 1)) / np.sqrt(v / (1 - 0.999 ** (t + 1)))


def clipped_by_the_norm(t, m, v, x, g, c):
    m, v, step = adam(t, m, v, x, g / max(1, np.linalg.norm(g)), c)
    return m, v, x - step


def box(update):
    def make():
        t, m, v = 0, 0.0, 0.0

        def step(x, g, factor):
            nonlocal t, m, v
            t += 1
            m, v, x = update(t, m, v, x, g, factor)
            return x

        return step

    return make


MISTAKEN = {
    only_m_corrected: "only the average of gradients, not that of squares",
    only_v_corrected: "only the average of squares, not that of gradients",
    decay_after_the_step: "of the point after the step, not of the one before",
    decay_without_lr: "decoupled from lr and schedule: the same share at every rate",
}
UNKNOWN = {  # the first gradient that the nearest rule misses, and what is said of it
    wrong_sign_in_nesterov: (2, "the last gradient enters the next step with the opposite sign"),
    square_of_the_average: (2, "its denominator depends on the signs of past gradients"),
    root_forgotten: (1, "larger gradients give smaller steps"),
    uphill: (1, "its first step goes along the gradient, not against it"),
    count_from_two: (2, "its steps do not depend on the size of large gradients"),
    clipped_by_the_norm: (2, "coordinates are mixed, as by clipping"),
}


@pytest.mark.parametrize("update", MISTAKEN, ids=lambda update: update.__name__)
def test_a_mistake_is_told(update):
    answer = identify(box(update))
    assert answer.mistakes == (MISTAKEN[update],)
    assert f"no library does this by default: {MISTAKEN[update]}" in repr(answer)
    rule = answer.forms[0].rule
    assert (rule.lr, rule.beta1, rule.beta2, rule.eps) == pytest.approx(
        (0.01, 0.9, 0.999, 1e-8), rel=1e-6
    )


def test_a_squared_eps_is_told_by_its_value():
    answer = identify(box(eps_squared_inside))
    assert answer.forms[0].eps_place == "inside v hat"
    assert answer.forms[0].rule.eps == pytest.approx(1e-16, rel=1e-6)


@pytest.mark.parametrize("update", UNKNOWN, ids=lambda update: update.__name__)
def test_what_no_rule_does_is_none_of_these(update):
    first, said = UNKNOWN[update]
    answer = identify(box(update))
    assert not answer.forms
    assert any(said in note for note in answer.notes), answer
    failure = answer.failure
    assert failure.t == first
    assert abs(failure.took - failure.would) > 1e-8 * abs(failure.took)
    assert f"fails at gradient {first}: g = {failure.g:.6g} at x = 0" in repr(answer)
    assert repr(answer).startswith("none of these\n  nearest: ")


def test_an_optimizer_that_draws_is_told():
    rng = np.random.default_rng(0)
    answer = identify(lambda: lambda x, g: x - 0.1 * g * rng.uniform(0.9, 1.1, g.shape))
    assert any("two runs on the same gradients differ" in note for note in answer.notes)


def test_an_x_of_its_own_is_told():
    def make():
        own = 0.0

        def step(x, g):
            nonlocal own
            own = own - 0.1 * g
            return own

        return step

    assert any("it does not start from the x that it is given" in n for n in identify(make).notes)


def test_single_precision_is_told():
    def make():
        return lambda x, g: (x - np.float32(0.1) * g.astype(np.float32)).astype(float)

    assert any("it computes in float32" in note for note in identify(make).notes)


def test_without_a_change_of_rate_the_place_of_lr_is_open():
    def make():
        m = 0.0

        def step(x, g):
            nonlocal m
            m = 0.9 * m + 0.1 * g
            return x - m

        return step

    answer = identify(make)
    assert {form.lr_place for form in answer.forms} == {"outside", "inside"}
    assert any("lr was not changed" in note for note in answer.notes)


def test_a_rule_of_ones_own_is_asked_like_any_other():
    class Mine(Adam):
        def step(self, x, g, state=State()):
            return super().step(x, 3 * g, state)

    found = identify(Mine(0.1, eps=3e-8)).forms[0]
    assert differences(found, Form(Adam(0.1, eps=1e-8))) == []


@pytest.mark.parametrize(
    ("optimizer", "message"),
    [
        ("adam", "identify: optimizer must be a rule, or a function without .*, got 'adam'"),
        (lambda: 1.0, r"identify: what the optimizer returns must be a function step\(x, g\)"),
        (lambda: lambda x, g: 1.0, "identify: what step returns must be a float64 array"),
        (lambda: lambda x, g: np.float32(x), "of shape .*, got 'float32 of shape"),
        (lambda: lambda x: x, r"identify: what the optimizer returns must be a function step"),
    ],
)
def test_bad_input_is_refused(optimizer, message):
    with pytest.raises(TypeError, match=message):
        identify(optimizer)


EXTREME = [
    Adam(eps=0.0), Adam(beta1=0.0, beta2=0.0), Adam(eps=10.0), Adam(eps=1e-16), Adam(lr=1e-8),
    Adam(0.1, 0.999, 0.9999), Adam(bias_correction=False, eps=0.0), RMSProp(rho=0.0, eps=0.0),
    AdaGrad(eps=0.0), AdaGrad(0.1, eps=1.0), AdamW(weight_decay=10.0), AdaDelta(rho=0.0),
    AdaDelta(eps=1.0), SGD(0.0), SGD(1e6), Momentum(0.1, 0.9999), Momentum(0.1, 1e-6),
    Nesterov(0.1, 1e-4), Lion(0.1, 0.999, 0.9999), Lion(beta2=0.0), AMSGrad(eps=0.0),
    Form(RMSProp(eps=0.0), weight_decay=1e-4, decay="L2"),
    Form(Adam(), weight_decay=30.0, decay="L2"), Form(RMSProp(0.01), momentum=0.999),
]  # fmt: skip


@pytest.mark.parametrize("rule", EXTREME, ids=repr)
def test_extreme_settings_are_identified(rule):
    assert_found(rule if isinstance(rule, Form) else Form(rule))


def test_a_class_stands_for_its_defaults():
    assert differences(identify(AdaDelta).forms[0], Form(AdaDelta())) == []


def test_an_eps_inside_a_sum_is_a_part_of_its_start():
    text = repr(identify(form_of("keras.Adagrad", learning_rate=0.1)))
    assert text.startswith(
        "AdaGrad(lr=0.1, eps=0, start=0.1000001)\n  eps: none, or inside the root"
    )


def test_the_answer_prints_as_text_and_as_markdown():
    answer = identify(form(Adam, lr=0.001, eps=1e-7, eps_place="beside v"))
    text = repr(answer).splitlines()
    assert text[0] == "Adam(lr=0.001, beta1=0.9, beta2=0.999, eps=1e-07)"
    assert "  eps: beside the uncorrected root" in text
    head, *rest = answer._repr_markdown_().splitlines()
    assert head == f"**{text[0]}**"
    assert [line.removeprefix("- ") for line in rest[1:]] == [line.strip() for line in text[1:]]


@pytest.mark.parametrize(
    ("library", "name", "options", "form"),
    [
        ("torch", "SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}, Form(Nesterov(0.1))),
        ("torch", "AdamW", {"lr": 0.01}, Form(AdamW(0.01))),
        ("optax", "adam", {"learning_rate": 0.01}, Form(Adam(0.01))),
        ("optax", "lion", {"learning_rate": 0.01}, Form(Lion(0.01, weight_decay=1e-3))),
        ("keras", "SGD", {"momentum": 0.9}, Form(Momentum(), lr_place="inside")),
        ("keras", "Adam", {}, Form(Adam(eps=1e-7), eps_place="beside v")),
    ],
)
@pytest.mark.filterwarnings("ignore")  # the library's own
def test_live_optimizers_are_identified(library, name, options, form):
    module = pytest.importorskip({"torch": "torch.optim", "keras": "keras.optimizers"}.get(
        library, library))  # fmt: skip
    black_box = getattr(boxes, f"from_{library}")(getattr(module, name), **options)
    assert differences(identify(black_box).forms[0], form) == []


def test_the_rules_of_the_book_are_all_known():
    known = {type(drawn(np.random.default_rng(seed)).rule) for seed in range(200)}
    assert known == set(OPTIMIZERS)
