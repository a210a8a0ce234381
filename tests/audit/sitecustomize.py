"""Watches a process from its first moment, and writes down whatever SECURITY.md promises not to happen.

Python imports this file by itself when its folder is on PYTHONPATH, in child processes too.  Where
BPCALC_AUDIT_LOG names a file, an audit hook (PEP 578) adds one line to it for every event outside the
list below.  An event that is not listed is a violation: the list says what is allowed, not what is forbidden.

BPCALC_AUDIT_FILES are the files that the run was told to read or write; BPCALC_AUDIT_CANARY a name that
stands in the user's text and may not turn up in anything compiled, imported or started.
"""

import os
import sys

LIBRARIES = {"bpcalc", "rich", "click", "sympy", "mpmath", "numpy", "markdown_it", "mdurl", "pygments",
             # what these ask for and can do without
             "cairosvg", "cairocffi", "cffi", "PIL", "tinycss2", "cssselect2", "defusedxml", "webencodings",
             "gmpy2", "flint", "gmpy", "sage", "ipywidgets", "IPython", "sitecustomize", "usercustomize",
             "attr", "scipy", "org", "pyodide", "_distutils_hack"}
QUIET = {
    "marshal.loads", "marshal.load", "sys._getframe", "sys._getframemodulename", "object.__getattr__",
    "object.__setattr__", "object.__delattr__", "code.__new__", "function.__new__", "os.listdir", "os.scandir",
    "cpython.run_command", "cpython.run_module", "cpython.run_file", "cpython.run_startup", "sys.unraisablehook",
    "cpython._PySys_ClearAuditHooks", "cpython.PyInterpreterState_Clear", "cpython.PyInterpreterState_New",
    "builtins.id", "array.__new__", "gc.get_objects", "resource.setrlimit", "tempfile.mkstemp", "sys.excepthook",
    "import", "compile", "exec", "open", "subprocess.Popen", "os.posix_spawn", "os.rename", "os.remove", "os.chmod",
    "os.putenv", "os.unsetenv", "os.kill",
}
SYSTEM = ("/dev/null", "/dev/urandom", "/proc/self/", "/sys/fs/cgroup/", "/sys/devices/system/cpu", "/proc/stat",
          "/proc/cpuinfo", "/proc/meminfo", "/etc/localtime")


class Watch:
    """What one run may do; ``note`` is called with a line for everything else."""

    def __init__(self, note, files=(), canary=""):
        self.note = note
        self.files = {os.path.realpath(name) for name in files}
        self.canary = canary
        project = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
        self.code = tuple(os.path.realpath(path) + os.sep for path in (sys.prefix, sys.base_prefix, project))

    def __call__(self, event, args):
        if event == "ctypes.dlopen" and args == (None,):
            return                                 # importing ctypes, as sympy does, opens Python itself
        if event not in QUIET:
            self.note(f"{event} {args!r:.200}")
        elif event == "import":
            self._import(args[0])
        elif event == "compile":
            self._compile(*args)
        elif event == "exec":
            self._exec(args[0])
        elif event == "open":
            self._open(*args)
        elif event in ("os.rename", "os.remove", "os.chmod"):
            for path in args[:2]:
                if isinstance(path, (str, bytes)) and not self._named(path):
                    self.note(f"{event} {args!r:.200}")
        elif event in ("subprocess.Popen", "os.posix_spawn"):
            words = [str(word) for word in args[1]]
            ours = any(f"from bpcalc.{name} import child" in words[3] for name in ("verify", "exact")) \
                if len(words) > 3 else False
            if words[:3] != [sys.executable, "-P", "-c"] or not ours or self._tainted(" ".join(words)):
                self.note(f"{event} {words!r:.200}")

    def _tainted(self, text):
        return bool(self.canary) and self.canary in text

    def _import(self, name):
        top = name.partition(".")[0]
        if self._tainted(name) or (top not in sys.stdlib_module_names and top not in LIBRARIES
                                   and not top.startswith(("_", "tests"))):
            self.note(f"import {name}")

    def _compile(self, source, filename):
        if isinstance(source, bytes):
            source = source.decode("utf-8", "replace")
        if source is None or not isinstance(source, str):
            return                                 # a syntax tree, or a file that is being imported
        if self._tainted(source) or self._tainted(str(filename)):
            self.note(f"compile {source:.200}")

    def _exec(self, code):
        # Who asks: the import system, the standard library's own makers of classes, or our one door.
        frame = sys._getframe(1).f_back
        where, name = (frame.f_code.co_filename, frame.f_code.co_name) if frame else ("", "")
        package = os.sep + "bpcalc" + os.sep
        if package in where and name != "run_text" and "site-packages" not in where.partition(package)[2]:
            self.note(f"exec from {where} {name}")
        if any(self.canary in word for word in code.co_names + code.co_varnames if self.canary):
            self.note(f"exec of {code.co_names!r:.200}")

    def _named(self, path):
        path = os.path.realpath(os.fsdecode(path))
        folder, name = os.path.split(path)
        if name.startswith(".bpcalc-"):            # the temporary file beside a named one
            return any(os.path.dirname(known) == folder for known in self.files)
        return path in self.files

    def _open(self, path, mode, flags):
        if isinstance(path, int) or path is None:
            return
        if self._named(path):
            return
        real = os.path.realpath(os.fsdecode(path))
        writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC) if isinstance(flags, int) else 0
        writes = writes or (isinstance(mode, str) and any(sign in mode for sign in "wax+"))
        if real.startswith(SYSTEM):
            return
        if writes or not real.startswith(self.code):
            self.note(f"open {real} {mode} {flags}")


if os.environ.get("BPCALC_AUDIT_LOG"):
    _LOG = os.open(os.environ["BPCALC_AUDIT_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    sys.addaudithook(Watch(lambda line: os.write(_LOG, f"{line}\n".encode("utf-8", "replace")),
                           filter(None, os.environ.get("BPCALC_AUDIT_FILES", "").split(os.pathsep)),
                           os.environ.get("BPCALC_AUDIT_CANARY", "")))
