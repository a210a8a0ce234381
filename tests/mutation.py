"""Mutation testing: is a program with one thing changed told from the right one?

    python -m tests.mutation MODULE... [--sample N] [--seed S]
    python -m tests.mutation ops syntax engine homework.check --sample 200

Each mutant is a module with one change to its syntax tree (an operator, a comparison, a number, a condition, a
statement left out) or, in the operation table, to the text of one rule.  A fork of this process imports the mutant in
the module's place and runs the module's tests until one fails.  mutmut and cosmic-ray see neither the rules, which are
texts, nor have they room for a parser that is one loop; so this is written here, and is no more than it needs to be.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib.abc
import importlib.util
import os
import pathlib
import random
import re
import signal
import sys
import time

PACKAGE = pathlib.Path(__file__).parents[1] / "bpcalc"
SECONDS = 120

# The tests that are to tell a mutant, likeliest first.
TESTS = {
    "ops": ["test_ops", "test_differential", "test_engine", "test_syntax", "test_docs", "test_arrays"],
    "syntax": ["test_syntax", "test_programs", "test_engine", "test_arrays", "test_report", "test_bindings",
               "test_catalogue"],
    "lexer": ["test_syntax", "test_programs", "test_bindings", "test_catalogue", "test_arrays", "test_options"],
    "engine": ["test_engine", "test_properties", "test_ops", "test_arrays", "test_report", "test_verify"],
    "formula": ["test_report", "test_steps", "test_ops", "test_engine", "test_render", "test_docs", "test_arrays"],
}
HOMEWORK = ["test_homework", "test_grade", "test_docs", "test_published_errors", "test_rounded"]

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


def inside_types(tree):
    """The nodes that say something about types, or document: changing them changes nothing."""
    skipped = set()
    for node in ast.walk(tree):
        parts = []
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            parts = [node.returns, *(arg.annotation for arg in ast.walk(node.args) if isinstance(arg, ast.arg))]
        elif isinstance(node, ast.AnnAssign):
            parts = [node.annotation]
        elif isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            parts = [node]
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            parts = [node] if isinstance(node.value.value, str) else []
        elif isinstance(node, ast.Assign):
            names = {target.id for target in node.targets if isinstance(target, ast.Name)}
            parts = [node] if names & {"TYPE_CHECKING", "__slots__"} else []
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
    elif isinstance(value, (int, float)) and not isinstance(value, complex):
        yield at, f"{value} + 1", lambda node: setattr(node, "value", node.value + 1)
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


def chosen(module, count, seed):
    """A sample of a module's mutants: (line, words, the changed tree)."""
    source = (PACKAGE / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
    tree = ast.parse(source)
    texts = module == "ops"
    if texts:
        # Only what stands in the table; nodes are found again in the whole tree by their place.
        places = {(node.lineno, node.col_offset) for call in ast.walk(rules_only(tree))
                  if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Op"
                  for part in (*call.args[2:], *call.keywords) for node in ast.walk(part) if hasattr(node, "lineno")}
        nodes = list(ast.walk(tree))
        every = [one for one in mutants(tree, texts) if hasattr(nodes[one[0]], "lineno")
                 and isinstance(nodes[one[0]], ast.Constant)
                 and (nodes[one[0]].lineno, nodes[one[0]].col_offset) in places]
    else:
        every = list(mutants(tree, texts))
    sample = random.Random(seed).sample(every, min(count, len(every)))
    for at, words, change in sorted(sample, key=lambda one: one[0]):
        changed = copy.deepcopy(tree)
        node = list(ast.walk(changed))[at]
        line = getattr(node, "lineno", 0)
        change(node)
        yield line, words, ast.fix_missing_locations(changed)
    print(f"{module}: {len(every)} mutants, {len(sample)} tried", flush=True)


class Mutated(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives one module from a syntax tree instead of its file."""

    def __init__(self, name, tree):
        self.name = name
        self.code = compile(tree, str(PACKAGE / f"{name.partition('.')[2].replace('.', '/')}.py"), "exec")

    def find_spec(self, name, path, target=None):
        return importlib.util.spec_from_loader(name, self, origin=self.code.co_filename) if name == self.name else None

    def exec_module(self, module):
        module.__file__ = self.code.co_filename
        exec(self.code, module.__dict__)  # noqa: S102 - our own module, changed in one place


def survives(module, tree, files):
    """Whether all tests pass with the mutant, in a fork of this process."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1)
            os.dup2(null, 2)
            os.setsid()
            sys.meta_path.insert(0, Mutated(f"bpcalc.{module}", tree))
            import pytest

            code = int(pytest.main(["-x", "-q", "-m", "not slow", "-p", "no:cacheprovider", *files]))
        finally:
            os._exit(code)
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False                                   # a loop without an end is noticed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="+")
    parser.add_argument("--sample", type=int, default=10**9)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    import hypothesis  # noqa: F401 - loaded once here, not in every fork
    import jsonschema  # noqa: F401
    import mpmath  # noqa: F401
    import numpy  # noqa: F401
    import pytest  # noqa: F401

    here = pathlib.Path(__file__).parent
    for module in options.modules:
        names = TESTS.get(module, HOMEWORK)
        files = [str(here / f"{name}.py") for name in names if (here / f"{name}.py").exists()]
        tried = alive = 0
        for line, words, tree in chosen(module, options.sample, options.seed):
            tried += 1
            if survives(module, tree, files):
                alive += 1
                print(f"bpcalc/{module.replace('.', '/')}.py:{line}: {words}", flush=True)
        print(f"{module}: {tried - alive} of {tried} killed, {100 * (tried - alive) / max(tried, 1):.1f} %", flush=True)


if __name__ == "__main__":
    main()
