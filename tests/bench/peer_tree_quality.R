# Probabilities of one test set by one tree of R: peer_tree_quality.R PEER FOLDER, PEER of rpart, ctree, c50. Reads and writes
# what peer_tree_quality.py does. rpart is pruned to the least error of its own cross-validation; the others as they come.
asked <- commandArgs(trailingOnly = TRUE)
peer <- asked[1]
folder <- asked[2]
read <- function(name) read.csv(file.path(folder, name), na.strings = "", stringsAsFactors = TRUE, check.names = TRUE)
train <- read("train.csv")
test <- read("test.csv")
target <- names(train)[ncol(train)]
train[[target]] <- factor(train[[target]])
for (name in names(train))
    if (is.factor(train[[name]]) && name != target) test[[name]] <- factor(as.character(test[[name]]), levels = levels(train[[name]]))
formula <- as.formula(paste(target, "~ ."))
set.seed(1)
if (peer == "rpart") {
    grown <- rpart::rpart(formula, train, control = rpart::rpart.control(cp = 1e-4, minbucket = 7))
    table <- grown$cptable
    model <- rpart::prune(grown, cp = table[which.min(table[, "xerror"]), "CP"])
    p <- predict(model, test, type = "prob")[, 2]
} else if (peer == "ctree") {
    p <- predict(partykit::ctree(formula, train), test, type = "prob")[, 2]
} else {
    p <- predict(C50::C5.0(formula, train), test, type = "prob")[, 2]
}
write(format(p, digits = 9), file.path(folder, paste0(peer, ".txt")), ncolumns = 1)
