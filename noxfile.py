"""The versions that bpcalc is tested with; `nox` runs all of them.

    nox                          every Python that is here, and the oldest dependencies that pyproject.toml allows
    nox -s "tests(3.13)"         one Python, with the newest dependencies
    nox -s lowest                the oldest Python with the oldest dependencies
    nox -- -m "slow"             any arguments of pytest; default: -n auto -m "not slow"

Pythons are looked for on PATH and among pyenv's.
"""

import os
import pathlib
import re
import shutil
import subprocess
import tomllib

import nox

VERSIONS = ("3.11", "3.12", "3.13", "3.14")
PROJECT = tomllib.loads(pathlib.Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
nox.options.default_venv_backend = "venv"


def interpreter(version):
    """The path of a Python of this version, or None."""
    pyenv = pathlib.Path(os.environ.get("PYENV_ROOT") or "~/.pyenv").expanduser() / "versions"
    for path in (shutil.which(f"python{version}"), *sorted(pyenv.glob(f"{version}.*/bin/python"))):
        # A shim of pyenv's is there for versions that it does not run.
        if path and subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode == 0:  # noqa: S603
            return str(path)
    return None


FOUND = {version: path for version in VERSIONS if (path := interpreter(version))}


def lowest(requirements):
    """Each requirement at the version that it begins with."""
    for requirement in requirements:
        match = re.match(r"([A-Za-z0-9_-]+)>=([0-9.]+)", requirement)
        if match:
            yield f"{match[1]}=={match[2]}"


@nox.session
@nox.parametrize("version", [nox.param(version, id=version) for version in FOUND])
def tests(session, version):
    """The newest dependencies."""
    made = pathlib.Path(session.create_tmp()) / "venv"
    session.run(FOUND[version], "-m", "venv", "--clear", str(made), external=True)
    python = str(made / ("Scripts" if os.name == "nt" else "bin") / "python")
    session.run(python, "-m", "pip", "install", "-q", "-e", ".[test]", external=True)
    session.run(python, "-m", "pytest", *(session.posargs or ["-n", "auto", "-m", "not slow"]), external=True)


@nox.session(name="lowest", python=next(iter(FOUND.values()), None))
def oldest(session):
    """The oldest dependencies that are allowed."""
    wanted = [*lowest(PROJECT["dependencies"]), *lowest(PROJECT["optional-dependencies"]["test"])]
    session.install("-q", "-e", ".", *wanted)
    session.run("python", "-m", "pytest", *(session.posargs or ["-n", "auto", "-m", "not slow"]))
