"""Mage's class of global data products, as far as code in blocks uses it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mage_jlab.kernel_side.mage_calls import Calls
from mage_jlab.kernel_side.step import Context
from mage_jlab.products.formats.references import References


def make(calls: Calls, context: Callable[[], Context]) -> type:
    """Return the class, for the context that holds when it is used."""

    class GlobalDataProduct:
        """A registered product: ``GlobalDataProduct.get('name').get_outputs()``."""

        def __init__(self, uuid: str, **said: Any) -> None:
            """Keep what is said of it."""
            self.uuid = uuid
            self.object_type = said.get("object_type")
            self.object_uuid = said.get("object_uuid")
            self.outdated_after = said.get("outdated_after")
            self.outdated_starting_at = said.get("outdated_starting_at")
            self.settings = said.get("settings")

        @classmethod
        def load_all(cls, **_kwargs: Any) -> list[GlobalDataProduct]:
            """Return every registered product."""
            return [cls(**item) for item in calls.host("data_products")]

        @classmethod
        def get(cls, uuid: str, **_kwargs: Any) -> GlobalDataProduct | None:
            """Return a product, or None when there is none of that name."""
            return next((item for item in cls.load_all() if item.uuid == uuid), None)

        def get_outputs(self, **_kwargs: Any) -> dict[str, list[Any]]:
            """Return block -> values of the newest complete runs; nothing is made again."""
            runs = calls.host("data_product_runs", uuid=self.uuid)
            return References(self.uuid, str(self.object_uuid), runs).read(context().store)

        def is_outdated(self, *_args: Any, **_kwargs: Any) -> bool:
            """Whether the next block that asks for it has it made again."""
            return bool(calls.host("data_product_outdated", uuid=self.uuid))

        def to_dict(self, include_uuid: bool = False, **_kwargs: Any) -> dict[str, Any]:
            """Return a dictionary of it."""
            said = {key: value for key, value in vars(self).items() if key != "uuid"}
            return {"uuid": self.uuid, **said} if include_uuid else said

    return GlobalDataProduct
