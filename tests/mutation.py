"""Mutation testing: is a program with one thing changed told from the right one?

    python -m tests.mutation MODULE... [--sample N] [--seed S]
    python -m tests.mutation ops syntax engine homework.check --sample 200

Each mutant is a module with one change to its syntax tree (an operator, a comparison, a number, a condition, a
statement left out) or, in the operation table, to the text of one rule.  The tests are collected once and run once
with nothing changed, to learn which of them execute which lines and how long each takes.  Then each mutant has a fork:
a changed function gets its new code in place, anything else is imported again; the tests that execute the changed lines
run, the quickest of them first, until one fails.  mutmut and cosmic-ray see neither the rules, which are
texts, nor have they room for a parser that is one loop; so this is written here, and is no more than it needs to be.
"""

from __future__ import annotations

import argparse
import ast
import copy
import functools
import gc
import importlib.abc
import importlib.util
import inspect
import os
import pathlib
import pickle
import random
import re
import resource
import signal
import sys
import time
import traceback
import types
from typing import NamedTuple

# Loaded once here, not in every fork.
import click  # noqa: F401
import hypothesis
import jsonschema  # noqa: F401
import mpmath  # noqa: F401
import numpy  # noqa: F401
import pytest

PACKAGE = pathlib.Path(__file__).parents[1] / "bpcalc"
SECONDS = 300
MEMORY = 6 << 30                                   # what a mutant may take up before it is told that there is no more

# The tests that are to tell a mutant, likeliest first.
TESTS = {
    "ops": ["test_ops", "test_notes", "test_failures", "test_syntax", "test_arrays"],
    "syntax": ["test_syntax", "test_notation", "test_engine", "test_arrays", "test_report", "test_bindings",
               "test_hints"],
    "building": ["test_syntax", "test_notation", "test_engine", "test_arrays", "test_report", "test_bindings",
                 "test_hints"],
    "lexer": ["test_syntax", "test_notation", "test_bindings", "test_hints", "test_arrays"],
    "notation": ["test_syntax", "test_notation", "test_arrays", "test_bindings", "test_hints"],
    "homework.practice": ["test_practice"],
    "homework.sheets": ["test_answers", "test_homework", "test_grade", "test_worksheet", "test_docs"],
    "engine": ["test_engine", "test_dependence", "test_failures", "test_notes", "test_arrays"],
    "dependence": ["test_dependence", "test_notes"],
    "failures": ["test_failures", "test_catalogue"],
    "notes": ["test_notes", "test_rounded"],
    "formula": ["test_report", "test_steps", "test_ops", "test_engine", "test_render", "test_docs", "test_arrays"],
}
PEERS = "not torch and not jax and not pytorch"     # seconds to import in every fork; other oracles say the same
HOMEWORK = ["test_answers", "test_students", "test_homework", "test_grade", "test_published_errors", "test_rounded",
            "test_worksheet"]

SWAPS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult, ast.Mod: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.Break: ast.Continue, ast.Continue: ast.Break,
}
SENTENCE = re.compile(r"\b(needs|there|taken|division|bound|arguments|number|shape|shapes|rows|jumps|share)\b")
TEXTS = {" + ": " - ", " - ": " + ", " * ": " / ", " / ": " * ", " > ": " >= ", " < ": " <= ", " >= ": " > ",
         " <= ": " < ", " == ": " != ", " != ": " == ", " and ": " or ", " or ": " and ", "-": "", "1": "2", "0": "1",
         "sin(": "cos(", "cos(": "sin(", "exp(": "expm1(", "log(": "log1p("}


CACHES = ("_JUDGED", "_RUNS", "_ROWS")             # how much is kept in memory: no answer depends on it


def inside_types(tree):
    """The nodes that say something about types, document, or bound a cache: changing them changes no answer."""
    skipped = set()
    for node in ast.walk(tree):
        parts = []
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            parts = [node.returns, *(arg.annotation for arg in ast.walk(node.args) if isinstance(arg, ast.arg))]
        elif isinstance(node, ast.AnnAssign):
            parts = [node.annotation]
        elif isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            parts = [node]
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Mistake":
            # The example: numbers for the page and the tests, not a rule.
            parts = [*node.args[3:4], *(word for word in node.keywords if word.arg == "rate")]
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            parts = [node] if isinstance(node.value.value, str) else []
        elif isinstance(node, ast.Assign):
            names = {target.id for target in node.targets if isinstance(target, ast.Name)}
            parts = [node] if names & {"TYPE_CHECKING", "__slots__", *CACHES} else []
        for part in parts:
            if part is not None:
                skipped.update(map(id, ast.walk(part)))
    return skipped


