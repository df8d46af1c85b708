"""Starts MSST-WebUI: `python webui.py` for the server, `python webui.py --help` for the rest."""

from webui.cli import main

if __name__ == "__main__":
    main()
