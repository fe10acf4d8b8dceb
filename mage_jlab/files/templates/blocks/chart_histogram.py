if 'configuration' not in globals():
    from mage_ai.data_preparation.decorators import configuration

# The chart counts the values in x; df_1 is the output of the block above it.
x = df_1['value'].dropna().tolist()


@configuration
def settings():
    return {'chart_type': 'histogram', 'x': 'x', 'buckets': 10}
