"""The R side of R blocks: one text that is run once in each R kernel.

Tables travel as files of raw column data, which R reads and writes by `readBin` and
`writeBin`: exact, fast, and without any package. `executors/tables/columns_of_r` is
the other end.
"""

CODE = r"""
.mage <- local({
  fields <- function(folder) file.path(folder, "meta.json")

  read_column <- function(about, folder, rows) {
    connection <- file(file.path(folder, about$file), "rb")
    on.exit(close(connection))
    kind <- about$kind
    if (kind %in% c("string", "list")) {
      values <- readBin(connection, "character", rows)
      Encoding(values) <- "UTF-8"
      if (!is.null(about$mask)) {
        mask <- readBin(file.path(folder, about$mask), "raw", rows)
        values[mask == 1] <- NA_character_
      }
      if (kind == "list") {
        values <- lapply(values, function(text) if (!is.na(text)) jsonlite::fromJSON(text))
      }
      return(values)
    }
    what <- switch(kind, integer = "integer", factor = "integer", logical = "logical", "double")
    values <- readBin(connection, what, rows)
    switch(kind,
      factor = structure(
        values, levels = as.character(unlist(about$levels)),
        class = c(if (isTRUE(about$ordered)) "ordered", "factor")
      ),
      integer64 = structure(values, class = "integer64"),
      date = structure(values, class = "Date"),
      time = structure(values, class = c("POSIXct", "POSIXt"), tzone = about$zone),
      difference = structure(values, class = "difftime", units = "secs"),
      clock = structure(values, class = c("hms", "difftime"), units = "secs"),
      values
    )
  }

  read_table <- function(folder) {
    meta <- jsonlite::fromJSON(fields(folder), simplifyVector = FALSE)
    columns <- lapply(meta$columns, read_column, folder = folder, rows = meta$rows)
    names(columns) <- vapply(meta$columns, function(about) about$name, "")
    structure(columns, row.names = .set_row_names(meta$rows), class = "data.frame")
  }

  read_input <- function(said) {
    switch(said$kind,
      table = read_table(said$folder),
      json = jsonlite::fromJSON(said$path),
      text = {
        text <- readChar(said$path, file.info(said$path)$size, useBytes = TRUE)
        Encoding(text) <- "UTF-8"
        text
      },
      list = lapply(said$items, read_input)
    )
  }

  as_json <- function(value) {
    jsonlite::toJSON(
      exact(value), auto_unbox = TRUE, digits = NA, null = "null", na = "null",
      POSIXt = "ISO8601", force = TRUE, json_verbatim = TRUE
    )
  }

  # jsonlite writes 15 digits of a number; some need 17 to be the same one again.
  long <- function(values) {
    is.double(values) && (!is.object(values) || inherits(values, "AsIs")) &&
      !all(as.double(sprintf("%.15g", values)) == values | !is.finite(values))
  }

  numbers <- function(values) {
    texts <- sprintf("%.15g", values)
    rounded <- is.finite(values) & as.double(texts) != values
    texts[rounded] <- sprintf("%.17g", values[rounded])
    texts[!is.finite(values)] <- "null"
    if (length(values) == 1 && !inherits(values, "AsIs")) return(texts)
    paste0("[", paste(texts, collapse = ","), "]")
  }

  exact <- function(value) {
    if (is.data.frame(value)) {
      if (!any(vapply(value, function(column) long(column) || is.list(column), TRUE))) return(value)
      rows <- lapply(seq_len(nrow(value)), function(row) {
        lapply(value, function(column) if (is.list(column)) column[[row]] else column[row])
      })
      return(lapply(rows, exact))
    }
    if (is.list(value) && !is.object(value)) {
      value[] <- lapply(value, exact)
      return(value)
    }
    if (!long(value)) return(value)
    if (is.matrix(value)) return(lapply(seq_len(nrow(value)), function(row) exact(I(value[row, ]))))
    structure(numbers(value), class = "json")
  }

  write_column <- function(values, name, number, folder) {
    about <- list(name = name, file = paste0(number, ".bin"))
    if (inherits(values, "POSIXlt")) values <- as.POSIXct(values)
    if (is.matrix(values) || is.data.frame(values)) {
      stop("the column '", name, "' is a table itself; make it plain columns", call. = FALSE)
    }
    connection <- file(file.path(folder, about$file), "wb")
    on.exit(close(connection))
    if (is.factor(values)) {
      about$kind <- "factor"
      about$levels <- I(enc2utf8(levels(values)))
      about$ordered <- is.ordered(values)
      writeBin(as.integer(values), connection)
    } else if (inherits(values, "POSIXct")) {
      zone <- attr(values, "tzone")[1]
      about$kind <- "time"
      about$zone <- if (is.null(zone) || is.na(zone) || zone == "") "UTC" else zone
      writeBin(as.double(unclass(values)), connection)
    } else if (inherits(values, "Date")) {
      about$kind <- "date"
      writeBin(as.double(unclass(values)), connection)
    } else if (inherits(values, "difftime")) {
      about$kind <- if (inherits(values, "hms")) "clock" else "difference"
      units(values) <- "secs"
      writeBin(as.double(unclass(values)), connection)
    } else if (inherits(values, "integer64")) {
      about$kind <- "integer64"
      writeBin(as.vector(unclass(values)), connection)
    } else if (is.logical(values)) {
      about$kind <- "logical"
      writeBin(as.integer(values), connection)
    } else if (is.integer(values) || is.raw(values)) {
      about$kind <- "integer"
      writeBin(as.integer(values), connection)
    } else if (is.double(values)) {
      about$kind <- "double"
      writeBin(as.double(values), connection)
    } else {
      about$kind <- "string"
      if (is.list(values)) {
        about$kind <- "list"
        empty <- vapply(values, is.null, TRUE)
        texts <- vapply(values, function(value) as.character(as_json(value)), "")
        values <- ifelse(empty, NA_character_, texts)
      }
      values <- enc2utf8(as.character(values))
      missing <- is.na(values)
      if (any(missing)) {
        about$mask <- paste0(number, ".mask")
        writeBin(as.raw(missing), file.path(folder, about$mask))
        values[missing] <- ""
      }
      writeBin(values, connection, useBytes = TRUE)
    }
    about
  }

  write_table <- function(frame, folder) {
    dir.create(folder)
    columns <- lapply(seq_along(frame), function(number) {
      write_column(frame[[number]], names(frame)[[number]], number, folder)
    })
    rows <- .row_names_info(frame, 2L)
    meta <- list(rows = rows, columns = columns)
    writeLines(jsonlite::toJSON(meta, auto_unbox = TRUE), fields(folder), useBytes = TRUE)
    list(kind = "table", folder = folder)
  }

  write_value <- function(value, folder, number) {
    path <- file.path(folder, paste0("output_", number))
    if (is.data.frame(value)) return(write_table(value, path))
    writeLines(enc2utf8(as.character(as_json(value))), paste0(path, ".json"), useBytes = TRUE)
    list(kind = "json", path = paste0(path, ".json"))
  }

  write_outputs <- function(value, folder) {
    if (is.null(value)) return(list())
    tables <- is.list(value) && !is.object(value) && length(value) > 0 &&
      all(vapply(value, is.data.frame, TRUE))
    values <- if (tables) value else list(value)
    lapply(seq_along(values), function(number) write_value(values[[number]], folder, number - 1))
  }

  line_of <- function(calls) {
    for (call in rev(calls)) {
      place <- attr(call, "srcref")
      if (is.null(place)) next
      file <- attr(place, "srcfile")
      if (identical(file$filename, "<block>")) return(as.integer(place)[[1]])
    }
    NULL
  }

  parse_block <- function(text) {
    file <- srcfilecopy("<block>", strsplit(text, "\n", fixed = TRUE)[[1]])
    parsed <- function() parse(text = text, keep.source = TRUE, srcfile = file, encoding = "UTF-8")
    tryCatch(parsed(), error = function(problem) {
      words <- conditionMessage(problem)
      line <- regmatches(words, regexec("<block>:([0-9]+):", words))[[1]]
      words <- sub("^<block>:[0-9]+:[0-9]+: ", "", strsplit(words, "\n")[[1]][[1]])
      stop(structure(
        class = c("syntax error", "error", "condition"),
        list(message = words, call = NULL, line = as.integer(line[2]))
      ))
    })
  }

  # Mage's are a vector: where one is taken by [ ], what comes has to be no list, either.
  variables <- function(values) structure(values, class = c("mage_variables", "list"))

  taken <- function(x, i) {
    found <- unclass(x)[i]
    found[vapply(found, is.null, TRUE)] <- NA
    single <- vapply(found, function(value) is.atomic(value) && length(value) == 1, TRUE)
    if (all(single)) unlist(found) else found
  }

  registerS3method("[", "mage_variables", taken, envir = baseenv())
  registerS3method("print", "mage_variables", function(x, ...) {
    print(unclass(x), ...)
    invisible(x)
  }, envir = baseenv())

  run_block <- function(said) {
    block <- new.env(parent = globalenv())
    given <- lapply(said$inputs, read_input)
    for (number in seq_along(given)) {
      assign(paste0("df_", number), given[[number]], envir = block)
      assign(said$names[[number]], given[[number]], envir = block)
    }
    assign("global_vars", variables(said$variables), envir = block)
    expressions <- parse_block(said$source)
    for (number in seq_along(expressions)) {
      place <- withVisible(eval(expressions[number], block))
      if (place$visible) print(place$value)
    }
    work <- get0(said$work, envir = block, mode = "function", inherits = FALSE)
    if (is.null(work)) return(list(missing = TRUE, defined = I(ls(block))))
    parameters <- names(formals(work))
    if (!("..." %in% parameters) && length(given) > length(parameters)) {
      return(list(takes = length(parameters)))
    }
    inputs <- lapply(sprintf("df_%d", seq_along(given)), as.name)
    value <- eval(as.call(c(as.name(said$work), inputs)), block)
    list(outputs = write_outputs(value, said$folder))
  }

  described <- function(problem, line) {
    call <- conditionCall(problem)
    own <- is.null(call) || is.null(line)
    list(
      state = "failed", message = conditionMessage(problem),
      call = if (own) NULL else deparse(call, nlines = 1L)[[1]],
      class = class(problem)[[1]], line = if (is.null(problem$line)) line else problem$line
    )
  }

  run <- function(path) {
    said <- jsonlite::fromJSON(path, simplifyVector = FALSE)
    said$variables <- jsonlite::fromJSON(said$variables_path)
    line <- NULL
    printed <- fifo(said$printed, "w", blocking = TRUE)
    sinks <- sink.number()
    sink(printed)
    on.exit({
      while (sink.number() > sinks) sink()
      close(printed)
    })
    options(keep.source = TRUE)
    ended <- tryCatch(
      withCallingHandlers(
        c(list(state = "completed"), run_block(said)),
        error = function(problem) line <<- line_of(sys.calls())
      ),
      error = function(problem) described(problem, line),
      interrupt = function(problem) list(state = "interrupted")
    )
    writeLines(
      jsonlite::toJSON(ended, auto_unbox = TRUE, null = "null"), said$ended, useBytes = TRUE
    )
    invisible(NULL)
  }

  about <- function(path) {
    packages <- c("jsonlite", "bit64")
    there <- vapply(packages, requireNamespace, TRUE, quietly = TRUE)
    version <- paste(R.version$major, R.version$minor, sep = ".")
    texts <- paste0("\"", packages, "\": ", ifelse(there, "true", "false"), collapse = ", ")
    writeLines(paste0("{", texts, ", \"version\": \"", version, "\"}"), path)
  }

  environment()
})
"""