def mutants(tree, texts):
    """Functions that change a copy of ``tree`` in place, with the number of the node and a few words."""
    skipped = inside_types(tree)
    for at, node in enumerate(ast.walk(tree)):
        if id(node) in skipped:
            continue
        for field in ("op", "ops"):
            held = getattr(node, field, None)
            for where, op in enumerate(held if isinstance(held, list) else [held] if held is not None else []):
                swap = SWAPS.get(type(op))
                if swap is not None:
                    yield at, f"{type(op).__name__} to {swap.__name__}", swapped(field, where, swap)
        if isinstance(node, (ast.Break, ast.Continue)):
            yield at, f"{type(node).__name__} turned", lambda node: setattr(node, "__class__", SWAPS[type(node)])
        if isinstance(node, ast.Constant):
            yield from constants(at, node, texts)
        if isinstance(node, (ast.If, ast.While, ast.IfExp)):
            yield at, "condition turned", lambda node: setattr(node, "test", ast.UnaryOp(ast.Not(), node.test))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            yield at, "minus lost", lambda node: setattr(node, "op", ast.UAdd())
        if isinstance(node, (ast.Module, ast.ClassDef)):
            continue
        for field in ("body", "orelse"):
            held = getattr(node, field, None)
            for where, inner in enumerate(held if isinstance(held, list) else []):
                acts = isinstance(inner, (ast.Assign, ast.AugAssign, ast.Raise)) or (
                    isinstance(inner, ast.Expr) and isinstance(inner.value, ast.Call))
                if acts and id(inner) not in skipped:
                    yield at, f"left out: {ast.unparse(inner)[:60]}", emptied(field, where)


def constants(at, node, texts):
    value = node.value
    if isinstance(value, bool):
        yield at, f"{value} turned", lambda node: setattr(node, "value", not node.value)
    elif isinstance(value, (int, float)) and value < 1e9:
        yield at, f"{value} + 1", lambda node: setattr(node, "value", node.value + 1)
    elif isinstance(value, (int, float)):          # beside it, 1 is nothing
        yield at, f"{value} doubled", lambda node: setattr(node, "value", 2 * node.value)
    elif isinstance(value, str) and texts and not SENTENCE.search(value):
        for old, new in TEXTS.items():
            start = value.find(old)
            while start >= 0:
                changed = value[:start] + new + value[start + len(old):]
                yield at, f"{value!r} to {changed!r}", lambda node, changed=changed: setattr(node, "value", changed)
                start = value.find(old, start + 1)


def swapped(field, where, swap):
    def change(node):
        if isinstance(getattr(node, field), list):
            getattr(node, field)[where] = swap()
        else:
            setattr(node, field, swap())

    return change


def emptied(field, where):
    def change(node):
        getattr(node, field)[where] = ast.Pass()

    return change


def rules_only(tree):
    """The calls of Op in the table without their LaTeX, documentation and sample points."""
    kept = copy.deepcopy(tree)
    for call in ast.walk(kept):
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Op":
            structural = any(word.arg == "pulls" for word in call.keywords)
            if structural and not (pathlib.Path(__file__).parent / "test_arrays.py").exists():
                call.args, call.keywords = [], []
            call.keywords = [word for word in call.keywords if word.arg in (
                "shown", "definition", "domain", "kinks", "fixity", "guarded", "pair", "pulls")]
    return kept


class Mutant(NamedTuple):
    """One change: what it is, the changed module, and where to look for tests that notice."""

    words: str
    tree: ast.Module
    line: int
    lines: range                                   # of the statement around it
    function: str                                  # the outermost function it is inside, "" outside of any
    row: str                                       # the operation whose rule it changes, or ""


