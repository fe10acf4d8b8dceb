# A scratchpad runs as an ordinary notebook cell and is never part of a run.
