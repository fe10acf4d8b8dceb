"""How a project lies on disk: model to text and back, and only here YAML."""
