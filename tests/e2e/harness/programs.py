"""The guest's programs as modules of the host: a test and its program in the
guest share one definition of what the bytes must be."""
import importlib.util
import os

from harness.guest import PROGRAMS


def load(name):
    spec = importlib.util.spec_from_file_location(name, os.path.join(PROGRAMS, f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
