"""A rule in PyTorch does what it does in optlib, and behaves as its own: `make test-torch`."""

import copy
import io

import numpy as np
import pytest
from hypothesis import given, settings
from strategies import exact_rules

from optlib import (
    OPTIMIZERS,
    SGD,
    AdaDelta,
    AdaGrad,
    Adam,
    AdamW,
    AMSGrad,
    Momentum,
    Nesterov,
    RMSProp,
    State,
)
from optlib.frameworks import to_torch

torch = pytest.importorskip("torch")
from test_frameworks import Branching, Shrinking, quarters, refuses  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")  # its compiler
PEERS = {
    "SGD": (SGD(0.05), lambda p: torch.optim.SGD(p, 0.05)),
    "Momentum": (Momentum(0.01), lambda p: torch.optim.SGD(p, 0.01, 0.9)),
    "Nesterov": (Nesterov(0.01), lambda p: torch.optim.SGD(p, 0.01, 0.9, nesterov=True)),
    "AdaGrad": (AdaGrad(0.01), lambda p: torch.optim.Adagrad(p, 0.01)),
    "AdaDelta": (AdaDelta(), torch.optim.Adadelta),
    "RMSProp": (RMSProp(0.01), torch.optim.RMSprop),
    "Adam": (Adam(), torch.optim.Adam),
    "AMSGrad": (AMSGrad(), lambda p: torch.optim.Adam(p, amsgrad=True)),
    "AdamW": (AdamW(), torch.optim.AdamW),
}


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


def network(dtype=torch.float64):
    torch.manual_seed(0)
    layers = torch.nn.Linear(6, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2)
    return torch.nn.Sequential(*layers).to(dtype)


def batch(step, dtype=torch.float64):
    numbers = np.random.default_rng(step).normal(size=(5, 8))
    return torch.from_numpy(numbers[:, :6]).to(dtype), torch.from_numpy(numbers[:, 6:]).to(dtype)


def loss_of(model, step):
    x, y = batch(step, next(model.parameters()).dtype)
    return ((model(x) - y) ** 2).mean()


def train(model, optimizer, steps, after=lambda: None):
    for step in steps:
        optimizer.zero_grad()
        loss_of(model, step).backward()
        optimizer.step()
        after()
    return flat(model)


def flat(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()]).double().numpy()


def run(make, dtype=torch.float64, steps=range(200)):
    model = network(dtype)
    return train(model, make(model.parameters()), steps)


@pytest.mark.parametrize(("dtype", "apart"), [(torch.float64, 1e-14), (torch.float32, 1e-5)])
@pytest.mark.parametrize("name", PEERS)
def test_rule_walks_as_pytorch_does(name, dtype, apart):
    rule, peer = PEERS[name]
    assert run(to_torch(rule), dtype) == pytest.approx(run(peer, dtype), abs=apart)


@pytest.mark.parametrize("cls", OPTIMIZERS)
def test_compiled_walks_the_same_way_and_is_compiled_once(cls):
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    fused = run(to_torch(cls, compiled=True), steps=range(10))
    assert fused == pytest.approx(run(to_torch(cls), steps=range(10)), abs=1e-14)
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == 1
    assert not torch._dynamo.utils.counters["graph_break"]


@settings(max_examples=300)
@given(rule=exact_rules(), given=quarters)
def test_any_straight_lines_are_computed_exactly(rule, given):
    x, g, m, v = given
    x_new, after = rule.step(x, g, State(3, m, v))
    p = torch.nn.Parameter(torch.tensor(x))
    p.grad = torch.tensor(g)
    optimizer = to_torch(rule)([p])
    kept = {name: torch.tensor(value) for name, value in (("m", m), ("v", v))
            if name in optimizer.plan.slots}  # fmt: skip
    optimizer.state[p] = {"t": 3, **kept}
    optimizer.step()
    assert np.array_equal(p.detach(), x_new)
    assert np.array_equal(p.grad, g)
    assert optimizer.state[p]["t"] == 4
    for name in kept:
        assert np.array_equal(optimizer.state[p][name], np.broadcast_to(getattr(after, name), 3))


def functions(x, g):
    """Every function of NumPy that a rule may use, and operators on either side of a number."""
    found = np.sqrt(abs(g)) + np.exp(-(g**2)) + np.log(2 + np.square(x)) + np.sin(g) * np.cos(x)
    found = found + np.maximum(0.5, g) - np.minimum(x, -0.25) + np.maximum(x, g) / np.minimum(x, -1)
    return (
        found + 1 / (2 + g**2) + 2.0 ** np.sign(g) + abs(x) ** 1.5 - (3 - x) / 4 + (2 + x**2) ** g
    )


