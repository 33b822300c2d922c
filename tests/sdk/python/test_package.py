"""The package as it is shipped: generated files, types, the wheel in empty environments, the documents' snippets."""
import ast
import io
import os
import re
import subprocess
import sys
import tokenize
import zipfile
from pathlib import Path

import pytest
from server import Server

HERE = Path(__file__).resolve().parent
SDK = HERE.parents[2] / "sdks" / "python"
PYTHONS = os.environ["HOLDFAST_PYTHONS"].split()
CORE_LINES_MAX = 1500
IMPORT_SECONDS_MAX = 0.15


def run(*command, **options):
    command = [str(part) for part in command]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, **options)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_generated_files_are_as_generated():
    run(sys.executable, SDK / "generate", "--check")


def test_a_difference_fails(tmp_path):
    copy = tmp_path / "repository"
    for source in [SDK / "generate", *SDK.glob("src/holdfast/**/*.py"), SDK.parents[1] / "docs" / "openapi.json",
                   SDK.parents[1] / "crates" / "api" / "src" / "error.rs"]:
        target = copy / source.relative_to(SDK.parents[1])
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
    generate = copy / "sdks" / "python" / "generate"
    run(sys.executable, generate, "--check")
    with (copy / "sdks/python/src/holdfast/_async/admin.py").open("a") as file:
        file.write("X = 1\n")
    assert subprocess.run([sys.executable, generate, "--check"], capture_output=True).returncode == 1


def test_types_are_strict(tmp_path):
    mypy = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", tmp_path]
    print(run(*mypy, "-p", "holdfast", cwd=SDK / "src"))
    # What users write, against the installed package: both meanings of a name, and the types of `read`.
    print(run(*mypy, HERE / "typed.py"))


def test_syntax_is_that_of_the_oldest_python():
    for path in [SDK / "generate", *SDK.glob("src/**/*.py")]:
        ast.parse(path.read_text(), str(path), feature_version=(3, 9))


def code_lines(path):
    """Lines that are neither empty, nor comments, nor part of a documentation string."""
    text = path.read_text()
    lines = {token.start[0] for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type in (tokenize.NAME, tokenize.OP, tokenize.NUMBER)}
    return len(lines)


def test_core_is_small():
    generated = {"types.py", "_error_table.py"}
    written = [path for path in (SDK / "src/holdfast").rglob("*.py") if path.parent.name != "_sync" and path.name not in generated]
    lines = {str(path.relative_to(SDK)): code_lines(path) for path in written}
    assert sum(lines.values()) <= CORE_LINES_MAX, lines
    longest = max(len(path.read_text().splitlines()) for path in (SDK / "src/holdfast").rglob("_*/*.py"))
    assert longest <= 400


def test_wheel_holds_what_it_should():
    names = zipfile.ZipFile(os.environ["HOLDFAST_WHEEL"]).namelist()
    assert "holdfast/py.typed" in names and "holdfast/_sync/filesystem.py" in names
    assert all(name.startswith(("holdfast/", "holdfast-")) for name in names)


@pytest.fixture(scope="module", params=PYTHONS)
def empty(request, tmp_path_factory):
    """An environment with nothing but the wheel and what it asks for."""
    home = tmp_path_factory.mktemp("venv")
    run(request.param, "-m", "venv", home)
    run(home / "bin" / "pip", "install", "-q", "--disable-pip-version-check", os.environ["HOLDFAST_WHEEL"])
    yield home / "bin" / "python"


@pytest.fixture
def fresh(tmp_path):
    """A server that nobody used."""
    running = Server(tmp_path)
    yield running
    running.stop()


def test_the_wheel_in_an_empty_environment(empty, fresh, tmp_path):
    """Runs the design's snippet as written, but for its import line."""
    print(run(empty, HERE / "design.py", env=fresh.environment, cwd=tmp_path))
    packages = run(empty, "-m", "pip", "list", "--format", "freeze", "--disable-pip-version-check")
    assert "holdfast==" in packages and "httpx==" in packages


def test_import_is_quick(empty, capsys):
    """By the clock of the process: what others do on the machine does not count."""
    code = "import time as t; w = t.perf_counter(), t.process_time(); import holdfast; print(t.process_time() - w[1], t.perf_counter() - w[0])"
    cpu, wall = min(tuple(map(float, run(empty, "-c", code).split())) for _ in range(7))
    with capsys.disabled():
        print(f"\nimport holdfast ({run(empty, '--version').strip()}): {cpu * 1000:.0f} ms of CPU, {wall * 1000:.0f} ms by the clock")
    assert cpu < IMPORT_SECONDS_MAX


def test_snippets_of_the_readme(fresh, tmp_path):
    """Each block is a program; they run in the order of the document, in one directory."""
    blocks = re.findall(r"(?ms)^```python\n(.*?)^```", (SDK / "README.md").read_text())
    assert len(blocks) >= 8
    for number, block in enumerate(blocks):
        (tmp_path / f"snippet{number}.py").write_text(block)
        out = run(sys.executable, "-W", "error::DeprecationWarning", f"snippet{number}.py", env=fresh.environment, cwd=tmp_path)
        assert out, block
