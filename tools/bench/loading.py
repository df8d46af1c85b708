"""What surrounds the network: loading, the start of work, and the loop's own memory."""
