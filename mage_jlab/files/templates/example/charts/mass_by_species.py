# A chart shows the variables x and y; df_1 is the output of the block above it.
means = df_1.groupby('species')['body_mass_g'].mean().round()
x = means.index.tolist()
y = means.tolist()
