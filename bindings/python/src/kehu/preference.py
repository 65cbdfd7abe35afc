"""Which channel, content or occupation suits each customer, also those of whom it has not been observed yet
(kehu/preference.h).

>>> import kehu
>>> columns = {"app_days": [float(i % 30) for i in range(200)], "age": [20.0 + i % 50 for i in range(200)]}
>>> observed = [None if i % 4 == 0 else "app" if i % 30 > 12 else "hall" for i in range(200)]
>>> model = kehu.Preference.train(columns, observed, rules="app +2: app_days > 20")
>>> model.classes
('app', 'hall')
>>> scored = model.score({"app_days": [29.0, 1.0], "age": [30.0, 30.0]})
>>> scored.probabilities[0, "app"] > 0.8, scored.labels
(True, ['app', 'hall'])
>>> model.fired({"app_days": [29.0], "age": [30.0]}, 0)["rule"].to_list()
['app +2: app_days > 20']
"""
from __future__ import annotations

from ctypes import byref, c_uint32, c_void_p, pointer

from . import _abi
from ._call import Model, Watch, call, options, string
from ._columns import Inputs, column, columns
from ._library import lib
from .levels import COUNT, Levels, levels_options, report_table
from .results import Matrix, Part, Record, Result, filled, listed, room
from .segment import Segments
from .tree import Tree, tree_options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

GROUPS = ("silent", "spoken")


class Preferences(Result):
    """The preferences of n customers: a table of class (the most probable one), probability and level (by name).

    probabilities, levels   Matrix [n][n_classes]; levels are 0 (hardly) to 4 (reliant)
    """

    probabilities: Matrix
    levels: Matrix

    @property
    def labels(self) -> list[str]:
        """The most probable class of each customer."""
        return [self.probabilities.columns[i] for i in self.probabilities.best()]


class Fusion(Record):
    """How tree and rules are fused in a group of rows ("silent": no rule speaks in favour of a class)."""

    tree_weight: float
    rule_weight: float
    n_rules: int
    fitted: int
    offsets: dict[str, float]


