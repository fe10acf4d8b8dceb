"""Functions that make a new column of others: the ``udf`` of an ``add`` action."""

from __future__ import annotations

from typing import Any

from mage_jlab.errors import BadRequest
from mage_jlab.io.drivers import package, pandas
from mage_jlab.kernel_side.cleaner import conditions

_EARTH = 6371


class Given:
    """What a function works with."""

    def __init__(self, df: Any, action: dict[str, Any], kinds: dict[str, Any]) -> None:
        """Keep a frame, the action and the kinds of its columns."""
        self.df = df
        self.arguments = list(action.get("action_arguments") or ())
        self.code = action.get("action_code") or ""
        self.options: dict[str, Any] = dict(action.get("action_options") or {})
        self.kind = str(self.options.get("column_type", kinds.get(str(self.arguments[0]))))

    @property
    def value(self) -> Any:
        """The constant to calculate with, or None."""
        return self.options.get("value")

    def column(self, number: int = 0) -> Any:
        """Return one of the columns that were named."""
        return self.df[self.arguments[number]]

    def need(self, *names: str, every: bool = True) -> None:
        """Ask for options.

        Raises:
            BadRequest: when they are not there.
        """
        there = [self.options.get(name) is not None for name in names]
        if not (all(there) if every else any(there)):
            word = " and " if every else " or "
            raise BadRequest(f"This action needs the option {word.join(map(repr, names))}.")

    def second(self) -> None:
        """Ask for a second column or a value.

        Raises:
            BadRequest: when neither is there.
        """
        if len(self.arguments) < 2 and self.value is None:
            raise BadRequest("This action needs a second column, or the option 'value'.")


def _times(series: Any) -> Any:
    return pandas().to_datetime(series, format="mixed", utc=True)


def _shifted(given: Given, sign: int) -> Any:
    step = pandas().to_timedelta(given.value, unit=given.options.get("time_unit", "d"))
    return (_times(given.column()) + sign * step).dt.strftime("%Y-%m-%d %H:%M:%S")


def _addition(given: Given) -> Any:
    given.second()
    result = given.column()
    for name in given.arguments[1:]:
        result = result + given.df[name]
    if given.value is None:
        return result
    return _shifted(given, 1) if given.kind == "datetime" else result + given.value


def _difference(given: Given) -> Any:
    given.second()
    dates = given.kind == "datetime"
    if len(given.arguments) > 1:
        if dates:
            return (_times(given.column(0)) - _times(given.column(1))).dt.days
        return given.column(0) - given.column(1)
    return _shifted(given, -1) if dates else given.column() - given.value


def _divide(given: Given) -> Any:
    given.second()
    if len(given.arguments) > 1:
        return given.column(0).astype(float) / given.column(1).astype(float)
    return given.column() / float(given.value)


def _multiply(given: Given) -> Any:
    given.second()
    if len(given.arguments) > 1:
        return given.column(0).astype(float) * given.column(1).astype(float)
    return given.column() * float(given.value)


def _date_trunc(given: Given) -> Any:
    pd = pandas()
    part = given.options.get("date_part")
    if part != "week":
        raise BadRequest(f"date_trunc knows the date part 'week' only, not {part!r}.")
    days = pd.to_datetime(given.column(), format="mixed")
    monday = days - pd.to_timedelta(days.dt.weekday, unit="D")
    return monday.dt.strftime("%Y-%m-%d")


def _formatted_date(given: Given) -> Any:
    given.need("format")
    days = pandas().to_datetime(given.column(), format="mixed")
    return days.dt.strftime(given.options["format"])


def _distance_between(given: Given) -> Any:
    np = package("numpy", "numpy", "distance_between")
    lat1, lng1, lat2, lng2 = (np.radians(given.column(place)) for place in range(4))
    square = np.sin((lat2 - lat1) / 2) ** 2
    square = square + np.cos(lat1) * np.cos(lat2) * np.sin((lng2 - lng1) / 2) ** 2
    return 2 * _EARTH * np.arcsin(np.sqrt(square))


def _if_else(given: Given) -> Any:
    def side(number: int) -> Any:
        if given.options.get(f"arg{number + 1}_type") == "column":
            return given.column(number)
        return given.arguments[number]

    frame = given.df.copy()
    chosen = conditions.select(frame, given.code).index
    frame.loc[chosen, "result"] = side(0)
    return frame["result"].fillna(side(1))


def _string_replace(given: Given) -> Any:
    given.need("pattern", "replacement", every=False)
    return given.column().str.replace(
        given.options.get("pattern"),
        given.options.get("replacement"),
        regex=given.options.get("regex", True),
    )


def _string_split(given: Given) -> Any:
    given.need("separator", "part_index")
    parts = given.column().str.split(given.options["separator"])
    return parts.str[given.options["part_index"]].str.strip()


def _substring(given: Given) -> Any:
    given.need("start", "stop", every=False)
    return given.column().str.slice(given.options.get("start"), given.options.get("stop"))


_BY_NAME = {
    "addition": _addition,
    "constant": lambda given: given.arguments[0],
    "date_trunc": _date_trunc,
    "difference": _difference,
    "distance_between": _distance_between,
    "divide": _divide,
    "formatted_date": _formatted_date,
    "if_else": _if_else,
    "multiply": _multiply,
    "string_replace": _string_replace,
    "string_split": _string_split,
    "substring": _substring,
}


def call(name: str, df: Any, action: dict[str, Any], kinds: dict[str, Any]) -> Any:
    """Return the new column.

    Raises:
        BadRequest: when there is no function of that name.
    """
    function = _BY_NAME.get(name)
    if function is None:
        raise BadRequest(f"There is no function '{name}'; there are: {', '.join(_BY_NAME)}.")
    return function(Given(df, action, kinds))
