"""MSST-WebUI: the page, the REST service and the command line over one engine for music source separation."""

__version__ = "0.1.0"
