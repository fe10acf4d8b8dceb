"""SQL blocks: over the outputs of upstream blocks by DuckDB, or in a database by its connector."""
