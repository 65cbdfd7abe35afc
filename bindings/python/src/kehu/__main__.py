"""kehu for files: python -m kehu inspect | train | classify | segment | report | pipe

    python -m kehu train demands.csv --text text --class class --out demands.model
    python -m kehu classify demands.model new.csv --text text --out answers.csv
    python -m kehu train customers.csv --method tree --class left --out left.model
    python -m kehu segment events.csv --customer customer_id --time time --amount amount --as-of 2026-01-01
    python -m kehu inspect demands.model
    python -m kehu pipe demands.model < texts.txt > classes.txt
    python -m kehu report report.json --out report.html
    python -m kehu report --customers customers.csv --events events.csv --demands demands.csv --as-of 2026-01-01 --out folder

Tables go to --out, or as CSV to the standard output; what there is to say goes to the standard error. Exit status: 0; 1
when it failed, with one line that says why; 2 for wrong arguments.
"""
from __future__ import annotations

import argparse
import datetime
import os
import sys

import kehu
from kehu._job import run as run_job
from kehu._pipe import FORMATS, answer
from kehu.report import PAGE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TEXT_METHODS = {"svm": kehu.Svm, "keyword": kehu.Keyword, "hybrid": kehu.Hybrid}
MODELS: tuple[Any, ...] = (kehu.Svm, kehu.Keyword, kehu.Hybrid, kehu.Tree, kehu.Preference, kehu.Levels, kehu.Rfm, kehu.RfmBase,
                           kehu.Clv, kehu.Linear, kehu.Tokenizer)
REASONS = 5  # terms in an answer's reason


def say(message: str) -> None:
    print(message, file=sys.stderr)


def read(path: str, fields: dict[str, str], infer: bool = False) -> kehu.Table:
    """A CSV file; what was rejected is said."""
    with kehu.Csv(path, fields=fields, infer_rows=1000 if infer else 0, json=path.endswith(".jsonl")) as csv:
        table = csv.rest()
        for row in csv.rejects().rows()[:3]:
            say(f"{path}, line {row['line']}: left out: {row['column'] or 'row'}: {row['reason']}")
        if csv.reject_count:
            say(f"{path}: {csv.reject_count} rows left out, {len(table)} read")
    return table


def write(table: kehu.Table, out: str | None, **how: Any) -> None:
    if out is None:
        sys.stdout.write(table.write_csv(**how))
    else:
        table.save_csv(out, **how)


def load(path: str) -> Any:
    """A model of whatever kind the file is."""
    for kind in MODELS:
        try:
            return kind.load(path)
        except kehu.KehuKindError:
            pass
    raise kehu.KehuKindError(f"{path} is a kehu file of a kind that is not known here")


def is_model(path: str) -> bool:
    with open(path, "rb") as f:
        return f.read(4) == b"KEHU"


# inspect


def inspect(args: argparse.Namespace) -> None:
    if os.path.isdir(args.file):
        with kehu.Snapshot.open(args.file) as snapshot:
            print(snapshot.stats)
            for part in ("customers", "events"):
                for field in snapshot.fields(part):
                    print(field)
        return
    if is_model(args.file):
        model = load(args.file)
        print(model)
        if hasattr(model, "info"):
            for name, value in model.info.to_dict().items():
                print(f"{name}\t{value}")
        return
    table = read(args.file, {}, infer=True)
    print(table)
    for i, name in enumerate(table.columns):
        column = table[i]
        print(f"{name}\t{column.type}\t{len(column) - sum(column.is_present())} missing")


# train


def train(args: argparse.Namespace) -> None:
    if args.method == "tree":
        table = read(args.file, {args.label: "text required"}, infer=True)
        columns = {name: table[name] for name in table.columns if name != args.label and name not in args.ignore}
        model: Any = kehu.Tree.train(columns, table[args.label], seed=args.seed, n_threads=args.threads)
    else:
        if args.text is None:
            raise kehu.KehuArgumentError(f"--method {args.method} needs --text COLUMN")
        table = read(args.file, {args.text: "text", args.label: "text required"})
        kind: Any = TEXT_METHODS[args.method]
        model = kind.train(table[args.text], table[args.label], seed=args.seed, n_threads=args.threads)
    model.save(args.out)
    say(f"{args.out}: {model} from {len(table)} rows")


# classify


def deciders(model: Any, answers: Any) -> list[Any]:
    """The model behind each answer."""
    if type(model) is not kehu.Hybrid:
        return [model] * len(answers)
    return [model.keyword if by == "keyword" else model.svm for by in answers["by"]]


def reason_of(model: Any, text: str, label: str | None) -> str:
    """"word:weight" of what speaks for the class, as the main job has it."""
    if not text or label is None:
        return ""
    if isinstance(model, kehu.Svm):
        why = model.explain(text, label, limit=REASONS)
        return " ".join(f"{t}:{c:.3f}" for t, c in zip(why["term"], why["contribution"]) if c > 0)
    why = model.explain(text, label)
    return " ".join([f"{t}:{w}" for t, w in zip(why["term"], why["weight"]) if w > 0][:REASONS])


