"""Times of runs beside those of PyTorch and optax: `make bench` prints and stores BENCHMARKS.md.

Each line is the median of paired ratios, ours over theirs, of CPU seconds in one thread; the peers
do the same work with the same gradient, and record what the line says. Nothing here is a test.
"""

import os

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TQDM_DISABLE"), "1")

import datetime
import platform
import re
import statistics
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np

from optlib import LANDSCAPES, MLP, Adam, Momentum, Rosenbrock, minimize, train
from optlib.datasets import load_digits
from optlib.frameworks import to_optax, to_torch
from optlib.kernels import Kernel

try:
    import jax
    import optax
    import torch
except ImportError:
    print(
        "bench: compares with PyTorch and optax, in an environment of their own:\n"
        "  python3.11 -m venv .venv-bench\n"
        "  .venv-bench/bin/pip install torch jax optax -e .\n"
        "  make bench"
    )
    sys.exit()

ROOT = Path(__file__).parents[1]
START, ROUNDS = (-1.2, 1.0), int(sys.argv[1]) if len(sys.argv) > 1 else 5
ABOUT = """# How fast it is

Written by `make bench`. A ratio is ours over theirs, the median of {rounds} pairs of CPU time in
one thread, taken in turn so that a busy machine treats both alike. The peers do the same work with
the same gradient, and record what the line says. Our results are bit for bit those of the plain
rule. Where all is recorded, a run touches up to 360 MB of new memory, which costs the system
several times more at one time than at another. No test is timed, and other machines have other
numbers.

- Date: {date}
- Machine: {machine}
- Versions: {versions}

| work / peer | ratio | ours, ms | theirs, ms |
|---|--:|--:|--:|
"""
ROWS = []


def slopes(x, y):
    valley = y - x * x
    return -2 * (1 - x) - 400 * x * valley, 200 * valley


def value(x, y):
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2


def torch_steps(steps):
    p = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    rule, seen = torch.optim.Adam([p], lr=2e-3, fused=True), torch.empty(steps + 1, 2)
    for t in range(steps):
        p.grad = torch.tensor(slopes(*p.tolist()), dtype=torch.float64)
        rule.step()
        seen[t + 1] = p.detach()


def optax_scan(steps):
    jax.config.update("jax_enable_x64", True)
    rule, x = optax.adam(2e-3), jax.numpy.array(START)

    def step(carry, _):
        x, state = carry
        move, state = rule.update(jax.numpy.stack(slopes(*x)), state, x)
        x = optax.apply_updates(x, move)
        return (x, state), x

    run = jax.jit(lambda x: jax.lax.scan(step, (x, rule.init(x)), None, length=steps)[1])
    return lambda: np.asarray(jax.jit(lambda x: run(x))(x))


def torch_sweep(lr, beta, adam, record, steps=500):
    """Runs at once, written by hand, in place."""
    lr, beta, n = torch.from_numpy(lr), torch.from_numpy(beta), len(lr)
    x = [torch.full((n,), a, dtype=torch.float64) for a in START]
    m, v = ([torch.zeros(n, dtype=torch.float64) for _ in x] for _ in range(2))
    kept = torch.empty((steps + 1, 4 * len(x) + 1, n) if record else 0, dtype=torch.float64)
    powers, power = torch.ones(n, dtype=torch.float64), 1.0
    for t in range(steps):
        g = slopes(*x)
        powers, power = powers * beta, power * 0.999
        for i in range(2):
            if adam:
                m[i].mul_(beta).addcmul_(1 - beta, g[i])
                v[i].mul_(0.999).addcmul_(g[i], g[i], value=1 - 0.999)
                root = v[i].sqrt().mul_((1 - power) ** -0.5).add_(1e-8)
                x[i].addcdiv_(m[i] * (lr / (1 - powers)), root, value=-1)
            else:
                m[i].mul_(beta).add_(g[i])
                x[i].addcmul_(lr, m[i], value=-1)
        if record:
            for k, a in enumerate([*x, *g, *m, *(v if adam else ()), value(*x)]):
                kept[t, k] = a


