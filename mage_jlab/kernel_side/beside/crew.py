"""The kernels that run beside this one: one for each kernelspec, started when first wanted."""

from __future__ import annotations

import atexit
from collections.abc import Mapping
from typing import Any

from mage_jlab.errors import MissingPackage
from mage_jlab.kernel_side.beside.kernel import Beside, own_spec
from mage_jlab.kernel_side.step import Step

_INSTALL = {
    "r": "install R with IRkernel (Debian: apt install r-base-core r-cran-irkernel; in R: "
    "install.packages('IRkernel'); IRkernel::installspec())",
    "bash": "install it (pip install bash_kernel; python -m bash_kernel.install)",
    "julia": 'install Julia with IJulia (in Julia: using Pkg; Pkg.add("IJulia"))',
}
_running: dict[str, Beside] = {}
_specs: dict[tuple[str, str | None], Mapping[str, Any]] = {}


def kernel(step: Step) -> tuple[Beside, bool]:
    """Return the kernel of a block's language, and whether it is a new one.

    Raises:
        MissingPackage: when no such kernel is installed.
    """
    spec = _spec(step)
    name = str(spec["name"])
    found = _running.get(name)
    if found is not None and found.alive:
        return found, False
    made = _running[name] = Beside(spec)
    return made, True


def _spec(step: Step) -> Mapping[str, Any]:
    wanted = step.configuration.get("kernel_name")
    key = (step.language.lower(), str(wanted) if wanted else None)
    if key in _specs:
        return _specs[key]
    found: Mapping[str, Any] | None
    if step.context.channel is not None:
        found = step.context.channel.call("kernel_spec", language=key[0], name=key[1])
    else:
        found = own_spec(*key)
    if found is None or "argv" not in found:
        wanted = wanted or (found or {}).get("wanted")
        words = "R" if key[0] == "r" else key[0]
        how = _INSTALL.get(key[0], "install one")
        what = f"no kernel named '{wanted}'" if wanted else f"no Jupyter kernel for {words}"
        raise MissingPackage(
            f"Block '{step.block}' is written in {words}, and there is {what} here; {how}.",
            block=step.block,
        )
    _specs[key] = found
    return found


def close() -> None:
    """End all of them."""
    for item in list(_running.values()):
        item.close()
    _running.clear()


atexit.register(close)
