"""Google Sheets, by gspread."""

from __future__ import annotations

from typing import Any

from mage_jlab.errors import BadRequest
from mage_jlab.io import google
from mage_jlab.io.base import BaseIO
from mage_jlab.io.drivers import package, pandas

_WHAT = "GoogleSheets"
_SCOPES = [
    "https://www.googleapis.com/auth/spreadsheets",
    "https://www.googleapis.com/auth/drive",
]


class GoogleSheets(BaseIO):
    """Worksheets."""

    def __init__(self, verbose: bool = True, **options: Any) -> None:
        """Keep credentials and what the client takes; it connects when first asked."""
        super().__init__(verbose)
        self._options = options
        self._client: Any = None

    @classmethod
    def with_config(cls, config: Any, **kwargs: Any) -> GoogleSheets:
        """Make one by a profile of io_config.yaml."""
        found = google.settings(config)
        found.pop("location", None)
        return cls(**{**found, **kwargs})

    @property
    def client(self) -> Any:
        """Gspread's client, made when first asked for."""
        if self._client is None:
            module = package("gspread", "gspread", _WHAT)
            options = dict(self._options)
            key = google.credentials(options, _WHAT, _SCOPES)
            self._client = module.authorize(key, **options) if key else module.service_account()
        return self._client

    def fetch_sheet(
        self,
        sheet_url: str | None = None,
        sheet_id: str | None = None,
        sheet_name: str | None = None,
    ) -> Any:
        """Return a spreadsheet by its address, id or name.

        Raises:
            BadRequest: when none is given.
        """
        if sheet_url:
            return self.client.open_by_url(sheet_url)
        if sheet_id:
            return self.client.open_by_key(sheet_id)
        if sheet_name:
            return self.client.open(sheet_name)
        raise BadRequest("Please name the spreadsheet: sheet_url, sheet_id or sheet_name.")

    def fetch_worksheet(
        self,
        sheet_url: str | None = None,
        sheet_id: str | None = None,
        sheet_name: str | None = None,
        worksheet_name: str | None = None,
        worksheet_position: int = 0,
    ) -> Any:
        """Return a worksheet by its name or position."""
        sheet = self.fetch_sheet(sheet_url, sheet_id, sheet_name)
        if worksheet_name is not None:
            return sheet.worksheet(worksheet_name)
        return sheet.get_worksheet(worksheet_position)

    def load(self, *args: Any, header_rows: int = 1, **kwargs: Any) -> Any:
        """Return a worksheet as a frame; its header is in the given row."""
        worksheet = self.fetch_worksheet(*args, **kwargs)
        return pandas(_WHAT).DataFrame(worksheet.get_all_records(head=header_rows))

    def export(self, df: Any, *args: Any, **kwargs: Any) -> None:
        """Write a frame with its header into a worksheet."""
        worksheet = self.fetch_worksheet(*args, **kwargs)
        worksheet.update([df.columns.values.tolist(), *df.values.tolist()])

    def exists(self, *args: Any, **kwargs: Any) -> bool:
        """Whether there is such a worksheet."""
        errors = package("gspread.exceptions", "gspread", _WHAT)
        try:
            return self.fetch_worksheet(*args, **kwargs) is not None
        except (errors.SpreadsheetNotFound, errors.WorksheetNotFound):
            return False
