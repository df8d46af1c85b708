"""The tabs."""

from __future__ import annotations

TABS = ("separate", "result", "models", "presets", "ensemble", "tools", "jobs", "settings")
"""Ids of the tabs in their order, as in the page's address (`?tab=jobs`). A tab's name is the text `tab.<id>`, its content the script
`static/tabs/<id>.js`, and what that is made of lies in `static/<id>/`."""

FIRST = TABS[0]
"""What an address without a tab opens."""