def chosen(module, count, seed):
    """A sample of a module's mutants."""
    source = (PACKAGE / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
    tree = ast.parse(source)
    every = list(mutants(tree, texts=False))
    rows = {}
    if module == "ops":
        # The table's rules instead of its code; nodes are found again in the whole tree by their number.
        rules = {(part.lineno, part.col_offset): call.args[0].value for call in ast.walk(rules_only(tree))
                 if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Op" and call.args
                 for given in (*call.args[2:], *call.keywords) for part in ast.walk(given) if hasattr(part, "lineno")}
        for at, node in enumerate(ast.walk(tree)):
            if isinstance(node, ast.Constant) and (node.lineno, node.col_offset) in rules:
                rows[at] = rules[node.lineno, node.col_offset]
        every = [one for one in every if one[0] not in rows and inside_code(tree, one[0])]
        every += [one for one in mutants(tree, texts=True) if one[0] in rows]
    sample = random.Random(seed).sample(every, min(count, len(every)))
    print(f"{module}: {len(every)} mutants, {len(sample)} to try", flush=True)
    places = around(tree)
    for at, words, change in sorted(sample, key=lambda one: one[0]):
        changed = copy.deepcopy(tree)
        node = list(ast.walk(changed))[at]
        lines, function = places[at]
        change(node)
        yield Mutant(words, ast.fix_missing_locations(changed), getattr(node, "lineno", lines.start), lines, function,
                     rows.get(at, ""))


def inside_code(tree, at):
    """Whether a node of the table's file is part of a function."""
    return around(tree)[at][1] != ""


def around(tree):
    """For each node, in the order of ast.walk, the lines of its statement and the function it is in."""
    found = {}
    waiting = [(tree, range(1, 1), "", False)]
    while waiting:
        node, lines, prefix, inside = waiting.pop()
        found[id(node)] = (lines, prefix if inside else "")
        for field, held in ast.iter_fields(node):
            for child in held if isinstance(held, list) else [held]:
                if not isinstance(child, ast.AST):
                    continue
                own = lines
                if isinstance(child, ast.stmt):
                    body = getattr(child, "body", None)
                    own = range(child.lineno, max(body[0].lineno, child.lineno + 1) if body else child.end_lineno + 1)
                name, within = prefix, inside
                if not inside and isinstance(node, ast.ClassDef) and field == "body":
                    name = f"{node.name}."
                if not inside and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and field == "body":
                    name, within = f"{prefix}{node.name}", True
                waiting.append((child, own, name, within))
    return [found[id(node)] for node in ast.walk(tree)]


class Mutated(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives one module from a syntax tree instead of its file."""

    def __init__(self, module, tree):
        self.name = f"bpcalc.{module}"
        self.code = compile(tree, str(PACKAGE / f"{module.replace('.', '/')}.py"), "exec")

    def find_spec(self, name, path, target=None):
        return importlib.util.spec_from_loader(name, self, origin=self.code.co_filename) if name == self.name else None

    def exec_module(self, module):
        module.__file__ = self.code.co_filename
        exec(self.code, module.__dict__)  # noqa: S102 - our own module, changed in one place


def changed_in_place(module, mutant):
    """Give a function of the imported module the mutant's code; False where that cannot be done."""
    def inner(code):
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                yield constant
                if constant.co_qualname.count("<locals>") == 0:
                    yield from inner(constant)

    whole = compile(mutant.tree, str(PACKAGE / f"{module.replace('.', '/')}.py"), "exec")
    codes = [code for code in inner(whole) if code.co_qualname == mutant.function]
    held = vars(sys.modules[f"bpcalc.{module}"])
    for name in mutant.function.split("."):
        held = held.get(name) if isinstance(held, (dict, types.MappingProxyType)) else vars(held).get(name)
    held = getattr(held, "fget", None) or getattr(held, "__func__", held)
    held = inspect.unwrap(held) if callable(held) else held
    if len(codes) != 1 or not isinstance(held, types.FunctionType) or (
            held.__code__.co_freevars != codes[0].co_freevars):
        return False
    held.__code__ = codes[0]
    for cached in [one for one in gc.get_objects() if isinstance(one, functools._lru_cache_wrapper)]:
        if getattr(cached, "__module__", "").startswith("bpcalc"):
            cached.cache_clear()
    return True


def quietly(work):
    """Run ``work`` in a fork of this process without output; the fork's number."""
    child = os.fork()
    if child:
        return child
    code = 70
    try:
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        code = work()
    finally:
        os._exit(code)


def ended(child, seconds):
    """The exit code of a fork; one that takes too long is ended, with all that it started."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.killpg(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


class Tests:
    """A plugin of pytest: runs tests in an order of its own until one fails."""

    def __init__(self, order=None):
        self.failed = False
        self.order = order                         # names of tests, or None for all as they come
        self.limits = {}                           # seconds a test took when nothing was changed

    def pytest_runtest_logreport(self, report):
        self.failed |= report.failed

    def pytest_runtestloop(self, session):
        self.run(session.items)
        return True

    def run(self, items):
        """0 if every test passes, 1 at the first that does not; one that loops ends the process."""
        if self.order is not None:
            by_name = {item.nodeid: item for item in items}
            items = [by_name[name] for name in self.order if name in by_name]
        for item, following in zip(items, [*items[1:], None]):
            signal.setitimer(signal.ITIMER_VIRTUAL, 4 + 10 * self.limits.get(item.nodeid, 1))
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.failed:
                return 1
        return 0


class Clean(Tests):
    """Runs every test with nothing changed: how long each takes, and which lines of the module it executes."""

    def __init__(self, module):
        super().__init__()
        self.path = str(PACKAGE / f"{module.replace('.', '/')}.py")
        self.seconds = {}
        self.lines = {}

    def run(self, items):
        for item, following in zip(items, [*items[1:], None]):
            lines = self.lines[item.nodeid] = set()
            start = time.process_time()
            sys.settrace(functools.partial(self.entered, lines))
            try:
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            finally:
                sys.settrace(None)
            if self.failed:                        # a test of memory or of time, which being followed disturbs
                self.failed = False
            else:
                self.seconds[item.nodeid] = time.process_time() - start
        return 0

    def entered(self, lines, frame, event, arg):
        if frame.f_code.co_filename != self.path:
            return None

        def line(frame, event, arg):
            lines.add(frame.f_lineno)
            return line

        lines.add(frame.f_lineno)
        return line


def collected(files, plugin):
    """Run pytest with a plugin that takes the tests into its own hands."""
    without = [word for name in ("terminal", "cacheprovider", "xdist", "warnings") for word in ("-p", f"no:{name}")]
    arguments = ["-o", "addopts=", "-m", "not slow", "-k", PEERS, *without, *files]
    return int(pytest.main(arguments, plugins=[plugin]))


class Hunt(Tests):
    """Collects once; then looks at every mutant in forks of this process."""

    def __init__(self, module, files, sample):
        super().__init__()
        self.module = module
        self.files = files
        self.sample = sample

    def run(self, items):
        clean = self.measured(items)
        self.limits = clean.seconds
        survived = tried = 0
        for mutant in self.sample:
            tried += 1
            if self.survives(mutant, items, clean):
                survived += 1
                print(f"bpcalc/{self.module.replace('.', '/')}.py:{mutant.line}: {mutant.words}", flush=True)
        print(f"{self.module}: {tried - survived} of {tried} killed, {100 * (tried - survived) / max(tried, 1):.1f} %",
              flush=True)
        return 0

    def measured(self, items):
        """The clean run, in a fork, so that it leaves no caches here."""
        reads, writes = os.pipe()

        def work():
            clean = Clean(self.module)
            items[0].config.pluginmanager.register(clean)
            clean.run(items)
            with open(writes, "wb") as stream:
                pickle.dump((clean.seconds, clean.lines), stream)
            return 0

        child = quietly(work)
        os.close(writes)
        with open(reads, "rb") as stream:
            seconds, lines = pickle.load(stream)  # noqa: S301 - written by the line above
        ended(child, 10)
        for item in items:
            if item.nodeid not in seconds:
                print(f"{self.module}: without {item.nodeid}, which fails while it is followed", flush=True)
        clean = Clean(self.module)
        clean.seconds, clean.lines = seconds, lines
        print(f"{self.module}: {len(items)} tests, {sum(seconds.values()):.0f} s", flush=True)
        return clean

    def survives(self, mutant, items, clean):
        """Whether all tests pass that execute the mutant's lines; what is done on import concerns every test."""
        quick = sorted(clean.seconds, key=clean.seconds.__getitem__)
        if mutant.function:
            self.order = [name for name in quick if clean.lines[name].intersection(mutant.lines)]
        else:
            near = [name for name in quick if re.search(rf"\b{re.escape(mutant.row or 'NONE')}\b", name)]
            self.order = near + [name for name in quick if name not in set(near)]

        def work():
            if mutant.function and changed_in_place(self.module, mutant):
                return self.run_tests(items)
            return 3

        code = ended(quietly(work), SECONDS)
        return (self.afresh(mutant) if code == 3 else code) == 0

    def run_tests(self, items):
        return Tests.run(self, items)

    def afresh(self, mutant):
        """The exit code where the module has to be imported again, and the tests with it."""
        def work():
            for name in [name for name in sys.modules if name.partition(".")[0] in ("bpcalc", "tests")]:
                if name not in ("tests", __name__):
                    del sys.modules[name]
            sys.meta_path.insert(0, Mutated(self.module, mutant.tree))
            again = Tests(self.order)
            again.limits = self.limits
            code = collected(self.files, again)
            return 1 if again.failed else code

        return ended(quietly(work), SECONDS)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="+")
    parser.add_argument("--sample", type=int, default=10**9)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    hypothesis.settings.register_profile("mutation", deadline=None, derandomize=True, database=None)
    hypothesis.settings.load_profile("mutation")
    here = pathlib.Path(__file__).parent
    for module in options.modules:
        names = TESTS.get(module, HOMEWORK)
        files = [str(here / f"{name}.py") for name in names if (here / f"{name}.py").exists()]
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            code = 70
            try:
                code = collected(files, Hunt(module, files, chosen(module, options.sample, options.seed)))
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                os._exit(code)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
