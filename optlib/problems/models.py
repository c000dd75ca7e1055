"""Small neural networks over one flat parameter vector, their gradients written by hand."""

import itertools
import math

import numpy as np

from optlib.checks import (
    as_numbers,
    check_all,
    check_count,
    check_draw,
    check_generator,
    check_labels,
)
from optlib.problems.finite_sums import FiniteSum, Softmax


class Network(FiniteSum):
    """A finite sum whose parameters are a network's arrays, laid end to end in one vector.

    A stack of vectors (..., d) is a stack of networks, each computed as it is alone. Subclasses
    set ``shapes``, those of the arrays.
    """

    gain = 1.0  # variance of the starting weights times the number of inputs

    @property
    def dim(self):
        return sum(map(math.prod, self.shapes))

    def arrays(self, x):
        """The network's arrays, views of x, each (..., *shape)."""
        x, ends = self._points(x), itertools.accumulate(map(math.prod, self.shapes), initial=0)
        parts = zip(itertools.pairwise(ends), self.shapes, strict=True)
        return [x[..., a:b].reshape(*x.shape[:-1], *shape) for (a, b), shape in parts]

    def start(self, rng):
        """A random start: Gaussian weights of variance ``gain`` / inputs, biases zero.

        Parameters
        ----------
        rng : numpy.random.Generator

        Returns
        -------
        array, shape (dim,)
        """
        check_generator(f"{type(self).__name__}.start: rng", rng)
        x = rng.standard_normal(self.dim)
        for array in self.arrays(x):
            array *= np.sqrt(self.gain / len(array)) if array.ndim == 2 else 0
        return x

    def _set_sizes(self, **sizes):
        for name, size in sizes.items():
            check_count(f"{type(self).__name__}: {name}", size, 1)
        vars(self).update(sizes)


class MLP(Network, Softmax):
    r"""A classifier with one hidden layer of rectified units and the softmax loss.

    Its x holds the arrays (k, hidden), (hidden,), (hidden, C) and (C,).

    Parameters
    ----------
    X : array, shape (n, k)
        One example a row.
    y : array, shape (n,), each 0, 1, ..., classes - 1
        Labels.
    hidden : int >= 1
        Hidden units.
    l2 : float in [0, inf), default 0
        Weight decay.
    classes : int, default the largest label + 1
        Number C of classes.

    Raises
    ------
    TypeError, ValueError
        For an illegal argument, by name.

    Examples
    --------
    >>> problem = MLP(X=[[0.0, 1.0], [1.0, 0.0]], y=[0, 1], hidden=4)
    >>> problem.dim, problem(problem.x0).round(4)
    (22, np.float64(0.6931))
    """

    gain = 2.0  # rectified units pass on half of the variance

    def __init__(self, X, y, hidden, l2=0.0, classes=None):
        super().__init__(X, y, l2, classes)
        self._set_sizes(hidden=hidden)
        h, C = self.hidden, self.classes
        self.shapes = (self.X.shape[-1], h), (h,), (h, C), (C,)

    def _scores(self, X, x):
        z, back = _two_layers(X, self.arrays(x), RECTIFIED)
        return z, lambda slope: _flat(back(slope / self.n)[1:])


class CharacterModel(Network, Softmax):
    r"""The next character from the ones before: an embedding, a layer of tanh, the softmax loss.

    Its x holds the arrays (C, e), (k e, hidden), (hidden,), (hidden, C) and (C,), with e numbers
    for each of the C characters.

    Parameters
    ----------
    X : int array, shape (n, k), each 0, 1, ..., characters - 1
        The k characters before.
    y : int array, shape (n,)
        The character that follows.
    characters : int >= 1
        Size C of the alphabet.
    embedding, hidden : int >= 1, defaults 12 and 64
        Numbers per character, and hidden units.
    l2 : float in [0, inf), default 0
        Weight decay.

    Raises
    ------
    TypeError, ValueError
        For an illegal argument, by name.

    Examples
    --------
    >>> problem = CharacterModel(X=[[0, 1], [1, 0]], y=[0, 1], characters=2, embedding=3, hidden=4)
    >>> problem.dim, problem(problem.x0).round(4)
    (44, np.float64(0.6931))
    """

    def __init__(self, X, y, characters, embedding=12, hidden=64, l2=0.0):
        super().__init__(X, y, l2, characters)
        check_labels("CharacterModel: X", self.X, characters)
        self._set_sizes(embedding=embedding, hidden=hidden)
        C, e, h = self.classes, self.embedding, self.hidden
        self.shapes = (C, e), (self.X.shape[-1] * e, h), (h,), (h, C), (C,)

    def start(self, rng):
        """A random start: standard embeddings, weights of variance 1 / inputs, biases zero."""
        x = super().start(rng)
        x[: self.classes * self.embedding] *= np.sqrt(self.classes)
        return x

    def _scores(self, X, x):
        E, *layers = self.arrays(x)
        seen = E[..., X.astype(int), :].reshape(*x.shape[:-1], len(X), -1)
        z, back = _two_layers(seen, layers, TANH)

        def pull_back(slope):
            d_sums, *slopes = back(slope / self.n)
            d_seen = (d_sums @ layers[0].mT).reshape(*x.shape[:-1], -1, self.embedding)
            is_seen = X.reshape(-1) == np.arange(self.classes)[:, np.newaxis]
            return _flat([is_seen.astype(x.dtype) @ d_seen, *slopes])

        return z, pull_back


