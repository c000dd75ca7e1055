"""Rules as they may be typed: read, refused, and read by Python only."""

RULES = """\
return x - self.lr * g, state
---
return (x - self.lr * g, State())
---
return x - self.lr * g, State(t=state.t + 1, m=g)
---
m = self.beta * state.m + g
return x - self.lr * m, state._replace(m=m, t=state.t + 1)
---
t, m, v = state
t += 1
m = self.beta * m + g
return x - self.lr / t * m, State(t, m, v)
---
t, m, _ = state
t = t + 1
m = m + np.sign(g)
m *= 2
return x - self.lr * m, State(t, m)
---
m, v = state.m, state.v
m, v = m + g, v + m**2
return x - self.lr * v, State(state.t + 1, m, v)
---
d = np.clip(g, -1, 1)
return x - self.lr * d, State(state.t + 1)
---
d = g.clip(-self.eps, None)
return x - d, State(state.t + 1)
---
d = np.maximum(np.minimum(g, 1.0), -1)
return x - self.lr * d, state
---
return x - self.lr * abs(g) ** 0.5 * np.sign(g), state
---
return x - np.exp(-np.square(g)) * np.log(1 + g**2) * np.sin(x) * np.cos(g), state
---
k = 2**-1
return x - k * self.lr * g, state
---
k = 1 - 0.9
return x - (k + 1) * g, state
---
return x - 1e-8 * g - 1e16 * g - 0.00001 * x - 1.0 * g - 1 * g, state
---
return x - (1 - self.beta) * -g / (-(2)), state
---
return -(-x) - g, state
---
return x - 2 ** 3 ** 2 * g, state
---
return x - g ** -2, state
---
return x - (-g) ** 2 - -g ** 2, state
---
m = state.m if self.bias_correction else g
return x - m - g, state
---
f = self.bias_correction
m = g if f else 1 / 0
return x - m, state
---
# a comment
m = g  # another


return x - m, state
---
    m = g
    return x - m, State(
  state.t + 1,
 m)
---
m = (g +
 x)
return x - m, state
---
m = g + \\
  x
return x - m, state
---
a_hat = g
b_bar = a_hat + 1
v_max = b_bar
return x - a_hat - v_max * b_bar, state
---
β = self.beta
γ1 = g * β
return x - γ1, state
---
beta2 = 3
return x - beta2 * g, state
---
return x - np.pi * g - np.e * x, state
---
return x - np.add(g, np.multiply(2, np.divide(g, 3))), state
---
return x - np.abs(g) - np.absolute(g) - np.power(g, 2), state
---
return x - np.sqrt(2) * g, state
---
return x - np.maximum(1, 2) * g, state
---
return g, state
---
return x, state
---
x = x - g
return x, state
---
x, g = g, x
return x, state
---
d = x
return d - g, state
---
t, m, v, v_max = state
return x - g, AMSGradState(t + 1, g, g**2, np.maximum(v_max, g))
---
t, v, u = state
return x - g, AdaDeltaState(t + 1, v + g, u)
---
return x - g - 0 * 0.0 - -0.0 - 0.0, state
---
return x + +2 * g, state
---
return x - .5 * g - 5. * g - 1_000 * g - 1E2 * g, state
---
a, b = 1, 2
return x - a * b * g, state
---
(a, b) = (g, x)
return b - a, state
---
if_ = g
return x - if_, state
---
return x - g/g/g*g/g - (g - (x - g) - (g + x)), state
---
m = state.m
m = m + g
m += 1
return x - m, state
---
lr = self.lr / np.sqrt(state.t + 1)
return x - lr * g, State(state.t + 1)
---
return x - g, State(np.maximum(state.t, 3))
---
return x - g, State(state.t * 2 + 1)
---
return x - g, State(m=state.v, v=state.m)
---
1 + 2
return x - g, state
---
3
return x - g, state
---
return x - self.lr * g / (1 - self.beta ** (state.t + 1)), State(state.t + 1)
---
g = g + self.eps * x
g = g * 2
return x - g, state
---
m = 0.5 * state.m + g
v = state.v + m
m = m + v
return x - m, State(state.t + 1, m, v)
---
return x - g, State(0, 0, 0)
---
weight_decay = self.weight_decay
return x - weight_decay * g - 10 * g * 2, state
"""
REFUSED = """\
return
---
return x
---
return x - g
---
return x - g, state, 1
---
return x - g, 3
---
x = 1
---
m = g
---
return x - self.nothing * g, state
---
return x - state.w, state
---
return x - lr * g, state
---
return y, state
---
return x - np.tanh(g), state
---
return x - np.mean(g), state
---
return x if g > 0 else g, state
---
return x if g else g, state
---
return x - g if x < 1 and g > 2 else x, state
---
if g > 0:
    g = -g
return x - g, state
---
while g: pass
return x, state
---
return x - g[0], state
---
return x - g[::-1], state
---
return x @ g, state
---
return x % g, state
---
return x // g, state
---
return x - ~g, state
---
return x - g.mean(), state
---
return x - g.T, state
---
return x - float(g), state
---
return x - max(x, g), state
---
return x - sum(g), state
---
return x - np.where(g > 0, x, g), state
---
return x - np.sqrt(g, x), state
---
return x - np.maximum(g), state
---
return x - np.sqrt(), state
---
return x - np.sqrt(g, dtype=float), state
---
return x - +g, state
---
x -= g
return x, state
---
g *= 2
return x - g, state
---
m = state.m
m += g
return x - m, State(m=m)
---
m = g * 2
d = m
d += 1
return x - m, state
---
return x - self.lr / state.t * g, state
---
return x - 1 / state.m * g, state
---
return x - self.lr * g / 0 * (1/0), state
---
return x - state.t ** -1 * g, state
---
k = 1 / 0
return x - k * g, state
---
return x - (state.m - 1) ** 0.5 * g, state
---
return 0, state
---
return state.m, state
---
return self.lr, state
---
return x - g, State(g)
---
return x - g, State(state.t + 0.5)
---
return x - g, State(state.t + 1.0)
---
return x - g, State(state.t / 1)
---
return x - g, State(state.t - 1)
---
return x - g, State(state.m)
---
return x - g, State(1, 2, 3, 4)
---
return x - g, State(w=2)
---
return x - g, State(1, t=2)
---
return x - g, State(t=1, t=2)
---
return x - g, state._replace(3)
---
return x - g, state._replace(w=3)
---
return x - g, Foo()
---
return x - g, state.m
---
t, m = state
return x - g, state
---
a, b = 1, 2, 3
return x, state
---
a, b = g
return x, state
---
a = b
return x, state
---
m =
return x, state
---
m = (g
return x, state
---
m = g)
return x, state
---
m = g
  n = x
return x, state
---
  m = g
return x, state
---
m == g
return x, state
---
3 = g
return x, state
---
g + 1 = x
return x, state
---
m += 1
return x - m, state
---
return x - 01 * g, state
---
return x - 1__0 * g, state
---
return x - 1.2.3 * g, state
---
return x - 2g, state
---
return x - g g, state
---
return x - * g, state
---
return x - g **, state
---
return x - (g, state
---
lambda = 2
return x - g, state
---
True = 2
return x, state
---
None = 3
return x, state
---
self.lr = 3
return x, state
---
state.m = g
return x, state
---
return x - g; 3, state
---
return x - $g, state
---
return x - 'a', state
---
return x - None * g, state
---
return __import__('os'), state
---
return x.__class__, state
---
return self.__dict__, state
---
return x - math.sqrt(g), state
---
return x - g if self.lr else x, state
---
return x - g if state.t else x, state
---
return x - g if not g else x, state
---
return x - (1).clip(0, 2) * g, state
---
return x - state.t.clip(0,2) * g, state
---
return x - self.lr.clip(0,2) * g, state
---
return x - np.clip(1, g, 2), state
---
return x - np.clip() * g, state
---
return x - abs(g, x), state
---
return x - abs() , state
---
return x - pow(g, 2) if g else 2, state
---
abs = 3
return x - abs(g), state
---
State = 3
return x - g, State(1)
---
a: b
return x - c, state
---
return x - g, State(*state)[0]
---
x = x - g
---
return x - g, state
m =
---
return x - g, State(state.t + 1)(2)
---
return x(g), state
---
return 10.0 ** 400 * g, state
---
return x - 2.0 ** 5000 * g, state
---
m = state.m
m = g
n = m
m *= 3
return x - n, state
---
return x - g, State(-state.t - 1)
---
return x - np * g, state
---
return x - self * g, state
---
return x - state * g, state
---
return x - np.foo(g), state
---
return x - np.sqrt * g, state
---
a, a2 = 1
return x - g, state
---
m, = state
return x, state
---
def f(): pass
return f(x), state
---
yield x
---
pass
---
raise x
---
del x
return x, state
---
global x
return x, state
---
return x - g if True else x < , state
"""
# What trace follows, being Python, and the page does not, being arithmetic.
OUTSIDE = """\
for i in range(3):
    x = x - g
return x, state
---
import os
return x, state
---
return x - (lambda: g)(), state
---
a = 3,
return x - g, state
---
np = 3
return x - g, state
---
return x - np.prod(2) * g, state
---
return x - 1e308 * 10 * g, state
---
a = b = g
return x - a, state
---
m = g; return x - m, state
"""
RULES, REFUSED, OUTSIDE = (
    texts.removesuffix("\n").split("\n---\n") for texts in (RULES, REFUSED, OUTSIDE)
)
