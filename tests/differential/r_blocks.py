"""R blocks run by both sides: Mage's functions, between each other and beside Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from differential.projects import PANDAS, block, load
from flow.engine.projects import write_pipeline

FRAME = "pd.DataFrame({'id': [1, 2, 3], 'x': [0.5, None, 2.5], 'word': ['a', None, 'é \\'q\\'']})"
SPACED = "pd.DataFrame({'my col': [1, 2]})"
RECORDS = "def f(frame, *args, **kwargs):\n    return frame.to_dict('records')"

LOAD = """load_data <- function() {
    data.frame(id = c(1L, 3L), weight = c(70.5, NA), tall = c(TRUE, FALSE), kind = c("u", "v, w"))
}"""
CLEAN = """halved <- function(values) values / 2
transform <- function(df_1, ...) {
    df_1$weight[is.na(df_1$weight)] <- 50.5
    df_1$half <- halved(df_1$weight)
    df_1[order(df_1$weight), ]
}"""
MERGED = """transform <- function(df_1, df_2, ...) {
    merge(df_1, df_2, by = "id")
}"""
VARIABLES = """load_data <- function() {
    stopifnot(nchar(global_vars["city"]) == 4)
    data.frame(city = unname(global_vars["city"]), place = sprintf("in %s", global_vars["city"]),
               least = paste0("n", global_vars["least"]), env = global_vars[["env"]])
}"""
EXPORT = """export_data <- function(df_1, ...) {
    cat(nrow(df_1), names(df_1), file = file.path(global_vars["repo_path"], "noted_r"))
}"""


def r(kind: str, body: str, *upstream: str) -> dict[str, Any]:
    """An R block."""
    return {"type": kind, "language": "r", "body": body + "\n", "upstream": list(upstream)}


def pipelines() -> dict[str, dict[str, Any]]:
    """The pipelines, by name."""
    chain = {
        "load_r": r("data_loader", LOAD),
        "clean_r": r("transformer", CLEAN, "load_r"),
        "below_r": block("transformer", RECORDS, "clean_r"),
        "load_python": load(FRAME, PANDAS),
        "merged_r": r("transformer", MERGED, "load_python", "load_r"),
        "export_r": r("data_exporter", EXPORT, "merged_r"),
        "variables_r": r("data_loader", VARIABLES),
        "vector_r": r("data_loader", "load_data <- function() c(1.5, 2.5)"),
        "load_spaced": load(SPACED, PANDAS),
        "spaced_r": r("transformer", "transform <- function(df_1) df_1", "load_spaced"),
    }
    broken = {
        "stops_r": r("data_loader", "load_data <- function() {\n    stop('no')\n}"),
        "below_stops": block("transformer", RECORDS, "stops_r"),
        "unread_r": r("data_loader", "load_data <- function( {\n}"),
        "unnamed_r": r("data_loader", "loader <- function() 1"),
    }
    return {"r_chain": chain, "r_broken": broken}


def write(folder: Path) -> list[str]:
    """Write the project; return its pipelines."""
    root = folder / "shop"
    everything = pipelines()
    for name, blocks in everything.items():
        write_pipeline(root, name, blocks, variables={"city": "Graz", "least": 5})
    (root / "metadata.yaml").write_text(
        "project_type: standalone\nproject_uuid: abc\nhelp_improve_mage: false\n"
    )
    return list(everything)
