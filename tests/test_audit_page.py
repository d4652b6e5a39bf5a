"""The page: what stands on it, that nothing of the data comes alive there, and that it stays small."""

import html.parser
import json
import shutil
import subprocess
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import polars as pl
import pytest
from audits import audit, pair, summary, use, write_config, write_rows

from grader.audit.changes import ALL_CHANGES, CAUSES
from grader.audit.charts import bars, trend
from grader.audit.history import SCHEMA
from grader.audit.page import write_report_page
from grader.audit.page_rows import MAX_LINES, plain, row_views
from grader.audit.review import REASONS, review_queue
from grader.cli.page import main
from grader.reports import open_report

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
HOSTILE = [
    "<script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "\u202egnorw\u202c and \u2066isolated",
    "</style><svg onload=alert(1)>",
    "{{ 7*7 }} {% raw %}",
    "<!-- -->]]><a href='javascript:alert(1)'>x</a>",
    "$\\frac{1}{0}$ \x00\x1b[31m",
]
LINE = {"line": 1, "text": "", "flaw_probability": 0.5, "equations": []}


def hostile_report(path):
    """Write a report in which every text is hostile."""
    equation = dict.fromkeys(("left", "right"), "1") | {"status": "fails", "source": "rules"}
    rows = []
    for index, text in enumerate(HOSTILE):
        bad = {**equation, "text": text, "detail": text}
        lines = [{**LINE, "text": text, "equations": [bad]}, {**LINE, "line": 2, "text": text * 2}]
        rows.append(
            {
                "id": f"{index}{text}",
                "problem": text,
                "solution": text,
                "source": text,
                "grade_status": "graded",
                "grade_verdict": "computational_error",
                "grade_flaw_probability": 0.9,
                "grade_first_error_line": 1,
                "grade_message": text,
                "grade_n_equations": 1,
                "grade_n_failed": 1,
                "grade_flags": [text],
                "grade_lines": lines,
            }
        )
    table = pl.DataFrame(rows, schema_overrides={"grade_first_error_line": pl.Int32})
    table.write_parquet(path, metadata={"grader": json.dumps({"format": 1, "version": HOSTILE[0]})})
    return path


