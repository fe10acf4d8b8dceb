"""Kernels of other languages beside this one: R, and whatever Jupyter kernel is installed."""
