"""What in optlib moves exactly as each recorded library does.

Where a library's rule is another one than optlib's, the twin needs an adjustment, which says what
the difference is, and the rule without it is what the library is unlike.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from optlib import (
    SGD,
    AdaDelta,
    AdaGrad,
    Adam,
    AdamW,
    AMSGrad,
    Lion,
    Momentum,
    Nesterov,
    Optimizer,
    RMSProp,
    State,
)

from .adjustments import (
    both,
    dampened,
    divided_by,
    eps_hat,
    eps_inside_root,
    l2,
    largest_corrected,
    lr_inside,
    nothing,
    uncorrected,
)
from .runs import follow


@dataclass
class Twin:
    """A rule of optlib, what to adjust, and the state it starts from.

    `unlike` is what one might take for the library's rule, and is not.
    """

    rule: Optimizer
    adjust: Callable = nothing
    start: State | None = None
    unlike: "Twin | None" = None


def heavy_ball(lr, momentum=0, nesterov=False):
    if not momentum:
        return SGD(lr)
    return Nesterov(lr, momentum) if nesterov else Momentum(lr, momentum)


def torch_sgd(drop, lr, dampening=0, **options):
    rule = heavy_ball(lr, **options)
    if not dampening:
        return Twin(rule)
    smaller = replace(rule, lr=(1 - dampening) * lr)  # what dampening would be without step 1
    return Twin(rule, partial(dampened, dampening), unlike=Twin(smaller))


def optax_sgd(drop, learning_rate, **options):
    return Twin(heavy_ball(learning_rate, **options))


def optax_ema(drop, learning_rate, decay):
    return Twin(Momentum((1 - decay) * learning_rate, decay))


def keras_sgd(drop, learning_rate, momentum=0, nesterov=False):
    rule = heavy_ball(learning_rate, momentum, nesterov)
    return Twin(rule, lr_inside, unlike=Twin(rule)) if momentum and drop else Twin(rule)


def mlx_sgd(drop, learning_rate, momentum, dampening=0, nesterov=False):
    return Twin(heavy_ball((1 - dampening) * learning_rate, momentum, nesterov))


def torch_adagrad(drop, lr, eps=1e-10, initial_accumulator_value=0):
    rule = AdaGrad(lr, eps)
    if not initial_accumulator_value:
        return Twin(rule)
    return Twin(rule, start=State(v=initial_accumulator_value), unlike=Twin(rule))


def optax_adagrad(drop, learning_rate, eps=1e-7, initial_accumulator_value=0.1):
    """In a sum that never decays, eps inside the root is a part of where v starts."""
    start = State(v=initial_accumulator_value + eps)
    unlike = Twin(AdaGrad(learning_rate, eps))
    return Twin(AdaGrad(learning_rate, eps=0.0), start=start, unlike=unlike)


def keras_adagrad(drop, learning_rate, epsilon=1e-7, initial_accumulator_value=0.1):
    return optax_adagrad(drop, learning_rate, epsilon, initial_accumulator_value)


def mlx_adagrad(drop, learning_rate, eps=1e-8):
    return Twin(AdaGrad(learning_rate, eps))


def torch_rmsprop(drop, lr, alpha=0.99, eps=1e-8, momentum=0):
    if not momentum:
        return Twin(RMSProp(lr, alpha, eps))
    divided = divided_by(RMSProp(1.0, alpha, eps))
    adam = Adam(lr / (1 - momentum), momentum, alpha, eps, bias_correction=False)
    return Twin(Momentum(lr, momentum), divided, unlike=Twin(adam))


def optax_rmsprop(drop, learning_rate, decay=0.9, eps=1e-8, eps_in_sqrt=True, initial_scale=0,
                  bias_correction=False, momentum=0):  # fmt: skip
    plain = RMSProp(learning_rate, decay, eps)
    if bias_correction:
        return Twin(Adam(learning_rate, 0.0, decay, eps), unlike=Twin(plain))
    placed = eps_inside_root if eps_in_sqrt else nothing
    if momentum:
        divided = partial(divided_by, replace(plain, lr=1.0), placed)
        rule = Momentum(learning_rate, momentum)
        torch_form = Twin(rule, divided()) if drop else None
        return Twin(rule, both(divided(), lr_inside), unlike=torch_form)
    start = State(v=initial_scale)
    unlike = Twin(plain) if eps_in_sqrt or initial_scale else None
    return Twin(plain, placed, start=start, unlike=unlike)


def keras_rmsprop(drop, learning_rate, rho=0.9, epsilon=1e-7, momentum=0):
    return optax_rmsprop(drop, learning_rate, rho, epsilon, momentum=momentum)


def mlx_rmsprop(drop, learning_rate, alpha=0.99, eps=1e-8):
    return Twin(RMSProp(learning_rate, alpha, eps))


def torch_adadelta(drop, lr, **options):
    return Twin(AdaDelta(lr, **options))


def optax_adadelta(drop, learning_rate, **options):
    return Twin(AdaDelta(learning_rate, **options))


def keras_adadelta(drop, learning_rate, rho=0.95, epsilon=1e-7):
    return Twin(AdaDelta(learning_rate, rho, epsilon))


def torch_adam(drop, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, amsgrad=False):
    if weight_decay:
        unlike = Twin(AdamW(lr, *betas, eps, weight_decay))
        return Twin(Adam(lr, *betas, eps), partial(l2, weight_decay), unlike=unlike)
    if amsgrad:
        rule = AMSGrad(lr, *betas, eps)
        return Twin(rule, unlike=Twin(rule, largest_corrected))
    return Twin(Adam(lr, *betas, eps))


def optax_adam(drop, learning_rate, b1=0.9, b2=0.999, eps=1e-8, eps_root=0):
    if not eps_root:
        return Twin(Adam(learning_rate, b1, b2, eps))
    rule = Adam(learning_rate, b1, b2, eps_root)
    return Twin(rule, eps_inside_root, unlike=Twin(rule))


def keras_adam(drop, learning_rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False,
               weight_decay=0):  # fmt: skip
    if weight_decay:
        l2_inside = Twin(Adam(learning_rate, beta_1, beta_2, epsilon), partial(l2, weight_decay))
        decoupled = keras_adamw(drop, learning_rate, beta_1, beta_2, epsilon, weight_decay)
        return replace(decoupled, unlike=l2_inside)
    rule = (AMSGrad if amsgrad else Adam)(learning_rate, beta_1, beta_2, epsilon)
    return Twin(rule, eps_hat, unlike=Twin(rule))


def mlx_adam(drop, learning_rate, betas=(0.9, 0.999), eps=1e-8, bias_correction=False):
    rule = Adam(learning_rate, *betas, eps)
    if bias_correction:
        return Twin(rule)
    return Twin(replace(rule, bias_correction=False), unlike=Twin(rule))


def optax_amsgrad(drop, learning_rate, b1=0.9, b2=0.999, eps=1e-8, bias_correction_mu=True,
                  bias_correction_nu=True):  # fmt: skip
    rule = AMSGrad(learning_rate, b1, b2, eps)
    adjust = largest_corrected if bias_correction_mu and bias_correction_nu else uncorrected
    return Twin(rule, adjust, unlike=Twin(rule))


def torch_adamw(drop, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
    coupled = Twin(Adam(lr, *betas, eps), partial(l2, weight_decay))
    return Twin(AdamW(lr, *betas, eps, weight_decay), unlike=coupled)


def optax_adamw(drop, learning_rate, b1=0.9, b2=0.999, eps=1e-8, weight_decay=1e-4):
    return torch_adamw(drop, learning_rate, (b1, b2), eps, weight_decay)


def optax_paper_adamw(drop, learning_rate, b1=0.9, b2=0.999, eps=1e-8, weight_decay=1e-4):
    rule = AdamW(learning_rate, b1, b2, eps, weight_decay)
    return Twin(replace(rule, weight_decay=weight_decay / learning_rate), unlike=Twin(rule))


def keras_adamw(drop, learning_rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7, weight_decay=4e-3):
    rule = AdamW(learning_rate, beta_1, beta_2, epsilon, weight_decay)
    return Twin(rule, eps_hat, unlike=Twin(rule))


def mlx_adamw(drop, learning_rate, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01,
              bias_correction=False):  # fmt: skip
    rule = AdamW(learning_rate, *betas, eps, weight_decay)
    return Twin(rule) if bias_correction else Twin(rule, uncorrected, unlike=Twin(rule))


def optax_lion(drop, learning_rate, b1=0.9, b2=0.99, weight_decay=1e-3):
    return Twin(Lion(learning_rate, b1, b2, weight_decay))


def keras_lion(drop, learning_rate, beta_1=0.9, beta_2=0.99, weight_decay=0.0):
    return Twin(Lion(learning_rate, beta_1, beta_2, weight_decay))


def mlx_lion(drop, learning_rate, betas=(0.9, 0.99), weight_decay=0.0):
    return Twin(Lion(learning_rate, *betas, weight_decay))


def twin_of(run):
    """Return what optlib has in place of the library's rule."""
    return globals()[f"{run.library}_{run.rule.lower()}"](run.drop, **run.options)


def path_of(run, twin, stream):
    """Return optlib's path along the stream, shape (records, d)."""
    x, t, factors = stream.x0, 0, run.factors()
    state = () if twin.start is None else (twin.start,)

    def step(g):
        nonlocal x, t, state
        t += 1
        rule = replace(twin.rule, lr=twin.rule.lr * factors[t - 1])
        rule, g, state = twin.adjust(rule, x, g, state, t)
        x, new = rule.step(x, g, *state)
        assert new.t == t, f"{rule} counts {new.t} steps after {t}"
        state = (new,)
        return x

    return follow(stream, step)
