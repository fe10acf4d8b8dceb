if 'extension' not in globals():
    from mage_ai.data_preparation.decorators import extension


@extension('great_expectations')
def validate(validator, *args, **kwargs):
    """State what must be true of the data."""
    validator.expect_table_row_count_to_be_between(min_value=1)