def classify(args: argparse.Namespace) -> None:
    model: Any = load(args.model)
    if type(model) in (kehu.Tree, kehu.Preference):
        table = read(args.file, {}, infer=True)
        scores: Any = model.score(table, n_threads=args.threads)
        found = scores if type(model) is kehu.Tree else scores.probabilities
        write(kehu.Table({**{name: table[name] for name in args.keep}, **found.to_dict()}), args.out)
        return
    if type(model) not in TEXT_METHODS.values():
        raise kehu.KehuKindError(f"{args.model} is a {type(model).__name__}, which does not classify")
    if args.text is None:
        raise kehu.KehuArgumentError(f"a {type(model).__name__} needs --text COLUMN")
    table = read(args.file, {args.text: "text"})
    texts = table[args.text]
    options = {"probabilities": True} if type(model) is kehu.Svm else {}
    answers: Any = model.predict(texts, n_threads=args.threads, **options)
    labels = answers["class"].to_list()
    why = [reason_of(who, text or "", label) for who, text, label in zip(deciders(model, answers), texts, labels)]
    write(kehu.Table({**{name: table[name] for name in args.keep}, "class": answers["class"], "probability": answers["probability"],
                      "reason": why}), args.out)


# pipe


def pipe(args: argparse.Namespace) -> None:
    model = load(args.model)
    if type(model) not in TEXT_METHODS.values():
        raise kehu.KehuKindError(f"{args.model} is a {type(model).__name__}, which does not classify texts")
    answer(model, sys.stdin.buffer, sys.stdout.buffer, form=args.format, chunk_header=args.chunk_header, text=args.text, result=args.result)


# segment


def segment(args: argparse.Namespace) -> None:
    money = f"money{args.decimals} required"
    fields = {args.customer: "text required", args.time: "time required", args.amount: money}
    if args.order is not None:
        fields[args.order] = "text"
    table = read(args.file, fields)
    rules: Any = args.rules
    if os.path.exists(rules):
        try:
            rules = kehu.Segments.load(rules)
        except kehu.KehuFormatError as e:
            raise kehu.KehuFormatError(f"{args.rules}, {e}") from None
    found = kehu.rfm_table(table[args.customer], table[args.time], table[args.amount], as_of=args.as_of, rules=rules,
                           order=None if args.order is None else table[args.order], levels=args.levels, returns=args.returns,
                           n_threads=args.threads)
    write(found, args.out, decimals={"spend": args.decimals})


def report(args: argparse.Namespace) -> None:
    if args.file is not None:
        kehu.report(args.file, args.page).save(args.out)
        return
    if args.customers is None or args.events is None or args.as_of is None:
        raise kehu.KehuArgumentError("report needs a report.json, or --customers, --events and --as-of")
    page = args.page or (PAGE if os.path.exists(PAGE) else None)
    if page is None:
        say("this build of kehu has no page: report.json and the tables are made, report.html is not")
    run_job({"customers": args.customers, "events": args.events, "demands": args.demands, "as_of": args.as_of, "out": args.out,
             "vocabulary": args.vocabulary, "target": args.target, "page": page, "redact": "yes" if args.redact else None,
             "folds": args.folds, "threads": args.threads, "statuses": args.statuses, "answers": args.answers, "machine": args.machine,
             "weights": args.weights, "sentiment": args.sentiment, "needs": args.needs, "spam": args.spam}, shown_steps())


def shown_steps() -> Any:
    """A progress that says each step as it begins."""
    last = ""

    def show(_: float, stage: str) -> None:
        nonlocal last
        if stage != last:
            say(stage)
        last = stage

    return show


