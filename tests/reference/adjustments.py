"""How other libraries' steps differ from optlib's.

An adjustment takes (rule, x, g, state, t) and returns the (rule, g, state) that step t of the
other library amounts to. The state is empty before the first step, and then has one element.
"""

from dataclasses import replace

import numpy as np

from optlib import Adam, AdamW


def nothing(rule, x, g, state, t):
    return rule, g, state


def lr_inside(rule, x, g, state, t):
    """Sum lr * g, as Keras does, so that a change of lr leaves the sum's past alone."""
    return replace(rule, lr=1.0), rule.lr * g, state


def dampened(dampening, rule, x, g, state, t):
    """Add (1 - dampening) * g to the sum, but at the first step all of g."""
    return rule, g if t == 1 else (1 - dampening) * g, state


def l2(weight_decay, rule, x, g, state, t):
    """Add the gradient of an L2 penalty, which then passes through the averages."""
    return rule, g + weight_decay * x, state


def eps_inside_root(rule, x, g, state, t):
    """Turn sqrt(v) + eps into sqrt(v + eps)."""
    v = rule.step(x, g, *state)[1].v
    if isinstance(rule, Adam):
        v = v / (1 - rule.beta2**t)
    return replace(rule, eps=np.sqrt(v + rule.eps) - np.sqrt(v)), g, state


def eps_hat(rule, x, g, state, t):
    """Add eps to the uncorrected root."""
    return replace(rule, eps=rule.eps / np.sqrt(1 - rule.beta2**t)), g, state


def uncorrected(rule, x, g, state, t):
    """Undo both bias corrections."""
    factor = (1 - rule.beta1**t) / np.sqrt(1 - rule.beta2**t)
    if isinstance(rule, AdamW):
        rule = replace(rule, weight_decay=rule.weight_decay / factor)
    rule, g, state = eps_hat(rule, x, g, state, t)
    return replace(rule, lr=rule.lr * factor), g, state


def largest_corrected(rule, x, g, state, t):
    """Keep the largest corrected v instead of the largest v."""
    if t > 1:
        growth = (1 - rule.beta2**t) / (1 - rule.beta2 ** (t - 1))
        state = (state[0]._replace(v_max=state[0].v_max * growth),)
    return rule, g, state


def divided_by(rms, adjust=nothing):
    """Feed momentum the gradients that an RMSProp of its own has already divided."""
    own = ()

    def adjustment(rule, x, g, state, t):
        nonlocal own
        now, _, own = adjust(rms, x, g, own, t)
        step, new = now.step(np.zeros_like(x), g, *own)
        own = (new,)
        return rule, -step, state

    return adjustment


def both(first, second):
    """Adjust by one, then by the other."""

    def adjustment(rule, x, g, state, t):
        rule, g, state = first(rule, x, g, state, t)
        return second(rule, x, g, state, t)

    return adjustment
