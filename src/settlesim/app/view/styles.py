"""How the page looks; colours follow the theme, light or dark."""

__all__ = ["STYLE"]

# Mesa shows tabs for a single page, and a card for parameters of its own where there are none.
STYLE = """
.v-tabs { display: none; }
.v-card:has(> .v-card__text > .v-sheet:empty) { display: none; }
/* Mesa's controls come between what is simulated and the long list of parameters. */
.v-navigation-drawer__content > div:has(> .choices) { display: flex; flex-direction: column; }
.parameters { order: 1; }
.headline { padding: 0 12px; font-size: 15px; line-height: 1.5; }
.headline h1 { font-size: 22px; line-height: 1.3; margin: 0; }
.headline div { font-size: 15px; }
.headline div.now { font-size: 17px; }
.trouble { white-space: pre-line; }
.holder, .panel { height: 100%; width: 100%; }
.panel { display: flex; flex-direction: column; padding: 0.3em 0.8em 0.6em; font-size: 14px; line-height: 1.35;
  border: 1px solid rgba(128, 128, 128, 0.35); border-radius: 6px; overflow: hidden; }
.panel h2 { font-size: 1.15em; margin: 0 0 0.3em; flex: none; }
.panel .body { flex: 1; min-height: 0; overflow: auto; }
.panel p { margin: 0 0 0.4em; }
.panel h3 { font-size: 1em; margin: 0.6em 0 0.1em; }
.panel h3 small { font-weight: 400; opacity: 0.75; }
.panel ul { margin: 0; padding-left: 1.2em; }
.panel .cause { opacity: 0.75; font-style: italic; }
.panel .ending { font-weight: 600; }
.panel table { border-collapse: collapse; width: 100%; }
.panel th, .panel td { text-align: left; vertical-align: top; padding: 0.2em 0.5em 0.2em 0; }
.panel th { font-weight: 600; border-bottom: 1px solid rgba(128, 128, 128, 0.5); }
.panel tr.closed, .panel tr.not-offered { opacity: 0.7; }
.panel tr.open td, .panel tr.signed td, .panel tr.delivered td { font-weight: 600; }
.panel svg { fill: currentColor; font-family: inherit; }
.panel svg.chart { width: 100%; font-size: 12px; }
.panel .key { font-size: 13px; }
.panel .key .entry { display: inline-block; margin-right: 1.1em; white-space: nowrap; }
.explained { font-size: 12px; opacity: 0.8; line-height: 1.3; display: block; margin: -0.6em 0 0.9em; }
.held { margin: 0 0.3em 0.5em 0; text-transform: none; }
"""
