"""Connectors that blocks import as ``mage_ai.io…``; they run in the user's kernel.

Standard library at import; a driver is imported when a connector connects, from
the kernel's own environment.
"""
