"""Fixtures that more than one test file shares."""

from __future__ import annotations

import json
import os
import urllib.request
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import settings

# The same examples in every run, and no clock: a red run can be repeated by anybody. `make fuzz` draws new ones.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("fuzz", deadline=None, max_examples=2000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

# Without a GPU the kernels are interpreted. Triton asks for it when it is imported, which other libraries do.
if not Path("/dev/nvidia0").exists():
    os.environ.setdefault("TRITON_INTERPRET", "1")

GRADE_TYPES = {
    "grade_status": pa.string(),
    "grade_verdict": pa.string(),
    "grade_flaw_probability": pa.float32(),
    "grade_first_error_line": pa.int32(),
    "grade_message": pa.string(),
    "grade_flags": pa.list_(pa.string()),
}
GRADE_DEFAULTS = {"grade_status": "graded", "grade_flags": []}


@pytest.fixture(scope="session")
def write_report():
    """Give a function that writes a small report: ``columns`` by name, the ``grade_`` ones filled up where absent."""

    def write(path, columns, metadata=None, row_group_size=None):
        rows = len(next(iter(columns.values())))
        arrays = {name: values for name, values in columns.items() if name not in GRADE_TYPES}
        for name, kind in GRADE_TYPES.items():
            arrays[name] = pa.array(columns.get(name, [GRADE_DEFAULTS.get(name)] * rows), kind)
        table = pa.table(arrays).replace_schema_metadata({"grader": json.dumps(metadata or {"format": 1})})
        pq.write_table(table, path, row_group_size=row_group_size)
        return str(path)

    return write


@pytest.fixture(scope="module")
def checker():
    """Give a checker of single equations."""
    from grader.checking.check import Checker

    with Checker() as result:
        yield result


@pytest.fixture(scope="module")
def grader():
    """Give a grader by the rules alone."""
    from grader.engines import Pair
    from grader.pipeline import Grader

    with Grader(Pair()) as by_rules:
        yield by_rules


@pytest.fixture(scope="module")
def graded(grader):
    """Give a function from a solution, and its problem if that matters, to its grades by the rules."""
    from grader.types import Solution

    return lambda text, problem="": grader.grade([Solution(problem, text)])[0]


@pytest.fixture(scope="module")
def judged(graded):
    """Give a function from a solution to the status and detail of each of its equations."""
    return lambda text, problem="": [
        (equation.status.value, equation.detail) for line in graded(text, problem).lines for equation in line.equations
    ]


@pytest.fixture(scope="module")
def messages(judged):
    """Give a function from a solution to the details of what fails in it."""
    return lambda text, problem="": [detail for status, detail in judged(text, problem) if status == "fails"]


@pytest.fixture(scope="module")
def one_thread():
    """Threads that wait for each other would take longer than the work, and other tests run beside these."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def s3():
    """Give a client of a local S3 server that this starts, and point the AWS libraries at it."""
    filesystem = pytest.importorskip("s3fs").S3FileSystem
    server_of = pytest.importorskip("moto.server").ThreadedMotoServer
    server = server_of(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "AWS_ACCESS_KEY_ID": "k3y",
            "AWS_SECRET_ACCESS_KEY": "s3cr3t",
            "AWS_DEFAULT_REGION": "us-east-1",
        }.items():
            patch.setenv(name, value)
        import boto3

        # The library keeps its filesystems, with the address of another module's server; moto keeps its buckets.
        filesystem.clear_instance_cache()
        request = urllib.request.Request(f"http://{host}:{port}/moto-api/reset", method="POST")
        urllib.request.urlopen(request).close()
        client = boto3.client("s3")
        client.create_bucket(Bucket="bucket")
        yield client
    filesystem.clear_instance_cache()
    server.stop()


@pytest.fixture(scope="module")
def untrained(tmp_path_factory):
    """Give a random extractor, with what the library's ``generate`` answers."""
    from extractor_cases import untrained_case

    return untrained_case(tmp_path_factory.mktemp("untrained"))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Give an extractor that has learnt a little, likewise."""
    from extractor_cases import trained_case

    return trained_case(tmp_path_factory.mktemp("trained"))


@pytest.fixture(params=["untrained", "trained"])
def case(request):
    """Give each of the two in turn."""
    return request.getfixturevalue(request.param)
