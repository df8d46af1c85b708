"""What models exist: records from the shipped data/catalogue.json and from the user's own file of the same form. Torch-free.

record.py  one model            weights.py   where its files are          configs.py  its YAML, read safely
load.py    all of them          local.py     what is installed here       describe.py stems, off a configuration
collection.py  by name, file and checksum    find.py  search, filters, recommendations
"""

from __future__ import annotations

from inference.catalogue.collection import Catalogue, Problem
from inference.catalogue.configs import CONFIGS, parse_config, read_config
from inference.catalogue.describe import Described, describe
from inference.catalogue.load import SHIPPED, load_catalogue
from inference.catalogue.local import InstalledModel, read_installed
from inference.catalogue.record import CATEGORIES, Category, ModelRecord, Score
from inference.catalogue.weights import (
    WEIGHTS_SUFFIXES,
    FileWeights,
    HubWeights,
    PackageWeights,
    Repo,
    sample_song,
    without_suffix,
)

__all__ = [
    "CATEGORIES",
    "CONFIGS",
    "SHIPPED",
    "WEIGHTS_SUFFIXES",
    "Catalogue",
    "Category",
    "Described",
    "FileWeights",
    "HubWeights",
    "InstalledModel",
    "ModelRecord",
    "PackageWeights",
    "Problem",
    "Repo",
    "Score",
    "describe",
    "load_catalogue",
    "parse_config",
    "read_config",
    "read_installed",
    "sample_song",
    "without_suffix",
]
