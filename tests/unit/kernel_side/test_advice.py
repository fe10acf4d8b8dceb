"""Which package brings a module that cannot be imported."""

from __future__ import annotations

import pytest

from mage_jlab.kernel_side.advice import installable


@pytest.mark.parametrize(
    ("name", "line", "package"),
    [
        ("sklearn", "from sklearn.svm import SVC", "scikit-learn"),
        ("bs4", "from bs4 import BeautifulSoup", "beautifulsoup4"),
        ("great_expectations", "import great_expectations as gx", "great-expectations"),
        ("google.cloud", "from google.cloud import bigquery", "google-cloud-bigquery"),
        ("google", "import google.cloud.storage as gcs", "google-cloud-storage"),
        ("google.oauth2", "from google.oauth2 import service_account", "google-auth"),
        ("mysql", "import mysql.connector", "mysql-connector-python"),
        ("azure", "from azure.storage.blob import BlobClient", "azure-storage-blob"),
        # What is not known for sure is not offered.
        ("google.cloud", "from google.cloud import spanner", None),
        ("azure", "from azure.ai import x", None),
        ("entsoe", "from entsoe import EntsoePandasClient", None),
        ("shop.utils.words", "from shop.utils.words import x", None),
        # It is there, but not all of it.
        ("sklearn.externals", "from sklearn.externals import joblib", None),
    ],
)
def test_only_well_known_packages_are_offered(name: str, line: str, package: str | None) -> None:
    assert installable(ModuleNotFoundError(name=name), line) == package


def test_a_part_of_google_that_is_missing() -> None:
    line = "from google.cloud import storage"
    assert installable(ImportError(name="google.cloud"), line) == "google-cloud-storage"
    assert installable(ImportError(name="pandas"), "from pandas import Panel") is None
    assert installable(ValueError("google.cloud"), line) is None
