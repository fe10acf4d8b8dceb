"""Loading modules leaves the collection of garbage as it was."""

from __future__ import annotations

import gc

import pytest

from mage_jlab.loading import uncollected


def test_collection_goes_on_also_after_a_failed_import() -> None:
    assert gc.isenabled()
    with pytest.raises(ImportError), uncollected():
        assert not gc.isenabled()
        import no_such_module_at_all  # noqa: F401
    assert gc.isenabled()


def test_who_switched_it_off_finds_it_off() -> None:
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
