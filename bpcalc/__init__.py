"""bpcalc: a backprop calculator.

>>> from bpcalc import backprop
>>> report = backprop("(x+y)*z", x=-2, y=5, z=-4)
>>> report.value, report.gradients["x"]
(-12.0, -4.0)
"""

from __future__ import annotations

__version__ = "0.1.0"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .batch import BatchResult, backprop_batch
    from .calculate import backprop
    from .data import read_data
    from .errors import BpcalcError
    from .records import Edge, Node, Verdict
    from .report import Report

__all__ = ["BatchResult", "BpcalcError", "Edge", "Node", "Report", "Verdict", "__version__", "backprop",
           "backprop_batch", "read_data"]


def __getattr__(name: str) -> object:
    # The command line needs none of this: names are loaded when they are first used.
    if name == "BpcalcError":
        from .errors import BpcalcError

        return BpcalcError
    if name == "read_data":
        from .data import read_data

        return read_data
    if name in ("BatchResult", "backprop_batch"):
        from . import batch

        return getattr(batch, name)
    if name == "backprop":
        from .calculate import backprop

        return backprop
    if name == "Report":
        from .report import Report

        return Report
    if name in __all__:
        from . import records

        return getattr(records, name)
    raise AttributeError(f"module 'bpcalc' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
