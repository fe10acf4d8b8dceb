export_data <- function(df_1, ...) {
    write.csv(df_1, "table.csv", row.names = FALSE)
}
