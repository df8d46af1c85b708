"""The tabs, one a file: `build(ui)` fills it. layout.TABS lists them."""
