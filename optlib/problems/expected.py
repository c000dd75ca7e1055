"""What a noisy bowl does to SGD on average, computed without drawing any noise."""

import numpy as np

from optlib.checks import as_numbers, check_count, require


def expected_loss(eigenvalues, lr, steps, schedule=None, start=1.0, sigma=1.0, tail=0.5):
    r"""The mean loss of SGD on a noisy bowl, exact: its mean squares obey a recursion of their own.

    With :math:`e` the distance from the minimum along a direction of curvature :math:`\lambda`,
    and noise of scale :math:`\sigma`,

    .. math:: \operatorname{E}e_t^2=(1-\alpha_t\lambda)^2\operatorname{E}e_{t-1}^2
              +\alpha_t^2\sigma^2 .

    Parameters
    ----------
    eigenvalues : array, shape (d,), each >= 0
        Curvatures :math:`\lambda`.
    lr : float or array, shape (...), each >= 0
        Learning rates, one a run.
    steps : int >= 1
    schedule : function, optional
        Factor on lr at step t = 1, 2, ..., as in `minimize`.
    start : float or array, shape (d,), default 1
        Distance from the minimum at the start, in every direction.
    sigma : float or array, shape (d,), each >= 0, default 1
        Scale of the noise.
    tail : float in (0, 1], default 0.5
        The part of the run, at its end, whose points are averaged.

    Returns
    -------
    losses : array, shape (steps + 1, ...)
        The mean of :math:`f-f^\star` at every step, the start first.
    averaged : array, shape (...)
        The same at the average of the points of the tail.

    Raises
    ------
    TypeError, ValueError
        For an illegal argument, by name.

    Examples
    --------
    >>> losses, averaged = expected_loss([1.0], lr=[0.1, 0.01], steps=1000)
    >>> losses[-1].round(4), averaged.round(4)
    (array([0.0263, 0.0025]), array([0.001 , 0.0008]))
    """
    curvature = as_numbers("expected_loss: eigenvalues", eigenvalues, 1, least=0)
    rates = as_numbers("expected_loss: lr", lr, least=0)[..., np.newaxis]
    start = as_numbers("expected_loss: start", start)
    sigma = as_numbers("expected_loss: sigma", sigma, least=0)
    check_count("expected_loss: steps", steps, 1)
    tail = as_numbers("expected_loss: tail", tail, 0)
    require(0 < tail <= 1, "expected_loss: tail", "in (0, 1]", tail.item())
    xx = np.broadcast_to(np.square(start), (*rates.shape[:-1], len(curvature)))  # E[e e]
    total_x = total_total = np.zeros_like(xx, float)  # with the sum of the points of the tail
    losses, count = [(curvature * xx).sum(axis=-1) / 2], 0
    for t in range(1, steps + 1):
        rate = rates if schedule is None else rates * schedule(t)
        left = 1 - rate * curvature
        xx, total_x = left**2 * xx + (rate * sigma) ** 2, left * total_x
        if t > steps * (1 - tail):
            total_x, total_total = total_x + xx, total_total + 2 * total_x + xx
            count += 1
        losses.append((curvature * xx).sum(axis=-1) / 2)
    return np.array(losses), (curvature * total_total).sum(axis=-1) / 2 / count**2
