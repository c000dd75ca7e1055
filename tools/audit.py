"""Every verdict of the book under other seeds, longer runs and neighboring settings.

    python tools/audit.py               whatever has changed since it was last audited
    python tools/audit.py C5 03 -j 1    only this claim, and the sentences of this chapter

Nothing is written twice: the statements of the chapter's own cells on which a verdict rests run
again with other constants. `SEEDS` shifts change every seed of `default_rng`, `HORIZONS` multiply
what is called steps or epochs; of stored studies the first seeds are left out one by one. The
metadata of a cell say what else to try, and which sentences of the prose, bold ones and summaries,
rest on it:

    "audit": {"settings": [["rho=0.99", "rho=0.98"]],           old text, new text
              "horizon": false,                                 where longer means nothing
              "holds": {"twenty times faster": "ratio > 20"}}   words of the prose, a test

Results go to optlib/studies/audit.json after every run, with a hash of the statements they rest on.
"""

import argparse
import ast
import contextlib
import hashlib
import io
import json
import linecache
import os
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
STORED = ROOT / "optlib" / "studies" / "audit.json"
SEEDS, FEW, HORIZONS = 8, 4, (2, 5)  # FEW: shifts for a cell that has sentences only
STUDIED = 5  # seeds of stored studies, left out one by one
VERDICT = re.compile(r"^([CAG]\d+) (TRUE|CONDITIONAL|MISLEADING|FALSE):", re.M)
LENGTH = re.compile(r"(\w+_)?(steps|epochs)", re.I)
STUDY = re.compile(r"\b(tuned|after)\.(results|best)\b")
LEFT_OUT = "from optlib import studies\nstudies.left_out = {seed}\n"


def chapters():
    """The numbered chapters: path and cells of each."""
    for path in sorted((ROOT / "chapters").glob("[0-9][0-9]-*.ipynb")):
        yield path, json.loads(path.read_text(encoding="utf-8"))["cells"]


def subjects():
    """What is audited: {name: (chapter, statements it rests on, its result, the settings)}."""
    found = {}
    for path, cells in chapters():
        before = []
        for cell in (cell for cell in cells if cell["cell_type"] == "code"):
            cell_text = "".join(cell["source"])
            statements = ast.parse(cell_text).body
            earlier, before = before, before + statements
            printed = "".join("".join(output.get("text", "")) for output in cell["outputs"])
            verdicts = dict(VERDICT.findall(printed))
            options = {"seeds": SEEDS if verdicts else FEW} | cell["metadata"].get("audit", {})
            tests = {f"{path.stem[:2]} {words}": test
                     for words, test in options.get("holds", {}).items()}  # fmt: skip
            if not verdicts and not tests:
                continue
            pairs = ", ".join(f"{name!r}: {test}" for name, test in tests.items())
            test = ast.parse(f"__held__ = {{{pairs}}}" if tests else "").body
            own, last = (earlier, statements + test) if verdicts else (before, test)
            text = source(own, last)
            for name, result in (verdicts | dict.fromkeys(tests, "True")).items():
                cited = f"{name} {result}:" in cell_text  # a verdict that rests on sources alone
                settings = {"horizon": False, "seeds": 0} if cited else options
                found[name] = path.name, text, result, settings
            for old, _ in options.get("settings", ()):
                if old not in text:
                    raise SystemExit(f"settings: {old!r} is not in\n{text}")
    return found


