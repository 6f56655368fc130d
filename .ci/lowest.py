"""Print the lowest allowed version of every requirement that has one, as constraints for pip.

python .ci/lowest.py > lowest.txt && pip install -c lowest.txt ".[io]"
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def lowest(requirements: list[str]) -> list[str]:
    """Constraints that hold requirements such as ``mesa[network]>=3.3,<4`` at their lower bound: ``mesa==3.3``."""
    bounds = [re.match(r"([\w.-]+)(?:\[[\w,-]+\])?>=([\w.]+)", requirement) for requirement in requirements]
    return [f"{bound[1]}=={bound[2]}" for bound in bounds if bound]


if __name__ == "__main__":
    print(*lowest([*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["io"]]), sep="\n")
