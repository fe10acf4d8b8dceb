"""What a person sees of a stored table: windows, statistics, downloads.

Everything works on the whole table: DuckDB over the memory-mapped Arrow file.
"""
