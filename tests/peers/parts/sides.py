"""The sides by name. Each starts what it needs, yields what is asked of it, and clears everything away at the end.

`load(level, seconds)` answers with how many runs ended, in how many seconds, and the median of how long one took;
`memory()` with the bytes that are compared, by name, and `apart()` with those of what the flow's author writes and runs.
"""

from parts import dbos, flowmesh, restate

SIDES = {"flowmesh": flowmesh.side, "restate": restate.side, "dbos": dbos.side}
NAMES = ("restate", "dbos")
