"""What the source never does, whatever the data say: run text as code, load objects from bytes, ask the network."""

import ast
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

import mapgap
from mapgap.attributes import typed_rows
from mapgap.report import parquet

SOURCE = Path(mapgap.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))

MODULES = {
    "pickle", "cPickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "yaml", "code", "codeop",
    "requests", "httpx", "aiohttp", "ftplib", "smtplib", "telnetlib", "xmlrpc", "multiprocessing", "pty", "webbrowser",
}  # fmt: skip
"""Modules that load objects, run code or reach out; `http.server` and `socketserver` listen on the loopback."""
PARTS = {"urllib.request", "http.client", "xml.etree", "xml.dom", "xml.sax.expatreader"}
NAMES = {"eval", "exec", "compile", "__import__", "input", "breakpoint"}
METHODS = {
    "system",
    "popen",
    "spawnl",
    "spawnv",
    "read_pickle",
    "to_pickle",
    "fromregex",
    "execv",
    "execve",
    "fromfile",
}


def calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node, ast.unparse(node.func)


def complaints(text: str, name: str = "x.py") -> list[str]:
    """What a file does that it must not."""
    found = []
    tree = ast.parse(text)
    for node in ast.walk(tree):
        modules = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        found += [module for module in modules if module.split(".")[0] in MODULES or module in PARTS]
    for call, function in calls(tree):
        last = function.rpartition(".")[2]
        keywords = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        if function in NAMES or ("." in function and last in METHODS):
            found.append(function)
        if keywords.get("shell", "False") != "False" or keywords.get("allow_pickle", "False") != "False":
            found.append(f"{function} with shell or allow_pickle")
        if function in ("np.load", "numpy.load") and keywords.get("allow_pickle") != "False":
            found.append(f"{function} without allow_pickle=False")
        if last == "import_module" and name != "__init__.py" and not isinstance(call.args[0], ast.Constant):
            found.append("import of a name that is computed")
        if function.startswith("subprocess.") and last not in ("Popen",):
            found.append(function)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_nothing_runs_or_loads_what_it_reads(path: Path) -> None:
    assert complaints(path.read_text(encoding="utf-8"), path.name) == []


@pytest.mark.parametrize(
    "text",
    [
        "import pickle", "from pickle import load", "import a.b, yaml", "from urllib import request",
        "import urllib.request", "eval('1')", "exec(text)", "os.system('ls')", "subprocess.run(['ls'])",
        "subprocess.Popen('ls', shell=True)", "np.load(path)", "np.load(path, allow_pickle=True)",
        "np.load(path, allow_pickle=x)",
        "pandas.read_pickle(path)", "importlib.import_module(name)", "from multiprocessing import Pool",
    ],
)  # fmt: skip
def test_the_test_would_see_it(text: str) -> None:
    assert complaints(text) != []


def test_processes_are_the_interpreter_with_a_program_of_ours() -> None:
    started = [
        (str(path.relative_to(SOURCE)), ast.unparse(call.args[0]))
        for path in FILES
        for call, function in calls(ast.parse(path.read_text(encoding="utf-8")))
        if function == "subprocess.Popen"
    ]
    assert started == [("pictures/crew.py", "[sys.executable, '-P', '-c', self._work.program]")]


def test_xml_is_read_in_one_place_which_refuses_document_types() -> None:
    """Entities, of which bombs and outside files are made, can only be declared in a document type."""
    reading = [path for path in FILES if "xml.parsers" in path.read_text(encoding="utf-8")]
    assert [str(path.relative_to(SOURCE)) for path in reading] == ["convert/xml_elements.py"]
    assert "parser.StartDoctypeDeclHandler = reading.refuse_document_type" in reading[0].read_text(encoding="utf-8")


def test_the_page_has_no_way_to_run_text() -> None:
    for path in SOURCE.rglob("*.js"):
        text = path.read_text(encoding="utf-8")
        for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "fetch(",
                    "XMLHttpRequest", "WebSocket", "sendBeacon", "import(", "javascript:", "srcdoc"):  # fmt: skip
            assert way not in text, (path.name, way)


def test_duckdb_fetches_and_loads_nothing() -> None:
    connecting = [
        (path, ast.unparse(call))
        for path in FILES
        for call, function in calls(ast.parse(path.read_text(encoding="utf-8")))
        if function == "duckdb.connect"
    ]
    assert len(connecting) == 5
    assert {call for _, call in connecting} == {"duckdb.connect(':memory:', config=CONFIGURATION)"}
    for configuration in (parquet.CONFIGURATION, typed_rows.CONFIGURATION):
        assert configuration["autoinstall_known_extensions"] is False
        assert configuration["autoload_known_extensions"] is False
        assert configuration["python_enable_replacements"] is False
        with duckdb.connect(":memory:", config=configuration) as connection:
            for query in (
                "LOAD httpfs",
                "SELECT * FROM 'https://127.0.0.1:9/x.parquet'",
                "SELECT * FROM configuration",
            ):
                with pytest.raises(duckdb.Error):
                    connection.execute(query)
