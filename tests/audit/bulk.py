"""Many runs in one watched process: cases as lines of JSON in, how many there were and what was noted out."""

import io
import json
import os
import sys

from .sitecustomize import Watch


def main():
    cases = [json.loads(line) for line in sys.stdin]
    out, err = sys.stdout, sys.stderr
    from bpcalc.cli import run

    noted = []
    watch = Watch(noted.append)
    sys.addaudithook(watch)
    bad = []
    for case in cases:
        watch.files = {os.path.realpath(name) for name in case["files"]}
        watch.canary = case["canary"]
        for name, text in case["written"].items():
            with open(name, "w", encoding="utf-8", errors="surrogateescape") as file:
                file.write(text)
        sys.stdin = io.TextIOWrapper(io.BytesIO(case["stdin"].encode("utf-8", "surrogateescape")))
        sys.stdout = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        sys.stderr = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        code = run(case["argv"])
        if noted or code not in (0, 1, 2):
            bad.append([case["argv"], code, noted[:]])
        noted.clear()
    sys.stdout, sys.stderr = out, err
    print(json.dumps([len(cases), bad]), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
