"""The words of transformer actions: what to do, on what, with which kinds of columns."""

from __future__ import annotations

import enum
import re
from typing import Any


class Word(str, enum.Enum):
    """A word that is also its own text."""

    def __str__(self) -> str:
        return str(self.value)


def _words(name: str, doc: str, values: str) -> Any:
    make: Any = Word
    made = make(name, [(value.upper(), value) for value in values.split()])
    made.__doc__ = doc
    made.__module__ = __name__
    return made


ActionType = _words(
    "ActionType",
    "What an action does.",
    "add average clean_column_name count count_distinct custom diff drop_duplicate expand_column "
    "explode filter first fix_syntax_errors group impute join last limit max median min mode "
    "reformat remove remove_outliers scale select shift_down shift_up sort sum union update_type "
    "update_value normalize standardize",
)
Axis = _words("Axis", "Whether an action is about columns or rows.", "column row")
ColumnType = _words(
    "ColumnType",
    "What the values of a column are.",
    "category category_high_cardinality datetime email list number number_with_decimals "
    "phone_number text true_or_false zip_code",
)
VariableType = _words(
    "VariableType", "What a variable of an action is.", "feature feature_set feature_set_version"
)


class ImputationStrategy(Word):
    """How gaps are filled."""

    AVERAGE = "average"
    COLUMN = "column"
    CONSTANT = "constant"
    MEDIAN = "median"
    MODE = "mode"
    NOOP = "no_action"
    RANDOM = "random"
    ROW_RM = "remove_rows"
    SEQ = "sequential"


class Operator(Word):
    """How a condition compares."""

    CONTAINS = "contains"
    NOT_CONTAINS = "not contains"
    EQUALS = "=="
    NOT_EQUALS = "!="
    GREATER_THAN = ">"
    GREATER_THAN_OR_EQUALS = ">="
    LESS_THAN = "<"
    LESS_THAN_OR_EQUALS = "<="


NUMBER_TYPES = frozenset({"number", "number_with_decimals"})
STRING_TYPES = frozenset({"email", "phone_number", "text", "zip_code"})
CATEGORICAL_TYPES = frozenset({"category", "category_high_cardinality", "true_or_false"})
CURRENCY_SYMBOLS = re.compile("[$€¥₹元£]|Rs|CAD")
MISSING = {"list": "[]", "number": 0, "number_with_decimals": 0}
"""What stands for a gap of a kind; text kinds get the word 'missing', dates the earliest."""
