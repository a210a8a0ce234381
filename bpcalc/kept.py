"""Gradients whose local gradients were worked out with them, in an arithmetic of their own."""

from __future__ import annotations

from .engine import Gradients, Trace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class KeptGradients(Gradients):
    """Gradients with their local gradients by node; the base of rounded and of exact ones."""

    __slots__ = ("_locals",)

    def __init__(self, trace: Trace, grads: list[float], run: Gradients, reached: bytearray | None,
                 locals: dict[int, list[float | None]]) -> None:
        # The gradient that arrives is one of these numbers, too: where the run has it, it is the output's own.
        arrived = grads[trace.graph.output] if run.live[trace.graph.output] else run.upstream
        super().__init__(trace, grads, run.live, run.leaves, arrived, reached)
        self._locals = locals

    def local(self, k: int, slot: int) -> float | None:
        """The local gradient of node ``k`` with respect to its input ``slot``; None if undefined."""
        return self.locals(k)[slot]

    def locals(self, k: int) -> list[float | None]:
        """The local gradients of node ``k``, one for each input; None where undefined or not asked for."""
        return self._locals.get(k) or []

    def each_locals(self) -> Iterator[tuple[float | None, ...]]:
        """The local gradients of every node, in forward order; None where undefined or not asked for."""
        return (tuple(self.locals(k)) for k in range(len(self.grads)))

    def sound(self) -> bool:
        """No product is simply upstream * local."""
        return False
