"""The commands, a module each: thin doors over the services. What they need is imported when they run, so that help comes at once."""
