"""What is happening: the state machine of a run, the loop that drives it."""
