"""The process of our own environment that works on stored tables for one kernel.

Started by `kernel_side.tables`. Its work: SQL over stored tables, and tables for
and from kernels of other languages.
"""