class Preference(Model):
    """A trained preference. Immutable: threads may share it."""

    _prefix = "kehu_preference_"
    _free = lib.kehu_preference_free

    @classmethod
    def train(cls, columns_: Any, observed: Any = None, *, row_ids: Any = None, rules: Segments | str | None = None, sure: float = 0,
              n_folds: int = 0, tree: dict[str, Any] | None = None, levels: dict[str, Any] | None = None, progress: Any = None) -> Preference:
        """Learn from named columns of n customers.

        observed  [n] the class of each row (text, whole numbers or bool), missing where it is not known. With rules: text,
                  or None when nothing is observed
        row_ids   as for Tree.train
        rules     experience: lines "class +weight: condition" in the language of kehu.Segments, weights in log-odds
        sure      a row that is not observed counts as of the class whose rules lead by so much; 0: 2, below 0: never
        n_folds   of the fusion, 2 to 20; 0: 5
        tree      options of Tree.train;  levels  options of Levels.fit

        Fails as Tree.train, Levels.fit and Segments.assign, and for rules with KehuFormatError, KehuRangeError,
        KehuNotFoundError (.where is the line, from 0)."""
        inputs = columns(columns_)
        seen, ids = (None if c is None else column(c, name) for c, name in ((observed, "observed"), (row_ids, "row_ids")))
        table = Segments.read(rules) if isinstance(rules, str) else rules
        opt = options(_abi.kehu_preference_options, n_folds=n_folds, sure=sure)
        tree_opt, _keep = tree_options(**(tree or {}))
        opt.levels = pointer(levels_options(**(levels or {})))
        owner = None if table is None else table._own()
        if owner is not None:
            opt.rules = owner.value
        out = c_void_p()
        with Watch(progress) as watching:
            tree_opt.progress = watching.pointer
            opt.tree = pointer(tree_opt)
            call(lib.kehu_preference_train, byref(out), inputs.structs, inputs.n, seen and seen.struct, ids and ids.struct, opt)
        return cls._adopt(out)

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names, in order."""
        return self._once("_classes", self._read_classes)

    def _read_classes(self) -> tuple[str, ...]:
        owner = self._own()
        return tuple(string(lib.kehu_preference_class_name(owner, i)) for i in range(lib.kehu_preference_class_count(owner)))

    def score(self, columns_: Any, *, n_threads: int = 0) -> Preferences:
        """Probability and level of every class for every row of named columns, as for Tree.score."""
        owner, inputs, names = self._own(), columns(columns_), self.classes
        n, k = inputs.rows, len(names)
        probabilities, levels = room("d", n * k), room("B", n * k)
        call(lib.kehu_preference_score, owner, inputs.structs, inputs.n, probabilities, levels,
             options(_abi.kehu_tree_score_options, n_threads=n_threads))
        p, l = Matrix(probabilities, "d", n, names), Matrix(levels, "B", n, names)
        made = Preferences(n, [Part("class", "i", lambda: filled("i", p.best()), names),
                               Part("probability", "d", lambda: filled("d", [max(row) for row in p])),
                               Part("level", "i", lambda: filled("i", [l[i, k] for i, k in enumerate(p.best())]), self.levels.names)])
        made.probabilities, made.levels = p, l
        return made

    def report(self, columns_: Any, observed: Any = None, *, n_threads: int = 0) -> Result:
        """How many customers are in each level of each class, and how often they turned out to be of it: the table of
        Levels.report. observed: [n] as for train."""
        owner, inputs, names = self._own(), columns(columns_), self.classes
        seen = None if observed is None else column(observed, "observed")
        rows = (_abi.kehu_level_row * (len(names) * COUNT))()
        call(lib.kehu_preference_report, owner, inputs.structs, inputs.n, seen and seen.struct,
             options(_abi.kehu_tree_score_options, n_threads=n_threads), rows)
        return report_table(rows, names)

    def fusion(self, group: str) -> Fusion:
        """How tree and rules are fused in the group "silent" or "spoken"."""
        owner, struct, number = self._own(), _abi.kehu_preference_fusion(), GROUPS.index(group)
        lib.kehu_preference_fusion_get(owner, number, struct)
        return Fusion(struct, offsets={name: lib.kehu_preference_offset(owner, number, i) for i, name in enumerate(self.classes)})

    def fired(self, columns_: Any, row: int) -> Result:
        """The rules that speak for or against a row's classes: class, line (from 1), weight, rule."""
        owner, inputs, names, n = self._own(), columns(columns_), self.classes, c_uint32()
        found = self._fired(owner, inputs, row, 16, n)
        if n.value > 16:
            found = self._fired(owner, inputs, row, n.value, n)
        return Result(len(found), [Part("class", "text", [names[f.class_number] for f in found]), *listed(found, line="i", weight="d"),
                                   Part("rule", "text", [string(f.text) for f in found])])

    def _fired(self, owner: Any, inputs: Inputs, row: int, capacity: int, n: c_uint32) -> Any:
        found = (_abi.kehu_preference_rule * capacity)()
        call(lib.kehu_preference_fired, owner, inputs.structs, inputs.n, row, found, capacity, byref(n))
        return found[:min(n.value, capacity)]

    @property
    def tree(self) -> Tree:
        """The tree, a part of this model: for explain(), write_rules() and the like."""
        owner = self._own()
        return Tree._borrow(lib.kehu_preference_tree(owner), owner)

    @property
    def levels(self) -> Levels:
        """The cut points, a part of this model."""
        owner = self._own()
        return Levels._borrow(lib.kehu_preference_levels(owner), owner)

    def __repr__(self) -> str:
        return "<closed Preference>" if self.closed else f"<Preference of {', '.join(self.classes)}>"
