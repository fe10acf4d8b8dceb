# A histogram counts the values in x; df_1 is the output of the block above it.
x = df_1['value'].dropna().tolist()
