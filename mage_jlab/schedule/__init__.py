"""When a pipeline runs."""
