"""Adapter folders: what their manifest says, whether the files are those it speaks of, and where a pair is found.

A folder has the layout of PEFT (``adapter_config.json``, ``adapter_model.safetensors``, a classifier's head in the same
file) and ``grader_adapter.json``, the manifest. A folder without one is an adapter published before this tool: prompt
version 0, the head of a classifier beside it in ``classifier_head.pth``. Nothing here imports torch.
"""

from grader.adapters.manifest import KINDS, Base, Kind, Manifest, check_folder, read_manifest, write_manifest
from grader.adapters.places import PairLocation, base_digest, base_folder, find_pair

__all__ = [
    "KINDS",
    "Base",
    "Kind",
    "Manifest",
    "PairLocation",
    "base_digest",
    "base_folder",
    "check_folder",
    "find_pair",
    "read_manifest",
    "write_manifest",
]
