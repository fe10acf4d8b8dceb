"""How one kind of value lies on disk: one file per kind, tried in order."""
