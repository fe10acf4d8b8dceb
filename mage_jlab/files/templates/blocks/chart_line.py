# The chart shows the variables x and y; df_1 is the output of the block above it.
x = list(range(len(df_1)))
y = [df_1[name].tolist() for name in df_1.select_dtypes("number").columns]
