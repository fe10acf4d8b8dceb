"""The code on the other side of the process line, in the user's kernel.

It is shipped as text (`executors.bundle`) and installed there as the package
``_mage_jlab_kernel``; standard library only, Python 3.9 or newer.
"""
