custom <- function(...) {
    # The outputs of upstream blocks are df_1, df_2 and so on.
    data.frame(id = 1:3)
}
