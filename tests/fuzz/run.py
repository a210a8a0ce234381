"""Coverage-guided fuzzing by atheris.

    python -m tests.fuzz.run TARGET [-runs=N] [-max_total_time=SECONDS] [libFuzzer options]
    python -m tests.fuzz.run --keep TARGET FOLDER

The corpus is tests/fuzz/corpus/TARGET.jsonl, a string a line.  ``--keep`` adds to it the inputs of a folder
that reach code which the corpus does not; what is found new in a run lands in such a folder.
"""

from __future__ import annotations

import json
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
CORPUS = HERE / "corpus"


def corpus(target):
    """The kept inputs of a target, as bytes."""
    path = CORPUS / f"{target}.jsonl"
    lines = path.read_text(encoding="ascii").splitlines() if path.exists() else []
    return [json.loads(line).encode("utf-8", "surrogateescape") for line in lines]


def dictionary():
    """Every word of the language and of the command line, for libFuzzer to put together."""
    from bpcalc.ops import FUNCTIONS, NAMED_CONSTANTS
    from bpcalc.options import BY_NAME, FORMATS

    words = [*FUNCTIONS, *NAMED_CONSTANTS, *BY_NAME, *FORMATS, "**", "^", "1e-3", "0.5", "x=1", "y=-2", "q = x", ";",
             "\n", "²", "×", "−", "∂", "df/dx", "value q", "\x1f", "\x1e", "\x1f--", "a.txt",
             "given", "leaves", "all", "-"]
    for word in dict.fromkeys(words):
        yield '"' + "".join(f"\\x{byte:02x}" for byte in word.encode()) + '"\n'


def main():
    import atheris

    target = sys.argv[1]
    with atheris.instrument_imports(include=["bpcalc"]):
        from . import targets
    work = pathlib.Path(os.environ.get("FUZZ_WORK") or f"fuzz-{target}").absolute()
    (work / "seeds").mkdir(parents=True, exist_ok=True)
    (work / "found").mkdir(exist_ok=True)
    for at, data in enumerate(corpus(target)):
        (work / "seeds" / f"{at:04}").write_bytes(data)
    (work / "words").write_text("".join(dictionary()))
    atheris.Setup([sys.argv[0], f"-dict={work / 'words'}", f"-artifact_prefix={work}/", "-timeout=30",
                   "-max_len=400", *sys.argv[2:], str(work / "found"), str(work / "seeds")],
                  targets.TARGETS[target])
    atheris.Fuzz()


def keep(target, folder):
    """Add the inputs of ``folder`` that reach new lines of bpcalc, shortest first."""
    from .targets import TARGETS

    seen = set()

    def trace(frame, event, arg):
        name = frame.f_code.co_filename
        if os.sep + "bpcalc" + os.sep not in name and not name.startswith("<"):
            return None

        def line(frame, event, arg):
            seen.add((name, frame.f_lineno))
            return line

        return line

    def reached(data):
        before = len(seen)
        sys.settrace(trace)
        try:
            TARGETS[target](data)
        finally:
            sys.settrace(None)
        return len(seen) > before

    kept = corpus(target)
    for data in kept:
        reached(data)
    fresh = sorted((path.read_bytes() for path in pathlib.Path(folder).resolve().iterdir()), key=len)
    kept += [data for data in fresh if reached(data)]
    CORPUS.mkdir(exist_ok=True)
    (CORPUS / f"{target}.jsonl").write_text(
        "".join(json.dumps(data.decode("utf-8", "surrogateescape")) + "\n" for data in kept), encoding="ascii")
    print(f"{len(kept)} inputs kept for {target}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--keep"]:
        keep(sys.argv[2], sys.argv[3])
    else:
        main()
