"""What a report says of itself in its file metadata: docs/report-format.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grader.inputs import joint_fingerprint
from grader.run.shards import SHARD
from grader.types import REPORT_FORMAT
from grader.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grader.run.request import Job
    from grader.run.summary import Counts


def metadata_of(
    job: Job, engines: Mapping[str, Any], fingerprints: Sequence[Mapping[str, Any]], counts: Counts, part_rows: int
) -> dict[str, Any]:
    """Build the value of the key ``grader``; ``fingerprints`` are those of the inputs."""
    said = {
        "format": REPORT_FORMAT,
        "version": __version__,
        "options": dict(job.request.options),
        "columns": job.columns._asdict(),
        **engines,
        "input": joint_fingerprint(fingerprints),
        "rows": rows_of(counts),
    }
    if job.request.shard is not None:
        said[SHARD] = job.request.shard.noted(job.all_rows or 0, part_rows)
    return said


def rows_of(counts: Counts) -> dict[str, Any]:
    """Give what the metadata say of the rows."""
    return {
        "total": counts.rows,
        "status": dict(sorted(counts.by_status.items())),
        "verdict": dict(sorted(counts.by_verdict.items())),
        "nothing_checked": counts.nothing_checked,
    }