# Arguments


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m kehu", description="Customer analytics for files.", allow_abbrev=False)
    made.add_argument("--version", action="version", version=f"kehu {kehu.__version__}")
    commands = made.add_subparsers(required=True, metavar="COMMAND")

    def command(function: Any, help: str) -> argparse.ArgumentParser:
        added = commands.add_parser(function.__name__, help=help, description=help, allow_abbrev=False)
        added.set_defaults(run=function)
        return added

    def threads(p: argparse.ArgumentParser) -> None:
        p.add_argument("--threads", type=int, default=1, metavar="N", help="the result is the same for any number; 1")

    p = command(inspect, "say what a model, a CSV or JSON Lines file or a store holds")
    p.add_argument("file")

    p = command(train, "learn a model from a CSV file")
    p.add_argument("file", help="CSV with a header")
    p.add_argument("--class", dest="label", required=True, metavar="COLUMN", help="the column with each row's class")
    p.add_argument("--text", metavar="COLUMN", help="the column with the text")
    p.add_argument("--method", choices=(*TEXT_METHODS, "tree"), default="svm", help="svm, keyword and hybrid read texts, tree the other columns")
    p.add_argument("--ignore", nargs="+", default=[], metavar="COLUMN", help="columns that the tree is not to see, such as an id")
    p.add_argument("--seed", type=int, default=0, metavar="N")
    p.add_argument("--out", required=True, metavar="FILE", help="the model")
    threads(p)

    p = command(classify, "the class of each row of a CSV file, its probability and the reason")
    p.add_argument("model", help="what `train` has written")
    p.add_argument("file", help="CSV with a header")
    p.add_argument("--text", metavar="COLUMN", help="the column with the text")
    p.add_argument("--keep", nargs="+", default=[], metavar="COLUMN", help="columns of the file to write beside the answers")
    p.add_argument("--out", metavar="FILE", help="CSV; the standard output")
    threads(p)

    p = command(pipe, "texts by the line to classes by the line, answered as they come: a database's executable function")
    p.add_argument("model", help="of texts, what `train` has written")
    p.add_argument("--format", choices=FORMATS, default=FORMATS[0], help="as ClickHouse has them; TabSeparated: the first column is the text")
    p.add_argument("--chunk-header", action="store_true", help="a line with their number stands before the rows of each chunk")
    p.add_argument("--text", default="text", metavar="NAME", help="JSONEachRow: the field with the text; text")
    p.add_argument("--result", default="result", metavar="NAME", help="JSONEachRow: the field for the class; result")

    p = command(segment, "recency, orders and spend of each customer, their grades and segment")
    p.add_argument("file", help="CSV of purchases with a header")
    for name, what in (("customer", "id"), ("time", "date or time"), ("amount", "money paid")):
        p.add_argument(f"--{name}", required=True, metavar="COLUMN", help=what)
    p.add_argument("--order", metavar="COLUMN", help="order id; without it each row is an order")
    p.add_argument("--as-of", required=True, type=datetime.date.fromisoformat, metavar="DATE", help='"today", as 2026-01-31')
    p.add_argument("--rules", default="rfm_grid", metavar="NAME|FILE", help="rfm_grid, rfm_intervals or a file of rules; rfm_grid")
    p.add_argument("--levels", type=int, default=0, metavar="N", help="grades, 2 to 10; 5")
    p.add_argument("--returns", choices=("net", "count", "drop"), default="net", help="what a negative amount is; net")
    p.add_argument("--decimals", type=int, choices=range(7), default=2, metavar="N", help="of the amounts, 0 to 6; 2")
    p.add_argument("--out", metavar="FILE", help="CSV; the standard output")
    threads(p)

    p = command(report, "the main job on CSV files, or the page of the report.json that it has left")
    p.add_argument("file", nargs="?", help="report.json of the main job")
    p.add_argument("--customers", metavar="FILE", help="CSV with customer_id and any other columns")
    p.add_argument("--events", metavar="FILE", help="CSV with customer_id, time, kind and what else there is")
    p.add_argument("--demands", metavar="FILE", help="CSV with demand_id, customer_id, time, text, channel and class")
    p.add_argument("--as-of", type=datetime.date.fromisoformat, metavar="DATE", help='"today", as 2026-01-31; later rows are rejected')
    p.add_argument("--vocabulary", metavar="FILE", help="CSV column,value of all allowed channels, contents and classes")
    p.add_argument("--target", metavar="COLUMN", help='of the customers: the risk that it is "yes" is scored')
    p.add_argument("--statuses", metavar="FILE", help="CSV demand_id,customer_id,time,status: what became of the demands")
    p.add_argument("--answers", metavar="FILE", help="CSV customer_id,time,feature,functional,dysfunctional: Kano's questionnaire")
    p.add_argument("--machine", metavar="FILE", help="which status may follow which")
    p.add_argument("--weights", metavar="FILE", help="what makes a class of demands urgent")
    p.add_argument("--sentiment", metavar="FILE", help="words of tone")
    p.add_argument("--needs", metavar="FILE", help="words of need, instead of the library's")
    p.add_argument("--spam", metavar="CLASS", help="its demands are held back from all but the counts")
    p.add_argument("--redact", action="store_true", help="take phones, cards, e-mail and postal addresses out of the texts")
    p.add_argument("--folds", type=int, default=5, metavar="N", help="of the cross-validation, 2 to 20; 5")
    p.add_argument("--page", metavar="FILE", help="the template that examples/report/build.sh makes; the one in the package")
    p.add_argument("--out", required=True, metavar="FILE|FOLDER", help="the page of a report.json; the folder for the results")
    threads(p)
    return made


def main(arguments: list[str] | None = None) -> int:
    args = parser().parse_args(arguments)
    try:
        args.run(args)
    except BrokenPipeError:
        sys.stderr.close()  # whoever reads has read enough
        return 1
    except (kehu.KehuError, OSError, KeyError, ValueError) as e:
        say("kehu: " + (str(e.args[0]) if isinstance(e, KeyError) and e.args else str(e)))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
