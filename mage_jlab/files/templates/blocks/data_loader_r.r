load_data <- function() {
    data.frame(id = 1:3, value = c(2.5, 3.5, 4.5))
}
