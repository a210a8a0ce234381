"""The records of a run: what is known about a node, an edge, a step; notes, second opinions, drifts."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NOISE = 1e-14


class Node:
    """One node: a variable, a number or an operation, with its value and the output's gradient.

    ``name`` is the user's (or None), ``label`` what tables call it, ``text`` its expression (None
    when longer than TEXT_LIMIT), ``inputs`` the numbers of its inputs, ``gradient`` None where none
    was asked for or none exists.
    """

    __slots__ = ("gradient", "id", "inputs", "label", "live", "name", "op", "text", "value")

    def __init__(self, id: int, name: str | None, label: str, op: str, text: str | None,
                 inputs: tuple[int, ...], value: float, gradient: float | None, live: bool) -> None:
        self.id = id
        self.name = name
        self.label = label
        self.op = op
        self.text = text
        self.inputs = inputs
        self.value = value
        self.gradient = gradient
        self.live = live

    def __repr__(self) -> str:
        return f"Node({self.id}, {self.label!r}, {self.text!r}, value={self.value!r}, gradient={self.gradient!r})"


class Edge:
    """One edge, along which upstream × local flows back from ``node`` to its input number ``slot``.

    ``formula`` is the local gradient in symbols; where it has branches, ``branch`` is the one that
    holds here and ``case`` the condition that chose it.  Numbers that do not exist are None.

    In a graph with arrays ``local`` is as large as the node, ``product`` as the input; ``summed`` are
    the axes that were summed over because the input was broadcast along them.  A ``structural``
    operation (a matrix product, a sum) has no local gradient: ``formula`` is then the rule for the
    product, in which ``ds`` is the upstream gradient of a node called s.
    """

    __slots__ = ("branch", "case", "formula", "input", "local", "node", "product", "slot", "structural", "summed",
                 "upstream")

    def __init__(self, node: int, input: int, slot: int, formula: str, branch: str, case: str | None,
                 local: Any, upstream: Any, product: Any, structural: bool = False,
                 summed: tuple[int, ...] = ()) -> None:
        self.node = node
        self.input = input
        self.slot = slot
        self.formula = formula
        self.branch = branch
        self.case = case
        self.local = local
        self.upstream = upstream
        self.product = product
        self.structural = structural
        self.summed = summed

    def __repr__(self) -> str:
        return (f"Edge({self.node} -> {self.input}, {self.formula!r}, local={self.local!r}, "
                f"upstream={self.upstream!r}, product={self.product!r})")


class Step:
    """One line of hand work: a node, the operation over its inputs' labels, and its edges.

    ``operation`` is None for variables; ``terms`` are the products that arrive at the node, in
    forward order of the nodes they come from.
    """

    __slots__ = ("edges", "gradient", "id", "label", "live", "operation", "terms", "value")

    def __init__(self, id: int, label: str, operation: str | None, value: float, gradient: float | None,
                 live: bool, edges: list[Edge], terms: list[float | None]) -> None:
        self.id = id
        self.label = label
        self.operation = operation
        self.value = value
        self.gradient = gradient
        self.live = live
        self.edges = edges
        self.terms = terms


class Note:
    """Something the reader of a result should know: ``code`` is stable, ``node`` may be None."""

    __slots__ = ("code", "message", "node")

    def __init__(self, code: str, node: int | None, message: str) -> None:
        self.code = code
        self.node = node
        self.message = message

    def __repr__(self) -> str:
        return f"Note({self.code!r}, {self.node}, {self.message!r})"


class Verdict:
    """A second opinion about one number.

    ``kind`` is ``symbolic`` or ``numeric``; ``what`` names the number (``df/dx``, ``dq/dx``);
    ``status`` is ``agrees``, ``differs``, ``kink`` or ``gave-up``; ``details`` are further facts by
    name (formula, h, relative error).
    """

    __slots__ = ("details", "kind", "ours", "status", "theirs", "what", "why")

    def __init__(self, kind: str, what: str, ours: float | None, theirs: float | None, status: str,
                 why: str = "", **details: Any) -> None:
        self.kind = kind
        self.what = what
        self.ours = ours
        self.theirs = theirs
        self.status = status
        self.why = why
        self.details = details

    def __repr__(self) -> str:
        return f"Verdict({self.kind}, {self.what}: {self.ours!r} / {self.theirs!r}, {self.status})"


class Drift:
    """How far a number of a rounded run is from the exact one.

    ``kind`` is ``value``, ``local`` or ``gradient``, at ``node`` (and for a local gradient its ``input``);
    ``carried`` and ``exact`` are the two numbers, None where one does not exist.
    """

    __slots__ = ("carried", "exact", "input", "kind", "node")

    def __init__(self, kind: str, node: int, input: int | None, carried: float | None, exact: float | None) -> None:
        self.kind = kind
        self.node = node
        self.input = input
        self.carried = carried
        self.exact = exact

    @property
    def drift(self) -> float | None:
        """Carried minus exact."""
        return None if self.carried is None or self.exact is None else self.carried - self.exact

    @property
    def counts(self) -> bool:
        """Whether the two numbers differ by more than the noise of floating point."""
        if self.carried is None or self.exact is None:
            return self.carried is not self.exact
        return abs(self.carried - self.exact) > max(1e-12 * abs(self.exact), _NOISE)

    def __repr__(self) -> str:
        return f"Drift({self.kind}, {self.node}, {self.input}, {self.carried!r} for {self.exact!r})"