def torch_digits(model, X, y, start, rates, dtype, epochs, batch):
    """The network by autograd; several rates at once as one batched product and a rule by hand."""
    many, n = len(rates), len(X)
    X, y = torch.from_numpy(X).to(dtype), torch.from_numpy(y)
    shape = (many,) if many > 1 else ()
    W = [torch.from_numpy(np.broadcast_to(a, (*shape, *a.shape)).copy()).to(dtype)
         for a in model.arrays(start)]  # fmt: skip
    W = [w.unsqueeze(-2) if w.ndim == len(shape) + 1 else w for w in W]
    W = [w.requires_grad_() for w in W]
    rule = torch.optim.Adam(W, lr=rates[0])
    lr = torch.from_numpy(rates).to(dtype)[:, None, None]
    M, V = ([torch.zeros_like(w) for w in W] for _ in range(2))
    rng, t = np.random.default_rng(1), 0

    def loss(rows):
        z = torch.relu(X[rows] @ W[0] + W[1]) @ W[2] + W[3]
        labels = y[rows].expand(z.shape[:-1]).reshape(-1)
        return torch.nn.functional.cross_entropy(z.reshape(-1, z.shape[-1]), labels) * many

    for _ in range(epochs):
        rule.zero_grad()
        loss(slice(None)).backward()  # the record
        for rows in np.split(rng.permutation(n), range(batch, n, batch)):
            t += 1
            rule.zero_grad()
            loss(torch.from_numpy(rows)).backward()
            if many == 1:
                rule.step()
                continue
            with torch.no_grad():
                for w, m, v in zip(W, M, V, strict=True):
                    m.lerp_(w.grad, 0.1)
                    v.mul_(0.999).addcmul_(w.grad, w.grad, value=0.001)
                    root = v.sqrt().div_((1 - 0.999**t) ** 0.5).add_(1e-8)
                    w.sub_(m * (lr / (1 - 0.9**t)) / root)
    with torch.no_grad():
        loss(slice(None))


def big_step(**options):
    p = torch.nn.Parameter(torch.ones(10_000_000))
    p.grad = torch.full_like(p, 0.5)
    return torch.optim.Adam([p], **options).step


def our_step():
    x, g = np.ones(10_000_000, np.float32), np.full(10_000_000, np.float32(0.5))
    x, state = Adam().step(x, g)
    kernel = Kernel(Adam(), x, state)
    return lambda: kernel.step(x, g, out=x)


def step_of(kind, shapes):
    """A step of an optimizer of PyTorch on parameters of these shapes."""
    params = [torch.nn.Parameter(torch.ones(shape)) for shape in shapes]
    for p in params:
        p.grad = torch.full_like(p, 0.5)
    return kind(params).step


def optax_step(transformation):
    x = jax.numpy.ones(10_000_000)
    state = transformation.init(x)
    step = jax.jit(lambda x, state: transformation.update(x, state, x))
    return lambda: jax.block_until_ready(step(x, state))


def frameworks():
    """A rule that has left the book beside the library's own."""
    kinds = {"default": {}, "foreach": {"foreach": True}, "fused": {"fused": True}}
    peers = {name: partial(torch.optim.Adam, **options) for name, options in kinds.items()}
    large, several = [10_000_000], [(64, 64), (64,)] * 50
    for name, peer in peers.items():
        for what, shapes, compiled in (
            ("compiled, 10,000,000", large, True),
            ("10,000,000", large, False),
            ("100 small", several, False),
        ):
            ours = step_of(to_torch(Adam, compiled), shapes)
            compare(f"to_torch: Adam, {what} / {name}", ours, step_of(peer, shapes))
    for rule, peer in ((Adam(), optax.adam(1e-3)), (Momentum(), optax.sgd(0.01, 0.9))):
        compare(f"to_optax: {type(rule).__name__}, 10,000,000 / optax",
                optax_step(to_optax(rule)), optax_step(peer))  # fmt: skip


def compare(name, ours, theirs, rounds=ROUNDS):
    ours(), theirs()
    keep(name, [(seconds(ours), seconds(theirs)) for _ in range(rounds)])


def seconds(work):
    start = time.process_time()
    work()
    return time.process_time() - start


