"""The `mage-jlab` command; runs and schedules without a Jupyter server."""