@pytest.mark.parametrize("compiled", [False, True])
def test_every_function_of_a_rule(compiled):
    class Functions(SGD):
        def step(self, x, g, state=State()):
            return x - self.lr * functions(x, g), State(state.t + 1)

    x, g = np.array([0.3, -1.7, 2.9]), np.array([1.1, -0.4, 0.6])
    p = torch.nn.Parameter(torch.tensor(x))
    p.grad = torch.tensor(g)
    to_torch(Functions(), compiled)([p]).step()
    assert p.detach().numpy() == pytest.approx(Functions().step(x, g)[0], abs=1e-14)


def test_groups_have_their_own_hyperparameters():
    def groups(model, lr, decay):
        weights = [p for p in model.parameters() if p.ndim > 1]
        others = [p for p in model.parameters() if p.ndim < 2]
        return [{"params": weights}, {"params": others, lr: 1e-2, decay: 0.0}]

    ours, theirs = network(), network()
    optimizer = to_torch(AdamW(weight_decay=0.1))(groups(ours, "lr", "weight_decay"), lr=1e-3)
    peer = torch.optim.AdamW(groups(theirs, "lr", "weight_decay"), lr=1e-3, weight_decay=0.1)
    steps = range(50)
    assert train(ours, optimizer, steps) == pytest.approx(train(theirs, peer, steps), abs=1e-14)
    assert "weight_decay: 0.0" in repr(optimizer)
    optimizer.add_param_group({"params": [torch.nn.Parameter(torch.ones(2))], "lr": 0.5})
    assert optimizer.param_groups[-1]["weight_decay"] == 0.1


@pytest.mark.parametrize("compiled", [False, True])
def test_schedulers_change_the_rate(compiled):
    torch._dynamo.reset()
    ends = []
    for make in (to_torch(Adam, compiled), torch.optim.Adam):
        model = network()
        optimizer = make(model.parameters(), lr=1e-2)
        scheduler = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, 0.05, total_steps=40, cycle_momentum=False
        )
        ends.append(train(model, optimizer, range(40), scheduler.step))
    assert ends[0] == pytest.approx(ends[1], abs=1e-14)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_a_checkpoint_continues_bit_for_bit(dtype):
    def start():
        model = network(dtype)
        optimizer = to_torch(AMSGrad(1e-2, eps=1e-4))(model.parameters())
        return model, optimizer, torch.optim.lr_scheduler.LinearLR(optimizer, total_iters=30)

    model, optimizer, scheduler = start()
    whole = train(model, optimizer, range(30), scheduler.step)
    model, optimizer, scheduler = start()
    train(model, optimizer, range(12), scheduler.step)
    file = io.BytesIO()
    torch.save([part.state_dict() for part in (model, optimizer, scheduler)], file)
    file.seek(0)
    again = start()
    for part, state in zip(again, torch.load(file, weights_only=True), strict=True):
        part.load_state_dict(state)
    assert np.array_equal(train(*again[:2], range(12, 30), again[2].step), whole)
    assert {s.dtype for s in again[1].state.values() for s in [s["v_max"]]} == {dtype}
    assert np.isfinite(whole).all()


def test_parameters_without_a_gradient_wait():
    ends = []
    for make in (to_torch(Adam), torch.optim.Adam):
        model = network()
        optimizer = make(model.parameters(), lr=0.01)
        for step in range(20):
            optimizer.zero_grad()
            loss_of(model, step).backward()
            if step % 3:
                model[0].weight.grad = None
            optimizer.step()
        ends.append(flat(model))
    assert ends[0] == pytest.approx(ends[1], abs=1e-14)


def test_closure_computes_the_loss():
    model = network()
    optimizer = to_torch(SGD(0.1))(model.parameters())

    def closure():
        optimizer.zero_grad()
        loss = loss_of(model, 0)
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == loss_of(network(), 0).item()
    assert optimizer.step(closure).item() < loss_of(network(), 0).item()


def test_several_devices_and_types_at_once():
    here, there = torch.ones(3), torch.ones(3, device="meta")
    params = [torch.nn.Parameter(p) for p in (here, there, torch.ones(2, dtype=torch.float64))]
    optimizer = to_torch(Momentum(0.1))(params)
    for p in params:
        p.grad = torch.full_like(p, 0.5)
    optimizer.step()
    assert [optimizer.state[p]["m"].device.type for p in params] == ["cpu", "meta", "cpu"]
    assert params[0].tolist() == pytest.approx([0.95] * 3)
    assert params[2].tolist() == pytest.approx([0.95] * 2)


