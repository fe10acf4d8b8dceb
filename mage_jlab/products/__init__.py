"""What came out: values written as files with a manifest, and read back.

Shipped into user kernels except `store`, `columns` and `arrow_frames`: standard library only
at import; pandas, pyarrow and the like are used when the environment has them.
"""
