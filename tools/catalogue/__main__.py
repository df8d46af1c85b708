"""`python -m tools.catalogue FACTS_FOLDER`: make data/catalogue.json and configs/ again."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from tools.catalogue.facts import TABLES, read_facts
from tools.catalogue.records import Tables, make_records
from tools.catalogue.write import write_catalogue, write_configs

ROOT = Path(__file__).parents[2]


def main(arguments: list[str] | None = None) -> None:
    """Read the facts, write the catalogue."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(prog="python -m tools.catalogue", description=__doc__)
    parser.add_argument("facts", type=Path, help="folder with models.json, extended_catalogue.json, scores.json and vr_params.json")
    parser.add_argument("--tables", type=Path, default=TABLES, help="folder with what no list says")
    parser.add_argument("--catalogue", type=Path, default=ROOT / "data" / "catalogue.json")
    parser.add_argument("--configs", type=Path, default=ROOT / "configs")
    chosen = parser.parse_args(arguments)
    tables = Tables.read(chosen.tables)
    facts = read_facts(chosen.facts, tables.aliases)
    records = make_records(facts, tables)
    write_catalogue(records, tables.recommended, chosen.catalogue)
    write_configs(facts.published, chosen.configs)
    logging.getLogger(__name__).info("%d models, %d of them with a configuration", len(records), sum(bool(r.config_file) for r in records))


if __name__ == "__main__":
    main()
