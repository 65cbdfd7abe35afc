"""Three files in, one list out: sort complaints by class, and list the ten customers most likely to leave, each with what
it complained about last and the strongest reason.

    python at_risk.py customers.csv labelled.csv complaints.csv

customers.csv has columns customer_id, left (yes or no) and whatever else is known; labelled.csv has text and class;
complaints.csv has customer_id and text, oldest first."""
import sys

import kehu

customers, labelled, complaints = (kehu.read_csv(file, infer_rows=1000) for file in sys.argv[1:])

svm = kehu.Svm.train(labelled["text"], labelled["class"])
classes = svm.predict(complaints["text"]).labels
for name in svm.classes:
    print(name, classes.count(name), sep="\t")
last = dict(zip(complaints["customer_id"].to_list(), classes))

ids, left = customers["customer_id"], customers["left"]
inputs = {name: customers[name] for name in customers.columns if name not in ("customer_id", "left")}
tree = kehu.Tree.train(inputs, left, row_ids=ids)
risk = [p[1] for p in tree.score(inputs)]
here = [row for row, gone in enumerate(left.to_list()) if gone == "no"]
for row in sorted(here, key=lambda row: -risk[row])[:10]:
    path = tree.explain(inputs, row, "yes").to_dict()
    reason = max(zip(path["change"], path["condition"]), key=lambda step: step[0], default=(0, "-"))[1]
    customer = ids.to_list()[row]
    print(customer, f"{risk[row]:.3f}", last.get(customer, "-"), reason, sep="\t")
