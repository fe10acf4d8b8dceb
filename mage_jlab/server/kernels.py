"""Lets the kernels of pipeline notebooks be forked; those of other notebooks stay as they are."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint
from typing import Any

from jupyter_client.provisioning.factory import KernelProvisionerFactory

from mage_jlab.executors.zygote.nursery import Nursery
from mage_jlab.executors.zygote.provisioner import NAME, NOTEBOOK, ZygoteProvisioner

_USUAL = "local-provisioner"
_GROUP = KernelProvisionerFactory.GROUP_NAME
_DRIVE = "mage:"


def fork_notebooks(serverapp: Any, nursery: Nursery) -> Callable[[], None]:
    """Make our provisioner the default of a server that has not been given another one.

    Returns what undoes it.
    """
    factory = KernelProvisionerFactory.instance(parent=serverapp)
    if factory.default_provisioner_name not in (_USUAL, NAME):
        return lambda: None
    here = f"{ZygoteProvisioner.__module__}:{ZygoteProvisioner.__qualname__}"
    factory.provisioners[NAME] = EntryPoint(NAME, here, _GROUP)
    before = factory.default_provisioner_name
    factory.default_provisioner_name = NAME
    ZygoteProvisioner.nursery = nursery
    sessions = serverapp.session_manager
    environment = sessions.get_kernel_env

    def get_kernel_env(path: Any, name: Any = None) -> dict[str, str]:
        made: dict[str, str] = environment(path, name)
        # The kernel's own variables name the file only, not the drive it lies on.
        if isinstance(path, str) and path.startswith(_DRIVE):
            made[NOTEBOOK] = path
        return made

    sessions.get_kernel_env = get_kernel_env

    def undo() -> None:
        sessions.get_kernel_env = environment
        factory.default_provisioner_name = before
        ZygoteProvisioner.nursery = None

    return undo