class Names(ast.NodeVisitor):
    """Names that a statement reads from before, gives a value, and may change in place."""

    def __init__(self, statement, local=()):
        self.reads, self.gives, self.changes, self.local = set(), set(), set(), set(local)
        self.visit(statement)

    def visit_Name(self, node):
        if not isinstance(node.ctx, ast.Load):
            self.gives.add(node.id)
        elif node.id not in self.gives | self.local:
            self.reads.add(node.id)

    def in_order(self, *parts):
        for part in parts:
            for node in part if isinstance(part, list) else [part]:
                if node is not None:
                    self.visit(node)

    def visit_Assign(self, node):
        self.in_order(node.value, node.targets)

    def visit_AugAssign(self, node):
        self.reads |= {getattr(node.target, "id", "")} - self.gives - self.local
        self.in_order(node.value, node.target)

    def visit_For(self, node):
        self.in_order(node.iter, node.target, node.body, node.orelse)

    def visit_Subscript(self, node):
        if isinstance(node.ctx, ast.Store):
            self.changes |= {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)}
        self.generic_visit(node)

    def visit_Expr(self, node):
        if isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute):
            self.changes.add(getattr(node.value.func.value, "id", ""))
        self.generic_visit(node)

    def visit_Import(self, node):
        self.gives |= {(name.asname or name.name).partition(".")[0] for name in node.names}

    visit_ImportFrom = visit_Import

    def inner(self, node, body):
        """A scope of its own, whose names are not those of the cell."""
        nodes = [n for part in body for n in ast.walk(part)]
        local = {n.id for n in nodes if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
        local |= {n.arg for n in ast.walk(node) if isinstance(n, ast.arg)}
        for part in body:
            self.reads |= Names(part, self.gives | self.local | local).reads

    def visit_FunctionDef(self, node):
        self.in_order(node.decorator_list, node.args.defaults, node.args.kw_defaults)
        self.gives.add(node.name)
        self.inner(node, node.body)

    def visit_ClassDef(self, node):
        self.in_order(node.decorator_list, node.bases)
        self.gives.add(node.name)
        self.inner(node, node.body)

    def visit_Lambda(self, node):
        self.in_order(node.args.defaults, node.args.kw_defaults)
        self.inner(node, [node.body])

    def visit_comprehension_like(self, node):
        self.inner(node, list(ast.iter_child_nodes(node)))

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_comprehension_like


names_in, text_of = cache(Names), cache(ast.unparse)  # a chapter's cells are read for each subject


def source(before, last):
    """The statements of ``before`` on which the last ones rest, and these, as one text."""
    known = [(statement, names_in(statement)) for statement in before]
    modules = {name for statement, names in known for name in names.gives
               if isinstance(statement, ast.Import | ast.ImportFrom)}  # fmt: skip
    generators = {name for statement, names in known for name in names.gives
                  if isinstance(statement, ast.Assign | ast.For)
                  and "default_rng" in text_of(statement)}  # fmt: skip
    start = Names(ast.Module(last, [])).reads
    while True:
        wanted, kept, late = set(start), [], set()
        for statement, names in reversed(known):
            drawn = names.reads & generators  # whoever draws changes the generator
            if (names.gives | (names.changes - modules) | drawn) & wanted:
                wanted = (wanted - names.gives) | names.reads
                kept.append(statement)
                if isinstance(statement, ast.FunctionDef | ast.ClassDef):
                    late |= names.reads  # looked up when called, not where defined
        if late <= start:
            return "\n".join(map(text_of, [*reversed(kept), *last]))
        start |= late


class Varied(ast.NodeTransformer):
    """The program with other seeds and horizons."""

    def __init__(self, shift=0, factor=1):
        self.shift, self.factor = shift, factor

    def visit_Call(self, node):
        self.generic_visit(node)
        if self.shift and ast.unparse(node.func).endswith("default_rng") and node.args:
            seed = ast.unparse(node.args[0])
            node.args[0] = ast.parse(f"np.append(np.ravel({seed}), {self.shift})").body[0].value
        return node

    def visit_keyword(self, node):
        self.generic_visit(node)
        node.value = self.longer(node.arg or "", node.value)
        return node

    def visit_Assign(self, node):
        self.generic_visit(node)
        if len(node.targets) == 1:
            node.value = self.longer(getattr(node.targets[0], "id", ""), node.value)
        return node

    def visit_arguments(self, node):
        self.generic_visit(node)
        late = node.args[len(node.args) - len(node.defaults) :]
        node.defaults = [self.longer(a.arg, d) for a, d in zip(late, node.defaults, strict=True)]
        return node

    def longer(self, name, value):
        number = isinstance(value, ast.Constant) and type(value.value) in (int, float)
        longer = number and LENGTH.fullmatch(name) and self.factor != 1
        return ast.Constant(value.value * self.factor) if longer else value


def variants(text, options):
    """The changed programs by name, those that are changed at all."""
    tree = lambda: ast.parse(text)  # noqa: E731
    shifts = range(1, options["seeds"] + 1)
    changed = {f"seeds {i}": ast.unparse(Varied(shift=i).visit(tree())) for i in shifts}
    if options.get("horizon", True):
        changed |= {
            f"{k} times as long": ast.unparse(Varied(factor=k).visit(tree())) for k in HORIZONS
        }
    if options["seeds"] and STUDY.search(text):
        changed |= {f"without seed {i}": LEFT_OUT.format(seed=i) + text for i in range(STUDIED)}
    changed |= {f"{a} -> {b}": text.replace(a, b) for a, b in options.get("settings", ())}
    same = text, ast.unparse(tree())
    return {"as printed": text} | {
        key: program for key, program in changed.items() if program not in same
    }


def run(program):
    """All verdicts that a program prints, and whether what it tests holds; or its error."""
    from optlib import studies

    printed, scope = io.StringIO(), {"__name__": "__main__"}
    linecache.cache["cell"] = len(program), None, program.splitlines(keepends=True), "cell"
    with contextlib.chdir(ROOT / "chapters"), contextlib.redirect_stdout(printed):
        try:
            exec(compile(program, "cell", "exec"), scope)
        except Exception as error:
            return {"error": f"{type(error).__name__}: {error}"}
        finally:
            studies.left_out = None
    tested = {name: str(bool(held)) for name, held in scope.get("__held__", {}).items()}
    return dict(VERDICT.findall(printed.getvalue())) | tested


def result_of(name, results):
    """What a run says of one subject."""
    return results.get(name) or results.get("error", "no verdict")


def mark(text):
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def load():
    return json.loads(STORED.read_text(encoding="utf-8")) if STORED.exists() else {}


def missing(stored, found, wanted=lambda name: True):
    """What has not been run of the subjects as they are now: (name, variant, program)."""
    for name, (_, text, result, options) in found.items():
        if not wanted(name):
            continue
        entry = stored.get(name)
        programs = variants(text, options)
        if entry is None or entry["hash"] != mark(text):
            stored[name] = {"hash": mark(text), "printed": result, "runs": {}}
        stored[name]["printed"] = result
        runs = stored[name]["runs"]
        for gone in runs.keys() - programs.keys():
            del runs[gone]
        yield from ((name, key, text) for key, text in programs.items() if key not in runs)


def held(*entries):
    """How many of the changed runs gave the printed verdict, and of how many."""
    same = [result == entry["printed"] for entry in entries
            for key, result in entry["runs"].items() if key != "as printed"]  # fmt: skip
    return sum(same), len(same)


def save(stored):
    kept = {name: stored[name] for name in sorted(stored)}
    STORED.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("claims", nargs="*", help="as in the ledger, or chapters; default: all")
    parser.add_argument("-j", "--jobs", type=int, default=2)
    chosen = parser.parse_args()
    # for the processes that run the slices; not at import, which would change the importer's own
    os.environ |= {"OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "agg", "TQDM_DISABLE": "1"}
    from joblib import Parallel, delayed
    from tqdm import tqdm

    stored, found = load(), subjects()
    wanted = lambda name: not chosen.claims or name.split()[0] in chosen.claims  # noqa: E731
    todo = list(missing(stored, found, wanted))
    for name in stored.keys() - found.keys():
        del stored[name]
    programs = dict.fromkeys(program for *_, program in todo)  # claims of one cell share theirs
    work = Parallel(chosen.jobs, return_as="generator")(map(delayed(run), programs))
    for program, results in zip(programs, tqdm(work, total=len(programs)), strict=True):
        for name, key, _ in (task for task in todo if task[-1] == program):
            stored[name]["runs"][key] = result_of(name, results)
        save(stored)
    save(stored)
    for name, entry in stored.items():
        same, runs = held(entry)
        fell = [
            f"{key}: {result}"
            for key, result in entry["runs"].items()
            if result != entry["printed"]
        ]
        print(
            f"{name:6} {entry['printed']:12} held in {same} of {runs}",
            *fell,
            sep="\n       " if fell else " ",
        )


if __name__ == "__main__":
    main()