def keep(name, pairs):
    """Print and keep the median of paired ratios, and those of the milliseconds."""
    ratio = statistics.median(a / b for a, b in pairs)
    mine, other = (1e3 * statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"{name:66} {ratio:6.3f}   ({mine:.1f} ms / {other:.1f} ms)", flush=True)
    ROWS.append(f"| {name} | {ratio:.3f} | {mine:.1f} | {other:.1f} |")


def loading():
    """Seconds of `import optlib` after NumPy, and those of NumPy, in a fresh process."""
    code = "import time; a = time.process_time(); import numpy; b = time.process_time(); "
    code += "import optlib; print(time.process_time() - b, b - a)"
    call, compiled = [sys.executable, "-c", code], os.environ | {"PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(call, capture_output=True, text=True, check=True, env=compiled)
    return tuple(map(float, done.stdout.split()))


def machine():
    """The processor's name where the system tells it."""
    about = Path("/proc/cpuinfo")
    found = about.is_file() and re.search("model name.*: (.*)", about.read_text(encoding="utf-8"))
    name = found[1] if found else platform.processor()
    return f"{name}, {platform.system()} {platform.machine()}"


def main():
    torch.set_num_threads(1)
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}"
    versions += f", PyTorch {torch.__version__}, optax {optax.__version__}, JAX {jax.__version__}"
    about = ABOUT.format(date=datetime.date.today(), machine=machine(), versions=versions,
                         rounds=ROUNDS)  # fmt: skip
    print(about)
    run, problem = minimize, Rosenbrock()

    def ours():
        return run(Adam(lr=2e-3), problem, steps=10_000)

    compare("10,000 recorded steps of Adam / PyTorch fused", ours, lambda: torch_steps(10_000))
    compare("10,000 recorded steps of Adam / optax, lax.scan, compiled anew", ours,
            optax_scan(10_000))  # fmt: skip
    lr, beta = (a.ravel() for a in np.meshgrid(np.geomspace(1e-4, 1e-1, 100), np.arange(100) / 101))
    for name, adam in (("Momentum", False), ("Adam", True)):
        rule = Adam(lr=lr[:, None], beta1=beta[:, None])
        rule = rule if adam else Momentum(lr=lr[:, None] / 100, momentum=beta[:, None])
        rates = lr if adam else lr / 100
        for kept, every in (("all recorded", 1), ("nothing recorded", 500)):
            compare(f"10,000 runs x 500 steps of {name}, {kept} / PyTorch by hand",
                    lambda rule=rule, every=every: run(rule, problem, steps=500, every=every),
                    lambda adam=adam, rates=rates, every=every: torch_sweep(
                        rates, beta, adam, every == 1))  # fmt: skip
    step = our_step()
    compare("one Adam step on 10,000,000 float32 / PyTorch fused", step, big_step(fused=True))
    compare("one Adam step on 10,000,000 float32 / PyTorch default", step, big_step())
    frameworks()
    X, y = load_digits()
    model = MLP(X, y, hidden=128)
    start = model.start(np.random.default_rng(0))
    for name, dtype in (("float32", np.float32), ("float64", np.float64)):
        for rates in (np.array([1e-3]), np.geomspace(1e-4, 3e-2, 20)):
            several = rates[:, None] if len(rates) > 1 else rates[0]
            compare(f"digits network, {len(rates)} rates, 2 epochs, {name} / PyTorch",
                    lambda several=several, dtype=dtype: train(
                        Adam(lr=several), model, start.astype(dtype), 2, 32,
                        rng=np.random.default_rng(1)),
                    lambda rates=rates, name=name: torch_digits(
                        model, X, y, start, rates, getattr(torch, name), 2, 32))  # fmt: skip
    for problem in LANDSCAPES.values():
        name, ms = type(problem).__name__, 1e3 * seconds(partial(minimize, Adam(), problem))
        print(f"100 steps of Adam on {name:14}{ms:8.1f} ms")
        ROWS.append(f"| 100 steps of Adam on {name} | | {ms:.1f} | |")
    keep("`import optlib` after NumPy / `import numpy`", [loading() for _ in range(21)][1:])
    text = about + "\n".join(ROWS) + "\n"
    (ROOT / "BENCHMARKS.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
