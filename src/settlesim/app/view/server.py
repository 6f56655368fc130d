"""The server of the page: on loopback alone, behind a gate, nothing fetched from elsewhere, nothing reported."""

from __future__ import annotations

import os
import socket
import warnings
import webbrowser
from typing import Any

from settlesim.app.view.gate import Gate
from settlesim.errors import UsageError

__all__ = ["PORT", "serve"]

HOST, PORT = "127.0.0.1", 8765
# Read by the page, which solara imports by name.
SCENARIO, SEQUENCE = "SETTLESIM_VIEW_SCENARIO", "SETTLESIM_VIEW_SEQUENCE"
# Solara reads these when it is imported. Fonts and scripts come from the package solara-assets by way of this
# server; a file it lacks is then missing, rather than fetched from the network.
SETTINGS = {
    "SOLARA_APP": "settlesim.app.view.page",
    "SOLARA_MODE": "production",
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "false",
    "SOLARA_ASSETS_PROXY": "true",
    "SOLARA_ASSETS_CDN": f"http://{HOST}:9/",
    # Components of Mesa 3.3 fail solara's check of its own rules, which then warns on every start.
    "SOLARA_CHECK_HOOKS": "off",
    # A session is let go a minute after its last socket: a tab that was closed, or a machine that slept.
    "SOLARA_KERNEL_CULL_TIMEOUT": "1m",
    "SOLARA_THEME_TITLE": "settlesim",
    "SOLARA_THEME_SHOW_BANNER": "false",
}


def serve(scenario: str, *, sequence: str | None = None, port: int = PORT, browser: bool = True) -> None:
    """Serve the page until it is interrupted.

    Parameters
    ----------
    scenario : str
        Name of a shipped scenario or path of a file, shown first.
    sequence : str, optional
        By default the scenario's default sequence.
    port : int
        Port on 127.0.0.1; 0 for any that is free.
    browser : bool
        Whether to open the page in the browser.

    Raises
    ------
    UsageError
        When solara is not installed, or the port is taken.
    """
    listening = _bound(port)
    os.environ |= {**SETTINGS, SCENARIO: scenario, SEQUENCE: sequence or ""}
    try:
        import uvicorn
        from solara.server.kernel_context import contexts
        from solara.server.starlette import app

        import settlesim.app.view.page  # noqa: F401 (what solara will import by name)
    except ModuleNotFoundError as error:
        listening.close()
        missing = f"the view needs {error.name}, which is not installed: pip install 'settlesim[view]'"
        raise UsageError(missing) from None
    # Solara warns that no frame of another site can hold the page; none should.
    warnings.filterwarnings("ignore", "Cookies with samesite=none", UserWarning)
    gate = Gate(app, listening.getsockname()[1], contexts)

    class Server(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets=sockets)
            print(f"settlesim view: {gate.address} (Ctrl-C ends it)", flush=True)
            if browser:
                webbrowser.open(gate.address)

    try:
        Server(
            uvicorn.Config(
                gate, log_level="error", proxy_headers=False, server_header=False, timeout_graceful_shutdown=1
            )
        ).run(sockets=[listening])
    except KeyboardInterrupt:
        # uvicorn closes all connections first, and then raises the signal it has met once more.
        pass
    finally:
        listening.close()


def _bound(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
    except (OSError, OverflowError) as error:
        listening.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            f"cannot listen on port {port} of {HOST}: {reason}; choose another with --port, or 0 for any that is free"
        ) from None
    return listening
