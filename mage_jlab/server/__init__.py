"""The Jupyter server extension: REST interface, notebook drive, events."""
