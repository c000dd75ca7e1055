"""Small neural networks over one flat parameter vector, their gradients written by hand."""

import numpy as np

from optlib.checks import check_count
from optlib.finite_sums import FiniteSum, Softmax


class Network(FiniteSum):
    """A finite sum whose parameters are a network's arrays, laid end to end in one vector.

    A stack of vectors (..., d) is a stack of networks, each computed as it is alone. Subclasses
    set ``shapes``, those of the arrays.
    """

    gain = 1.0  # variance of the starting weights times the number of inputs

    @property
    def dim(self):
        return sum(int(np.prod(shape)) for shape in self.shapes)

    def arrays(self, x):
        """The network's arrays, views of x, each (..., *shape)."""
        ends = np.cumsum([0, *(int(np.prod(shape)) for shape in self.shapes)])
        parts = zip(self.shapes, ends[:-1], ends[1:], strict=True)
        return [x[..., i:j].reshape(*x.shape[:-1], *shape) for shape, i, j in parts]

    def start(self, rng):
        """A random start: Gaussian weights of variance ``gain`` / inputs, biases zero.

        Parameters
        ----------
        rng : numpy.random.Generator

        Returns
        -------
        array, shape (dim,)
        """
        x = rng.standard_normal(self.dim)
        for array in self.arrays(x):
            array *= np.sqrt(self.gain / len(array)) if array.ndim == 2 else 0
        return x


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
        check_count("MLP: hidden", hidden, 1)
        self.hidden = hidden
        super().__init__(X, y, l2, classes)

    @property
    def shapes(self):
        """Shapes of the arrays in x."""
        h = self.hidden
        return (self.X.shape[-1], h), (h,), (h, self.classes), (self.classes,)

    def grad(self, x):
        x = self._points(x)
        X, y, z = self._scores(x)
        W, b, V, _ = self.arrays(x)
        hidden = np.maximum(_layer(X, W, b), 0)
        d_z = self._slope(y, z) / self.n
        d_hidden = d_z @ V.mT * (hidden > 0)
        return _flat(_layer_slopes(X, d_hidden), _layer_slopes(hidden, d_z)) + self.l2 * x

    def _linear(self, X, x):
        W, b, V, c = self.arrays(x)
        return _layer(np.maximum(_layer(X, W, b), 0), V, c)


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
        for name, count in (("embedding", embedding), ("hidden", hidden)):
            check_count(f"CharacterModel: {name}", count, 1)
            setattr(self, name, count)
        super().__init__(X, y, l2, characters)
        outside = self.X[(self.X < 0) | (characters <= self.X)]
        if outside.size:
            legal = f"characters in [0, {characters - 1}]"
            raise ValueError(f"CharacterModel: X must hold {legal}, got {outside[0]}")

    @property
    def shapes(self):
        """Shapes of the arrays in x."""
        C, e, h = self.classes, self.embedding, self.hidden
        return (C, e), (self.X.shape[-1] * e, h), (h,), (h, C), (C,)

    def start(self, rng):
        """A random start: standard embeddings, weights of variance 1 / inputs, biases zero."""
        x = super().start(rng)
        x[: self.classes * self.embedding] *= np.sqrt(self.classes)
        return x

    def grad(self, x):
        x = self._points(x)
        X, y, z = self._scores(x)
        _, W, _, U, _ = self.arrays(x)
        seen, hidden = self._hidden(X, x)
        d_z = self._slope(y, z) / self.n
        d_hidden = d_z @ U.mT * (1 - np.square(hidden))
        d_seen = (d_hidden @ W.mT).reshape(*x.shape[:-1], -1, self.embedding)
        is_seen = X.reshape(-1) == np.arange(self.classes)[:, np.newaxis]
        slopes = (is_seen.astype(x.dtype) @ d_seen,), _layer_slopes(seen, d_hidden)
        return _flat(*slopes, _layer_slopes(hidden, d_z)) + self.l2 * x

    def _linear(self, X, x):
        *_, U, c = self.arrays(x)
        return _layer(self._hidden(X, x)[1], U, c)

    def _hidden(self, X, x):
        E, W, b, *_ = self.arrays(x)
        seen = E[..., X.astype(int), :].reshape(*x.shape[:-1], len(X), -1)
        return seen, np.tanh(_layer(seen, W, b))


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
        super().__init__(X, np.zeros(len(X)))
        for name, count in (("hidden", hidden), ("latent", latent)):
            check_count(f"VAE: {name}", count, 1)
            setattr(self, name, count)
        outside = self.X[(self.X < 0) | (self.X > 1)]
        if outside.size:
            raise ValueError(f"VAE: X must be in [0, 1], got {outside[0]}")

    @property
    def shapes(self):
        """Shapes of the arrays in x."""
        k, h, z = self.X.shape[-1], self.hidden, self.latent
        return (k, h), (h,), (h, 2 * z), (2 * z,), (z, h), (h,), (h, k), (k,)

    def sample(self, rng, t, shape):
        """Standard noise of every picture's code."""
        del t
        return rng.standard_normal((*shape[:-1], self.n, self.latent))

    def __call__(self, x, xi=0.0):
        x = self._points(x)
        X = self.X.astype(x.dtype, copy=False)
        *_, mean, log_variance, _, _, _, z = self._forward(X, x, xi)
        pixels = (np.logaddexp(0, z) - X * z).sum(axis=-1)
        code = (np.square(mean) + np.exp(log_variance) - 1 - log_variance).sum(axis=-1) / 2
        return (pixels + code).mean(axis=-1)

    def grad(self, x, xi=0.0):
        x = self._points(x)
        X = self.X.astype(x.dtype, copy=False)
        _, _, W2, _, W3, _, W4, _ = self.arrays(x)
        a, mean, log_variance, code, b, hidden, z = self._forward(X, x, xi)
        d_z = (_sigmoid(z) - X) / self.n
        d_b = d_z @ W4.mT * _sigmoid(b)
        d_code = d_b @ W3.mT
        d_spread = d_code * (code - mean) / 2 + (np.exp(log_variance) - 1) / (2 * self.n)
        d_both = np.concatenate([d_code + mean / self.n, d_spread], axis=-1)
        d_a = d_both @ W2.mT * _sigmoid(a)
        encoder = _layer_slopes(X, d_a), _layer_slopes(np.logaddexp(0, a), d_both)
        return _flat(*encoder, _layer_slopes(code, d_b), _layer_slopes(hidden, d_z))

    def _forward(self, X, x, xi):
        W1, b1, W2, b2, W3, b3, W4, b4 = self.arrays(x)
        a = _layer(X, W1, b1)
        mean, log_variance = np.split(_layer(np.logaddexp(0, a), W2, b2), 2, axis=-1)
        code = mean + np.exp(log_variance / 2) * xi
        b = _layer(code, W3, b3)
        hidden = np.logaddexp(0, b)
        return a, mean, log_variance, code, b, hidden, _layer(hidden, W4, b4)


def _layer(inputs, W, b):
    return inputs @ W + b[..., np.newaxis, :]


def _layer_slopes(inputs, d_outputs):
    return inputs.mT @ d_outputs, d_outputs.sum(axis=-2)


def _flat(*slopes):
    """The slopes of a network's arrays as one vector (..., d)."""
    slopes = [slope for pair in slopes for slope in pair]
    runs = slopes[-1].shape[:-1]  # the last array is a bias
    return np.concatenate([slope.reshape(*runs, -1) for slope in slopes], axis=-1)


def _sigmoid(a):
    return np.exp(-np.logaddexp(0, -a))
