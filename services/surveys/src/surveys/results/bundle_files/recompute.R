# Computes the published numbers again from the answers: weights, estimates, standard errors, intervals.
# Needs R alone, no package.  usage: Rscript recompute.R   (in the folder of the bundle)
# Sources of the formulas: Deming & Stephan (1940) raking; Potter (1990) trimming; Deville & Sarndal (1992) variance
# after calibration; Cochran (1977) strata; Korn & Graubard (1998) and Wilson (1927) intervals.

read <- function(name) read.csv(name, stringsAsFactors = FALSE, fileEncoding = "UTF-8", na.strings = "")
data <- read("data.csv"); margins <- read("margins.csv"); scores <- read("scores.csv")
strata <- read("strata.csv"); expected <- read("expected.csv"); plan <- read("plan.csv")
n <- nrow(data)
base <- data$base_weight

rake <- function(w) {
  for (sweep in 1:500) {
    largest <- 0
    for (name in unique(margins$variable)) {
      m <- margins[margins$variable == name, ]
      place <- match(data[[name]], m$category)
      sums <- as.vector(tapply(w, factor(place, levels = seq_len(nrow(m))), sum, default = 0))
      factors <- ifelse(sums > 0, m$target / sums, 1)
      w <- w * factors[place]
      largest <- max(largest, abs(factors - 1))
    }
    if (largest < 1e-9) return(w)
  }
  stop("raking did not converge")
}

trim <- function(w) {
  lower <- plan$trim_low * median(w); upper <- plan$trim_high * median(w)
  for (turn in 1:100) {
    outside <- w < lower * (1 - 1e-12) | w > upper * (1 + 1e-12)
    if (!any(outside)) return(w)
    held <- pmin(pmax(w, lower), upper)
    w <- ifelse(outside, held, w + sum(w - held) / sum(!outside))
  }
  stop("trimming did not end")
}

weight <- base
if (nrow(margins) > 0) {
  weight <- rake(weight)
  trimmed <- trim(weight)
  if (max(abs(trimmed - weight)) > 0) weight <- rake(trimmed)
}
off <- max(abs(weight / data$weight - 1))
cat(sprintf("weights: %d answers, largest relative difference %.1e\n", n, off))
if (off > 1e-6) stop("the weights differ")

design <- matrix(1, n, 1)
for (name in unique(margins$variable)) {
  m <- margins[margins$variable == name, ]
  if (nrow(m) > 1) design <- cbind(design, sapply(m$category[-1], function(k) as.numeric(data[[name]] == k)))
}

variance <- function(u) {
  if (nrow(margins) > 0) {
    slopes <- qr.coef(qr(design * sqrt(base)), u * sqrt(base)); slopes[is.na(slopes)] <- 0
    u <- u - as.vector(design %*% slopes)
  }
  z <- weight * u
  total <- 0
  for (h in unique(data$variance_stratum)) {
    inside <- data$variance_stratum == h; k <- sum(inside)
    people <- strata$population[match(h, strata$stratum)]
    correction <- if (is.na(people)) 1 else max(0, 1 - k / people)
    if (k > 1) total <- total + correction * k / (k - 1) * sum((z[inside] - mean(z[inside]))^2)
  }
  total
}

beta_limits <- function(p, n_e) {
  a <- (1 - plan$level) / 2
  low <- if (p * n_e <= 0) 0 else qbeta(a, p * n_e, n_e - p * n_e + 1)
  high <- if (n_e - p * n_e <= 0) 1 else qbeta(1 - a, p * n_e + 1, n_e - p * n_e)
  c(low, high)
}

korn_graubard <- function(p, v, k, df) {
  a <- (1 - plan$level) / 2
  n_e <- k
  if (p > 0 && p < 1 && v > 0 && k > 1) {
    n_e <- p * (1 - p) / v * (qt(a, k - 1) / qt(a, df))^2
    if (plan$cap == 1) n_e <- min(n_e, k)
  }
  beta_limits(p, n_e)
}

wilson <- function(p, k, people) {
  f <- k / people
  if (f >= 1) return(c(p, p))
  n_e <- (k - 1) / (1 - f); z2 <- qnorm(1 - (1 - plan$level) / 2)^2
  centre <- p + z2 / (2 * n_e); half <- sqrt(z2 * (p * (1 - p) / n_e + z2 / (4 * n_e^2)))
  c(max(0, (centre - half) / (1 + z2 / n_e)), min(1, (centre + half) / (1 + z2 / n_e)))
}

far <- function(mine, theirs) if (is.na(theirs)) 0 else abs(mine - theirs) / max(1e-6, abs(theirs))
worst <- 0
for (row in seq_len(nrow(expected))) {
  e <- expected[row, ]
  s <- scores[scores$estimate_id == e$estimate_id, ]
  y <- s$score[match(data[[e$column]], s$value)]
  inside <- !is.na(y); k <- sum(inside)
  size <- sum(weight[inside]); m <- sum(weight[inside] * y[inside]) / size
  u <- ifelse(inside, (ifelse(inside, y, 0) - m) / size, 0)
  v <- variance(u)
  df <- k - length(unique(data$variance_stratum[inside]))
  limits <- c(NA, NA); span <- e$high - e$low
  if (!is.na(e$ci_method)) limits <- switch(e$ci_method,
    "t" = pmin(pmax(m + c(-1, 1) * qt(1 - (1 - plan$level) / 2, df) * sqrt(v), e$low), e$high),
    "wilson" = wilson(m, k, strata$population[1]),
    "korn-graubard" = e$low + span * korn_graubard((m - e$low) / span, v / span^2, k, df),
    c(NA, NA))
  if (!is.na(e$ci_method) && e$ci_method == "bounds") limits <- c(e$ci_low, e$ci_high)
  off <- max(far(m, e$estimate), far(sqrt(v), e$se), far(limits[1], e$ci_low), far(limits[2], e$ci_high))
  worst <- max(worst, off)
  cat(sprintf("%-24s %-10s %12.6f  se %10.6f  [%s]  n %d  difference %.1e\n", e$item, e$measure, m, sqrt(v),
              paste(formatC(limits, digits = 6, format = "f"), collapse = ", "), k, off))
}
cat(sprintf("%d estimates, largest relative difference %.1e\n", nrow(expected), worst))
if (worst > 1e-7) stop("the numbers differ")
cat("the numbers are the same\n")
