"""dbt blocks: models and commands, by dbt of the kernel's own environment."""
