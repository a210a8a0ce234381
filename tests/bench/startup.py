"""What a whole run costs: bpcalc beside bare scripts, in turn, as ratios of medians.

    python -m tests.bench.startup [--rounds 21]

Makes a virtual environment with an ordinary install (never an editable one, which is slower to
start) and runs every command once before it counts, so that bytecode is there.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
BARE_TABLE = """
import click
from rich.console import Console
from rich.table import Table

@click.command()
@click.argument("words", nargs=-1)
def main(words):
    table = Table(title="(x+y)*z")
    for head in ("node", "forward", "gradient", "input", "local", "product"):
        table.add_column(head)
    for row in range(7):
        table.add_row(f"n{row} = x + y", "-12", "-4", "x", "dq/dx = 1", "-4 * 1 = -4")
    Console().print(table)

main()
"""
BARE_JSON = """
import click, json

@click.command()
@click.argument("words", nargs=-1)
def main(words):
    click.echo(json.dumps([{"node": row, "value": -12.0, "gradient": -4.0} for row in range(7)]))

main()
"""
CIRCUIT = ["(x+y)*z", "x=-2", "y=5", "z=-4"]


def timed(command, environment):
    start = time.perf_counter()
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=21)
    options = parser.parse_args()
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONPATH")}
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True, env=environment)
        # The command that a current pip writes imports nothing; those of old ones import re.
        for what in ("-U pip", str(ROOT)):
            subprocess.run([f"{folder}/bin/python", "-m", "pip", "install", "-q", *what.split(" ", 1)], check=True,
                           env=environment)
        python, bpcalc = f"{folder}/bin/python", f"{folder}/bin/bpcalc"
        for name, text in (("bare_table.py", BARE_TABLE), ("bare_json.py", BARE_JSON)):
            Path(folder, name).write_text(text, encoding="utf-8")
        commands = {
            "python -c pass": [python, "-c", "pass"],
            "bare click + json": [python, f"{folder}/bare_json.py", *CIRCUIT],
            "bare click + rich table": [python, f"{folder}/bare_table.py", *CIRCUIT],
            "bpcalc table": [bpcalc, *CIRCUIT],
            "bpcalc --json": [bpcalc, *CIRCUIT, "--json"],
            "bpcalc --check": [bpcalc, *CIRCUIT, "--check", "dx=-4"],
            "bpcalc --version": [bpcalc, "--version"],
            "bpcalc --help": [bpcalc, "--help"],
            "bpcalc, an error": [bpcalc, "(x+y*z", "x=1"],
            "bpcalc, an error as JSON": [bpcalc, "(x+y*z", "x=1", "--json"],
        }
        seconds = {name: [] for name in commands}
        for turn in range(options.rounds + 2):
            for name, command in commands.items():
                spent = timed(command, environment)
                if turn >= 2:
                    seconds[name].append(spent)
        medians = {name: statistics.median(values) for name, values in seconds.items()}
    bare, json_, table = (medians[name] for name in list(commands)[:3])
    print("| whole process | ms | x bare python | x click + json | x click + rich |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, median in medians.items():
        print(f"| {name} | {median * 1e3:.1f} | {median / bare:.2f} | {median / json_:.2f} | {median / table:.2f} |")


if __name__ == "__main__":
    main()
