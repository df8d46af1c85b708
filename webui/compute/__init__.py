"""Compute children: processes that hold the models and do the work, so that the server stays responsive and safe.

The server keeps a child for each job that may run at once, and one light child for looking at uploads. A crash of a child (out of
memory, a damaged file in a native decoder, kill -9) costs one attempt; a cancel that a child does not heed ends it; the end of the
server ends its children, because they watch the pipe.

    protocol.py   the messages, one JSON object a line
    child.py      the child's own main loop
    operations.py what a child can do
    process.py    the server's handle on one child
    pool.py       the children of a server
    analyst.py    the child that looks at sounds for players and tools
"""
