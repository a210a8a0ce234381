"""What we write for other programs, read by these programs: Graphviz, and Mermaid in a real browser."""

import json
import os
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from bpcalc import backprop
from bpcalc.render import to_dot, to_mermaid
from bpcalc.render.wiring import Wiring

from .browser import launch
from .oracles import Program

# Words of both languages as names, and every sign that a node can bear.
AWKWARD = [
    ("graph = subgraph*end; digraph = graph + node; style = edge/strict^digraph; f = style - click",
     dict.fromkeys(("subgraph", "end", "node", "edge", "strict", "click"), 2)),
    ("__proto__ = λ*linkStyle + default_; o = __proto__; x1 = o - x2; f = max(x1, -o, 0.5e-3, 1e300)",
     {"λ": 2, "linkStyle": 3, "default_": -1e-5, "x2": 4}),
    ("f = sqrt(x) * y + x", {"x": 0, "y": 0}),                          # undefined
    ("f = 3", {}),
    ("s = W @ x + b; L = sum(max(0, s - s[0] + 1)) + sum(V, axis=0)[2]",
     {"W": [[1, -2.5], [3, 4]], "x": [1, 2], "b": [0, 1e-7], "V": [[1, 2, 3, 4, 5, 6, 7]]}),
]


def reports():
    for text, values in AWKWARD:
        yield backprop(text, values)
    for seed in range(25):
        program = Program(seed, size=8)
        yield backprop(program.text, program.inputs)


def numbers(wiring):
    """The two numbers of every wire."""
    return Counter(tuple(" ".join(line.split()) for line in link.both) for link in wiring.links)


def squeezed(label):
    """A label's lines; how many blanks a program draws between two words is up to it."""
    return tuple(" ".join(line.split()) for line in label.split("\n"))


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not on this system")
def test_graphviz_draws_what_is_meant():
    for report in reports():
        wiring = Wiring(report)
        ran = subprocess.run(["dot", "-Tjson0"], input=to_dot.render(report), capture_output=True, check=True,
                             encoding="utf-8")
        assert ran.stderr == ""
        drawn = json.loads(ran.stdout)
        names = {thing["name"]: thing["label"] for thing in drawn["objects"]}
        assert set(names) == {spot.key for spot in wiring.spots}
        for spot in wiring.spots:
            assert spot.sign in names[spot.key]
            assert spot.name in names[spot.key]
        assert Counter(squeezed(edge["label"].replace("\\n", "\n")) for edge in drawn["edges"]) == numbers(wiring)


MERMAID = os.environ.get("BPCALC_MERMAID", "")


@pytest.mark.skipif(not Path(MERMAID).is_file(), reason="BPCALC_MERMAID does not name a mermaid.min.js")
def test_mermaid_draws_what_is_meant():
    with launch() as browser:
        page = browser.new_page()
        page.set_content("<title>mermaid</title>")
        page.add_script_tag(path=MERMAID)
        page.evaluate("mermaid.initialize({startOnLoad: false})")
        for at, report in enumerate(reports()):
            wiring = Wiring(report)
            page.evaluate("async ([id, text]) => { document.body.innerHTML = (await mermaid.render(id, text)).svg; }",
                          [f"m{at}", to_mermaid.render(report)])
            labels, nodes = page.evaluate("""() => [".edgeLabel p", ".nodeLabel"].map(what =>
                [...document.querySelectorAll(what)].map(element => element.innerText.trim()))""")
            assert Counter(map(squeezed, labels)) == numbers(wiring), report.expression
            assert len(nodes) == len(wiring.spots)
            for spot in wiring.spots:
                assert any(spot.sign in node and spot.name in node for node in nodes), spot.sign


def test_every_sign_that_could_mean_something_is_escaped():
    for report in reports():
        for line in to_dot.render(report).splitlines()[4:-1]:
            assert re.fullmatch(r'  \w+( -> \w+)? \[label="(?:[^"\\]|\\.)*"[^"]*(?:"[^"]*"[^"]*)*\];', line), line
        for line in to_mermaid.render(report).splitlines()[1:]:
            inside = re.findall(r'"([^"]*)"', line)
            assert len(inside) == 1
            assert re.fullmatch(r"(?:[A-Za-z0-9 .]|#\d+;|<br/>)*", inside[0]), line
