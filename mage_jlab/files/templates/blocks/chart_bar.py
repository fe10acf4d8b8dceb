# A chart shows the variables x and y; df_1 is the output of the block above it.
totals = df_1.groupby('group')['value'].sum()
x = totals.index.tolist()
y = totals.tolist()
