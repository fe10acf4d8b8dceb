if 'configuration' not in globals():
    from mage_ai.data_preparation.decorators import configuration

# The chart shows the variables x and y; df_1 is the output of the block above it.
totals = df_1.groupby('group')['value'].sum()
x = totals.index.tolist()
y = totals.tolist()


@configuration
def settings():
    return {'chart_type': 'bar chart', 'x': 'x', 'y': 'y'}
