"""Who we are measured against, each driven as its own users drive it."""
