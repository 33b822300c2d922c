"""Equal names, up to case, in the synchronous and asynchronous classes and in TypeScript; equal signatures in Python."""
import inspect
import re
from pathlib import Path

import holdfast
import pytest

TYPESCRIPT = Path(__file__).resolve().parents[3] / "sdks" / "typescript" / "src"
CLASSES = {"Filesystem": holdfast.AsyncFilesystem, "Admin": holdfast.AsyncAdmin}
# Names that only one of the languages has, and why.
ONLY_PYTHON = {
    "close": "connections are closed by hand",
    "with_options": "TypeScript has options with each call",
}
ONLY_TYPESCRIPT = {}


def public(owner):
    names = {name for name, value in inspect.getmembers(owner) if not name.startswith("_") and (callable(value) or isinstance(value, property))}
    return {"close" if name == "aclose" else name for name in names}


def snake(name):
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


def typescript(name):
    """The public methods and getters of the classes that make up `name`, found by their indentation."""
    names, wanted = set(), [name]
    sources = {path: path.read_text() for path in TYPESCRIPT.rglob("*.ts")}
    while wanted:
        current = wanted.pop()
        for text in sources.values():
            found = re.search(rf"(?ms)^export (?:abstract )?class {current}\b(?:<[^>]*>)?(?: extends (\w+))?[^{{]*\{{\n(.*?)^\}}", text)
            if found:
                wanted += [found.group(1)] if found.group(1) else []
                members = r"(?m)^  (?:static |async |override |get |readonly )*\*?([a-z]\w*)(?:<[^>(]*>)?\("
                names.update(re.findall(members, found.group(2)))
    return names - {"constructor"}


@pytest.mark.parametrize("name", CLASSES)
def test_sync_and_async(name):
    mine, theirs = getattr(holdfast, name), CLASSES[name]
    assert public(mine) == public(theirs)
    for method in public(mine):
        value = inspect.getattr_static(mine, method)
        if isinstance(value, property):
            continue
        pairs = [(getattr(mine, method), getattr(theirs, "aclose" if method == "close" else method))]
        if isinstance(value, holdfast._dual.Dual):
            pairs.append((value._on_instance, inspect.getattr_static(theirs, method)._on_instance))
        for one, other in pairs:
            assert list(inspect.signature(one).parameters) == list(inspect.signature(other).parameters), method


def test_functions():
    for name in ("health", "ready"):
        one, other = getattr(holdfast, name), getattr(holdfast, f"async_{name}")
        assert list(inspect.signature(one).parameters) == list(inspect.signature(other).parameters)


@pytest.mark.skipif(not TYPESCRIPT.is_dir(), reason="there is no TypeScript client in this tree")
@pytest.mark.parametrize("name", CLASSES)
def test_python_and_typescript(name):
    methods = {method for method in public(getattr(holdfast, name)) if method not in ONLY_PYTHON}
    getters = {method for method in methods if isinstance(inspect.getattr_static(getattr(holdfast, name), method), property)}
    theirs = {snake(method) for method in typescript(name)} - set(ONLY_TYPESCRIPT)
    assert theirs - getters == methods - getters
