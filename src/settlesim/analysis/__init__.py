"""Pure functions from the Dataset of an experiment to the Dataset of an answer."""

from settlesim.analysis.differences import differences
from settlesim.analysis.estimates import summary
from settlesim.analysis.hindcast import hindcast
from settlesim.analysis.ranking import rank
from settlesim.analysis.survival import incidence

__all__ = ["differences", "hindcast", "incidence", "rank", "summary"]
