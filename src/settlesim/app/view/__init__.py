"""The interactive view: a page on which one run is lived week by week (needs the extra ``view``)."""

from settlesim.app.view.server import PORT, serve

__all__ = ["PORT", "serve"]