class VAE(Network):
    r"""A variational autoencoder of pictures: softplus layers, a Gaussian code, Bernoulli pixels.

    Its value is the negative evidence lower bound in nats per picture. The code is random:
    ``sample`` draws the noise of each picture's code; without it the code is its mean.

    Parameters
    ----------
    X : array, shape (n, k), values in [0, 1]
        One picture a row.
    hidden, latent : int >= 1, defaults 100 and 8
        Units of the encoder's and decoder's layer, and size of the code.

    Raises
    ------
    TypeError, ValueError
        For an illegal argument, by name.

    Examples
    --------
    >>> model = VAE(X=[[0.0, 1.0], [1.0, 0.0]], hidden=4, latent=1)
    >>> model.dim, model(model.x0).round(4)
    (40, np.float64(1.3863))
    """

    gain = 0.15

    def __init__(self, X, hidden=100, latent=8):
        X = as_numbers("VAE: X", X, 2)
        super().__init__(X, np.zeros(len(X)))
        self._set_sizes(hidden=hidden, latent=latent)
        check_all((self.X >= 0) & (self.X <= 1), "VAE: X", "in [0, 1]", self.X)
        k, h, z = self.X.shape[-1], self.hidden, self.latent
        self.shapes = (k, h), (h,), (h, 2 * z), (2 * z,), (z, h), (h,), (h, k), (k,)

    def sample(self, rng, t, shape):
        """Standard noise of every picture's code."""
        check_draw("VAE.sample", rng, shape)
        return rng.standard_normal((*shape[:-1], self.n, self.latent))

    def __call__(self, x, xi=0.0):
        X, mean, log_variance, _, z, _, _ = self._forward(self._points(x), xi)
        pixels = (np.logaddexp(0, z) - X * z).sum(axis=-1)
        code = (np.square(mean) + np.exp(log_variance) - 1 - log_variance).sum(axis=-1) / 2
        return (pixels + code).mean(axis=-1)

    def grad(self, x, xi=0.0):
        x = self._points(x)
        X, mean, log_variance, code, z, to_input, to_code = self._forward(x, xi)
        d_hidden, *decoder = to_code((_sigmoid(z) - X) / self.n)
        d_code = d_hidden @ self.arrays(x)[4].mT
        d_spread = d_code * (code - mean) / 2 + (np.exp(log_variance) - 1) / (2 * self.n)
        d_both = np.concatenate([d_code + mean / self.n, d_spread], axis=-1)
        _, *encoder = to_input(d_both)
        return _flat([*encoder, *decoder])

    def _forward(self, x, xi):
        X, arrays = self.X.astype(x.dtype, copy=False), self.arrays(x)
        both, to_input = _two_layers(X, arrays[:4], SOFTPLUS)
        mean, log_variance = np.split(both, 2, axis=-1)
        code = mean + np.exp(log_variance / 2) * xi
        z, to_code = _two_layers(code, arrays[4:], SOFTPLUS)
        return X, mean, log_variance, code, z, to_input, to_code


def _two_layers(inputs, arrays, bend):
    """The outputs of a bent and a linear layer, and a function that takes their slopes back.

    It returns the slopes of what the bent layer bends, then those of the arrays.
    """
    W, b, V, c = arrays
    bent, slope_of = bend
    sums = inputs @ W
    sums += b[..., np.newaxis, :]
    hidden = bent(sums)
    outputs = hidden @ V
    outputs += c[..., np.newaxis, :]

    def back(d_outputs):
        d_sums = d_outputs @ V.mT
        d_sums *= slope_of(sums, hidden)
        d_W, d_V = inputs.mT @ d_sums, hidden.mT @ d_outputs
        return d_sums, d_W, d_sums.sum(axis=-2), d_V, d_outputs.sum(axis=-2)

    return outputs, back


def _flat(slopes):
    """The slopes of a network's arrays as one vector (..., d)."""
    runs = slopes[-1].shape[:-1]  # the last array is a bias
    return np.concatenate([slope.reshape(*runs, -1) for slope in slopes], axis=-1)


def _sigmoid(a):
    return np.exp(-np.logaddexp(0, -a))


# What a unit makes of its sum, in the sum's place if the slope needs only what was made, and that.
RECTIFIED = lambda a: np.maximum(a, 0, out=a), lambda a, out: out > 0
TANH = lambda a: np.tanh(a, out=a), lambda a, out: 1 - np.square(out)
SOFTPLUS = lambda a: np.logaddexp(0, a), lambda a, out: _sigmoid(a)
