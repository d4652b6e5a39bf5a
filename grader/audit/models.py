"""The models of a night, each pair loaded once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from grader.audit.fingerprints import stages_of
from grader.errors import UsageError

if TYPE_CHECKING:
    from grader.audit.config import Models
    from grader.engines import Pair
    from grader.run import Log


class Pairs:
    """Loads the pairs that data sets name, when the first one needs it."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._pairs: dict[Models, Pair] = {}
        self.seconds = 0.0
        """What loading took."""

    def get(self, models: Models) -> Pair:
        """Give the pair; raises what ``grader.engines.load_pair`` does.

        Raises UsageError also where devices keep the models in different number formats: results are kept by what gave
        them, and would depend on which device was free.
        """
        if models not in self._pairs:
            began = time.perf_counter()
            from grader.engines import load_pair  # noqa: PLC0415  tests put their own in its place

            pair = load_pair(
                models.extractor,
                models.classifier,
                models.adapters,
                models.threshold,
                device=models.device,
                devices=models.devices,
                memory=models.memory,
                compiled=models.compile,
                quantization=models.quantization,
                offline=models.offline,
            )
            if any(stages_of(other) != stages_of(pair) for other in pair.others):
                raise UsageError(
                    f"models.devices: {', '.join(models.devices)} keep the models in different number formats; name "
                    'devices of one kind, or one quantization for all ("nf4" or "none")'
                )
            self._log.say("models", pair.sentence(), **pair.describe())
            self._pairs[models] = pair
            self.seconds += time.perf_counter() - began
        return self._pairs[models]
