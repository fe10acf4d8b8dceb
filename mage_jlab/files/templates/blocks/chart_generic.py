# Drawn by the settings of this block: type, columns, aggregations.