class Elements(html.parser.HTMLParser):
    """Collects the elements and attributes of a page, and its text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text = set(), set(), ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        """Note an element."""
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data):
        """Note text."""
        self.text += data


def test_hostile_rows_stay_text(tmp_path):
    """Markup, templates, control characters and marks that turn the text around are shown, spelled out."""
    write_report_page(tmp_path / "page.html", hostile_report(tmp_path / "<b>report.parquet"), ["source"])
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    page = Elements(text)
    assert not {"script", "img", "a", "iframe", "link", "embed"} & page.tags
    assert not [name for name in page.attributes if name.startswith("on") or name in ("src", "href", "xlink:href")]
    assert "document.title='owned'" in page.text
    assert "{{ 7*7 }}" in page.text
    assert "\\u202egnorw\\u202c and \\u2066isolated" in page.text
    assert "\\u0000\\u001b[31m" in page.text
    assert not set(text) & set("\u202e\u2066\x00\x1b")
    assert "http" not in text.replace("http-equiv", "").replace('xmlns="http://www.w3.org/2000/svg"', "").replace(
        'xmlns:xlink="http://www.w3.org/1999/xlink"', ""
    )


def test_a_page_asks_for_nothing(tmp_path):
    """Its own policy forbids scripts and requests."""
    write_report_page(tmp_path / "page.html", hostile_report(tmp_path / "report.parquet"), [])
    assert "default-src 'none'; style-src 'unsafe-inline'" in (tmp_path / "page.html").read_text()


@pytest.fixture
def nights(tmp_path, monkeypatch):
    """Give a folder after two nights in which rows changed."""
    use(monkeypatch, pair())
    kinds = ["right"] * 6 + ["false", "both", "wrong", "wrong", "vague"]
    source = ["web", "<i>book"] * 5 + ["web"]
    gates = (
        '[[gate]]\nmeasure = "new_flawed"\nfail = { count = 0 }\n'
        '[[gate]]\nmeasure = "flawed"\nslice = "source"\nwarn = { share = "20 %" }\n'
    )
    config = write_config(tmp_path, gates, slices=["source"])
    write_rows(tmp_path / "rows.parquet", kinds, source=source)
    assert audit(config) == 0
    write_rows(tmp_path / "rows.parquet", ["false", "wrong", *kinds[2:8], "right", "wrong", "vague"], source=source)
    assert audit(config) == 1
    return tmp_path


def test_the_page_of_a_night(nights):
    """It tells the verdict, every gate, the changes with both messages, and the rows with the failing line marked."""
    text = (nights / "store" / "latest" / "summary.html").read_text()
    page = Elements(text)
    for said in ("Audit, night 2", "Failed", "2 of 11 rows (18.18 %), more than 0", "newly flawed", "data changed"):
        assert said in page.text
    assert "line 1: 0*3 is 0, not 1" in page.text
    assert "source = <i>book" in page.text
    assert page.text.count("P(flawed) 90 %") >= 3
    assert 'class="fails"' in text
    assert 'class="suspect"' in text
    assert page.tags >= {"svg", "details", "table", "article"}
    assert "var(--fail)" in text
    assert len(text) < 200_000
    assert summary(nights)["verdict"] == "fail"


def test_every_name_has_words():
    """The page has words for every change, cause and reason."""
    from grader.audit.page import TEMPLATE

    text = TEMPLATE.read_text()
    for name in (*ALL_CHANGES, *CAUSES, *REASONS):
        assert f'"{name}": "' in text


def test_long_solutions_are_cut_around_the_error(tmp_path):
    """Of a long solution the lines around the first error are shown, and how many are not."""
    lines = [{**LINE, "line": number, "text": "x" * 5_000} for number in range(1, 301)]
    row = {
        "problem": "p" * 9_000,
        "solution": "s",
        "grade_status": "graded",
        "grade_verdict": "conceptual_error",
        "grade_first_error_line": 200,
        "grade_flaw_probability": 0.9,
        "grade_message": None,
        "grade_lines": lines,
    }
    table = pl.DataFrame([row], schema_overrides={"grade_first_error_line": pl.Int32, "grade_message": pl.String})
    table.write_parquet(tmp_path / "report.parquet")
    report = open_report(str(tmp_path / "report.parquet"))
    (view,) = row_views(report, review_queue(report, 0.5, 20))
    assert (view.skipped, len(view.lines), view.rest) == (187, MAX_LINES, 300 - 187 - MAX_LINES)
    assert [line.number for line in view.lines if line.mark == "suspect"] == [200]
    assert view.identifier == "row 1"
    write_report_page(tmp_path / "page.html", tmp_path / "report.parquet", [])
    assert (tmp_path / "page.html").stat().st_size < 70_000


def test_plain_text_is_clipped():
    """What is cut is counted; line breaks stay."""
    assert plain("a\nb\tc", 10) == "a\nb\tc"
    assert plain("x" * 1_005, 5) == "xxxxx … (1,000 characters more)"
    assert plain(None) == ""


def test_charts_need_something_to_show():
    """A single night is no trend, and no counts are no bars; names of flags are no formulas."""
    row = dict.fromkeys(SCHEMA, 1) | {"began": None, "stages": "a"}
    history = pl.DataFrame([row], schema=SCHEMA)
    assert trend(history, "d") is None
    two = pl.concat([history, history.with_columns(night=pl.lit(2, pl.Int64), stages=pl.lit("b"))])
    assert trend(two, "d") == trend(two, "d")
    assert bars([], "d") is None
    assert "$\\\\frac{" in bars([("$\\frac{\n\u4e2d", 3)], "d")


def test_the_command(tmp_path, capsys):
    """`grade-page` writes the page, and refuses what it cannot do with exit code 2."""
    report = hostile_report(tmp_path / "report.parquet")
    page = tmp_path / "page.html"
    assert main([str(report), "-o", str(page)]) == 0
    assert main([str(report), "-o", str(page)]) == 2
    assert main([str(report), "-o", str(page), "--overwrite", "--by", "source"]) == 0
    assert main([str(report), "-o", str(tmp_path / "page.txt")]) == 2
    assert main([str(report), "-o", str(tmp_path / "no" / "page.html")]) == 2
    assert main([str(report), "-o", str(page), "--overwrite", "--by", "nothing"]) == 2
    assert main([str(tmp_path / "no.parquet"), "-o", str(page), "--overwrite"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 5


class _Site(BaseHTTPRequestHandler):
    """Serves one page and remembers what is asked for."""

    page = b""
    asked: list = []  # noqa: RUF012  of the class, as the server makes an instance a request

    def do_GET(self):
        """Serve the page, whatever the path."""
        self.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(self.page)

    def log_message(self, *_):
        """Say nothing."""


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
@pytest.mark.parametrize("what", ["night", "hostile"])
def test_in_a_browser(what, request, tmp_path):
    """Chromium shows the page without a request, a script or an error on its console, and hostile texts as text."""
    if what == "night":
        page = request.getfixturevalue("nights") / "store" / "latest" / "summary.html"
    else:
        page = tmp_path / "page.html"
        write_report_page(page, hostile_report(tmp_path / "report.parquet"), ["source"])
    _Site.page, _Site.asked = page.read_bytes(), []
    with HTTPServer(("127.0.0.1", 0), _Site) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
        command += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
        command += ["--enable-logging=stderr", f"--user-data-dir={tmp_path / 'profile'}", "--window-size=390,844"]
        command += ["--virtual-time-budget=2000", "--dump-dom", f"http://127.0.0.1:{server.server_port}/page"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        server.shutdown()
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stderr.splitlines() if "CONSOLE" in line] == []
    assert [path for path in _Site.asked if path != "/favicon.ico"] == ["/page"]
    shown = Elements(done.stdout)
    assert "owned" not in done.stdout.split("</title>")[0]
    assert not {"script", "img", "a"} & shown.tags
    if what == "hostile":
        assert "<script>document.title='owned'</script>" in shown.text
