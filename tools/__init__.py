"""Tools around the engine, each a library module and a command."""
