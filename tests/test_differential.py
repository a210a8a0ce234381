"""Whole graphs against oracles: a seeded sample of ``python -m tests.differential``, and proof that it can fail."""

from collections import Counter

import pytest

from bpcalc import backends, ops

from . import differential
from .differential import judge


def faults(seeds, libraries=()):
    counts = Counter()
    found = [fault for fault in (judge(seed, dict(libraries), counts) for seed in seeds) if fault]
    return found, counts


def test_a_sample_of_programs_agrees_with_60_digits_and_with_sympy():
    found, counts = faults(range(100, 400))
    assert found == []
    assert counts["numbers against 60 digits"] > 1000
    assert counts["numbers against sympy"] > 0
    assert counts["on a kink"] > 20


def test_a_step_over_a_kink_that_a_tiny_value_stands_beside_is_taken_again():
    # relu of 3e-55; atan2 of 1e-33 and a negative number
    found, counts = faults([1000961, 1085114])
    assert found == []
    assert counts["explained, 60 digits: its step was too long"] == 3


def test_a_program_on_the_border_of_a_domain_is_no_disagreement():
    # bce of acosh(cosh(1)), which is 1 as a double; huber with erfc(60), which is 0, for its delta
    found, counts = faults([2081972, 7016325])
    assert found == []
    assert counts["explained: rounded, a step leaves its domain"] == 2


def test_every_operation_has_an_oracle_and_is_met():
    scalar = {row.name for row in ops.TABLE if row.params and not row.structural and row.name != "identity"}
    assert scalar <= {*differential.FUNCTIONS, *differential.INFIX}
    met = {op for seed in range(600) for _, op, _ in differential.Program(seed).steps}
    assert met == set(differential.ALL)


@pytest.mark.slow
def test_the_peers_agree():
    from .accuracy import peers

    libraries = peers.found()
    if not libraries:
        pytest.skip('no peers: pip install -e ".[peers]"')
    # The last ones lead through comparisons alone, beyond which PyTorch has no derivative to compare.
    found, counts = faults([*range(1000, 1500), 1020057, 1020257, 1023614, 1068638, 1075939], libraries.items())
    assert found == []
    assert all(counts[f"numbers against {name}"] > 20 for name in libraries)    # JAX is asked one time in fifty


def rebuilt(monkeypatch):
    monkeypatch.setattr(backends, "_FLOATS", None)


@pytest.mark.parametrize("row", [row for row in ops.TABLE if row.name in differential.ALL and not row.variadic],
                         ids=lambda row: row.name)
def test_a_wrong_partial_of_any_operation_is_a_disagreement(row, monkeypatch):
    for slot, text in enumerate(row.partials):
        if row.name == "where" and slot == 0:
            continue                               # its condition is a truth, which has no slope to multiply by
        if text == "0" and len(row.partials) == 1:
            wrong = "1"
        elif text in ("0", "1", "-1"):
            wrong = "2"
        else:
            wrong = f"({text}) * 1.00001"
        changed = list(row.partials)
        changed[slot] = wrong
        with monkeypatch.context() as patch:
            patch.setattr(row, "partials", tuple(changed))
            rebuilt(patch)
            seeds = (seed for seed in range(1, 4000, 2) if not differential.Program(seed).kinky
                     and any(op == row.name and isinstance(args[slot], str)
                             for _, op, args in differential.Program(seed).steps))
            assert any(judge(seed, {}, Counter()) for _, seed in zip(range(40), seeds)), (row.name, slot)


def test_a_wrong_value_is_a_disagreement(monkeypatch):
    for row in (ops.BY_NAME["mul"], ops.BY_NAME["tanh"], ops.BY_NAME["sigmoid"]):
        with monkeypatch.context() as patch:
            patch.setattr(row, "forward", f"({row.forward}) * 1.00001")
            rebuilt(patch)
            assert faults(range(1, 80))[0]


def test_a_lost_edge_is_a_disagreement(monkeypatch):
    sweep = backends.Floats._sweep

    def overwriting(self, rows, careful):
        return sweep(self, rows, careful).replace("_g[_i] += _d", "_g[_i] = _d")

    monkeypatch.setattr(backends.Floats, "_sweep", overwriting)
    rebuilt(monkeypatch)
    assert faults(range(1, 60))[0]
