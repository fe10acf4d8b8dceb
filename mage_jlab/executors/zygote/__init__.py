"""Kernels that start at once: forked from a process that has imported everything already.

`program` runs under the user's interpreter and forks; `process` is our end of it;
`provisioner` lets `jupyter_client` use it; `nursery` keeps one zygote for each
environment; `pool` keeps kernels ready that nobody has used.
"""
