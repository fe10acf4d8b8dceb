"""Figures: a picture or a chart description to look at, and the object itself."""

from __future__ import annotations

import importlib
import io
import json
from pathlib import Path
from typing import Any

from mage_jlab.model.product import IMAGE, MEDIA, Output
from mage_jlab.products.formats import pickled
from mage_jlab.products.formats.target import Target, comes_from, dotted

NAME = "figure"
PLOTLY = "application/vnd.plotly.v1+json"


def accepts(value: object) -> bool:
    """Take figures of matplotlib and plotly, charts of altair, images of Pillow."""
    return (
        comes_from(value, "matplotlib", "Figure")
        or comes_from(value, "PIL", "Image")
        or comes_from(value, "plotly", "BaseFigure", "Figure")
        or comes_from(value, "altair", "TopLevelMixin")
    )


def write(value: Any, target: Target) -> Output:
    """Store what is shown, and a pickle to get the object back from."""
    if comes_from(value, "matplotlib", "Figure"):
        buffer = io.BytesIO()
        value.savefig(buffer, format="png", bbox_inches="tight")
        target.write_bytes(".png", buffer.getvalue())
        return _finish(value, target, IMAGE, "image/png")
    if comes_from(value, "PIL", "Image"):
        buffer = io.BytesIO()
        shown = value if value.mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I") else None
        (shown or value.convert("RGB")).save(buffer, format="PNG")
        target.write_bytes(".png", buffer.getvalue())
        return _finish(value, target, IMAGE, "image/png")
    if comes_from(value, "plotly"):
        target.write_text(".json", value.to_json())
        return target.output(
            value, MEDIA, NAME, media_type=PLOTLY, preview="plotly figure",
            options={"restore": "plotly"},
        )  # fmt: skip
    spec = value.to_dict()
    target.write_text(".json", json.dumps(spec, default=str))
    schema = str(spec.get("$schema", "v5"))
    version = next((v for v in ("v6", "v5", "v4") if v in schema), "v5")
    return _finish(value, target, MEDIA, f"application/vnd.vegalite.{version}+json")


def _finish(value: Any, target: Target, kind: str, media_type: str) -> Output:
    pickled.dump(target, value)
    return target.output(value, kind, NAME, media_type=media_type, preview=f"<{dotted(value)}>")


def read(folder: Path, output: Output) -> Any:
    """Read the object back."""
    if output.options.get("restore") == "plotly":
        plotly = importlib.import_module("plotly.io")
        text = (folder / f"{output.name}.json").read_text(encoding="utf-8")
        return plotly.from_json(text, skip_invalid=True)
    return pickled.load(folder, output)