def test_a_scaler_of_gradients_skips_what_overflows():
    model = network(torch.float32)
    optimizer = to_torch(Adam)(model.parameters())
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**120)
    before = flat(model)
    for step in range(2):
        optimizer.zero_grad()
        scaler.scale(loss_of(model, step) * (1e30 if step == 0 else 1.0)).backward()
        scaler.step(optimizer)
        scaler.update(2.0)
        assert np.array_equal(flat(model), before) == (step == 0)
    assert {state["t"] for state in optimizer.state.values()} == {1}


def test_a_copy_steps_like_the_original():
    model = network()
    optimizer = to_torch(Adam)(model.parameters())
    train(model, optimizer, range(3))
    twin, other = copy.deepcopy((model, optimizer))
    assert np.array_equal(train(twin, other, range(3, 6)), train(model, optimizer, range(3, 6)))


def test_a_rule_of_any_form_and_any_start():
    x, g = np.array([1.0, -2.0]), np.array([0.5, 3.0])
    p = torch.nn.Parameter(torch.tensor(x))
    p.grad = torch.tensor(g)
    optimizer = to_torch(Shrinking)([p])
    optimizer.step()
    assert p.detach().numpy() == pytest.approx(Shrinking().step(x, g)[0], abs=1e-15)


def test_what_cannot_be_is_refused_by_name():
    refuses(to_torch)
    p = torch.nn.Parameter(torch.ones(2))
    for wrong, message in [
        (lambda: to_torch(Branching), "greater is not one of"),
        (lambda: to_torch(Adam)([p], learning_rate=1.0), "unexpected keyword argument 'learning"),
        (lambda: to_torch(Adam)([p], lr=-1.0), r"Adam: lr must be in \[0, inf\)"),
        (lambda: to_torch(Adam)([{"params": [p], "beta1": 1.0}]), "Adam: beta1 must be in"),
        (lambda: to_torch(Adam)([torch.ones(2, dtype=torch.complex64)]), "floating-point type"),
        (lambda: to_torch(Adam, compiled=1), "compiled must be True or False"),
    ]:
        with pytest.raises((TypeError, ValueError), match=message):
            wrong()
    optimizer = to_torch(Adam)([p])
    p.grad = torch.eye(2)[0].to_sparse()
    with pytest.raises(TypeError, match="Adam: gradient must be dense"):
        optimizer.step()


def one_of_two(rank, file, sharded):
    """Train one of two processes on half of each batch and store where both arrive."""
    from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict

    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{file}.rendezvous", rank=rank, world_size=2
    )
    torch.manual_seed(0)
    model = network()
    if sharded:
        mesh = torch.distributed.device_mesh.init_device_mesh("cpu", (2,))
        torch.distributed.fsdp.fully_shard(model, mesh=mesh)
    else:
        model = torch.nn.parallel.DistributedDataParallel(model)
    optimizer = to_torch(AdamW(0.01))(model.parameters())
    for step in range(20):
        if step == 10 and sharded:  # through a checkpoint of shards
            states = get_state_dict(model, optimizer)
            optimizer = to_torch(AdamW(0.01))(model.parameters())
            set_state_dict(model, optimizer, model_state_dict=states[0], optim_state_dict=states[1])
        optimizer.zero_grad()
        x, y = (part[rank::2] for part in batch_of_six(step))
        ((model(x) - y) ** 2).mean().backward()
        optimizer.step()
    whole = [p.full_tensor() if sharded else p for p in model.parameters()]
    if rank == 0:
        torch.save(torch.cat([p.detach().flatten() for p in whole]), file)
    torch.distributed.destroy_process_group()


def batch_of_six(step):
    numbers = torch.from_numpy(np.random.default_rng(step).normal(size=(6, 8)))
    return numbers[:, :6], numbers[:, 6:]


@pytest.mark.parametrize("sharded", [False, True], ids=["DDP", "FSDP2"])
def test_two_processes_arrive_where_one_does(sharded, tmp_path):
    file = str(tmp_path / "end")
    torch.multiprocessing.spawn(one_of_two, (file, sharded), nprocs=2)
    model = network()
    optimizer = to_torch(AdamW(0.01))(model.parameters())
    for step in range(20):
        optimizer.zero_grad()
        x, y = batch_of_six(step)
        ((model(x) - y) ** 2).mean().backward()
        optimizer.step()
    assert torch.load(file).numpy() == pytest.approx(flat(model), abs=1e-12)
