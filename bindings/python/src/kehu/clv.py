"""Repurchase and customer lifetime value (kehu/clv.h).

>>> import kehu
>>> rows = {"frequency": [2, 0, 5, 1], "recency": [30.4, 0, 35.0, 10.0], "age": [38.9, 38.9, 36.0, 39.0]}
>>> model = kehu.Clv.from_parameters("bg_nbd", [0.243, 4.414, 0.793, 2.426])
>>> [round(p, 2) for p in model.alive(rows)]
[0.73, 1.0, 0.88, 0.44]
>>> [round(p, 2) for p in model.purchases(rows, 39)]
[1.22, 0.19, 3.53, 0.42]
"""
from __future__ import annotations

from ctypes import byref, c_double, c_void_p

from . import _abi
from ._call import Exclusive, Model, Watch, call, choose, options, string
from ._columns import columns, vector
from ._library import lib
from .results import Part, Record, Result, only, room
from .rfm import _customers, batch, day_number, picked
from .table import Column, Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from typing import Any

MODELS = ("bg_nbd", "mbg_nbd", "pareto_nbd", "bg_bb", "gamma_gamma")


class ClvBase(Exclusive):
    """Purchases of an observation period, being collected. One thread at a time: others wait.

    end_day             the last day observed: a date, or days since 1970-01-01
    period_days         days in a unit of time; 0: 7
    day_offset_minutes  as for RfmBase
    """

    _free = lib.kehu_clv_base_free

    def __init__(self, end_day: date | int, *, period_days: float = 0, day_offset_minutes: int = 0) -> None:
        opt = options(_abi.kehu_clv_base_options, period_days=period_days, day_offset_minutes=day_offset_minutes)
        out = c_void_p()
        call(lib.kehu_clv_base_new, byref(out), day_number(end_day, "end_day"), opt)
        self._take(out)

    def add(self, customer: Any, time: Any, amount: Any) -> None:
        """Add purchases, columns as for RfmBase.add. Purchases of one customer on one day are one purchase."""
        struct, _keep = batch(customer, time, amount)
        self._call(lib.kehu_clv_base_add, struct)

    def finish(self) -> Table:
        """One row a customer, ascending: customer, frequency (repeat purchases), recency, age (in periods), spend (mean
        money of a repeat purchase, minor units). Fails with KehuEmptyError (no purchase)."""
        found, keys = _abi.kehu_clv_columns(), _abi.kehu_column()
        with self._only():
            call(lib.kehu_clv_base_finish, self._own(), found, keys)
            return _customers(keys, [(name, _abi.KEHU_FLOAT64, getattr(found, name)) for name in ("frequency", "recency", "age", "spend")])


class ClvInfo(Record):
    """What a fit found; see kehu_clv_fit_report. Standard errors are 0 for a model that was not fitted."""

    model: str
    parameters: dict[str, float]
    standard_errors: dict[str, float]
    log_likelihood: float
    n: float
    n_left_out: float
    n_groups: int
    iterations: int
    gradient: float


class Clv(Model):
    """A fitted model of buying and leaving, or of spend. Immutable: threads may share it.

    Rows of customers are named columns, [n]:

    frequency  repeat purchases, whole; the first purchase is not counted
    recency    from the first purchase to the last one, 0 when frequency is 0
    age        from the first purchase to the end of observation; all times in one unit
    spend      mean money of a repeat purchase (may be absent where no spend is asked for)
    weight     customers a row stands for (only for fitting; may be absent)
    """

    _prefix = "kehu_clv_"
    _free = lib.kehu_clv_free

    @classmethod
    def fit(cls, rows: Any, *, model: str | int = "bg_nbd", max_iterations: int = 0, n_threads: int = 0, progress: Any = None) -> Clv:
        """Maximum likelihood.

        model           "bg_nbd", "mbg_nbd", "pareto_nbd", "bg_bb" or, of spend, "gamma_gamma"
        max_iterations  0: 500

        Fails with KehuEmptyError (fewer than two customers it can use), KehuDataError (a bad row: .where is it; or data
        that cannot support the model)."""
        made = _Rows(rows)
        opt = options(_abi.kehu_clv_options, model=choose(model, "model", MODELS), max_iterations=max_iterations, n_threads=n_threads)
        out = c_void_p()
        with Watch(progress) as watching:
            opt.progress = watching.pointer
            call(lib.kehu_clv_fit, byref(out), made.struct, opt)
        return cls._adopt(out)

    @classmethod
    def from_parameters(cls, model: str | int, parameters: Sequence[float]) -> Clv:
        """A model of parameters known from elsewhere, all above 0, in the order of kehu_clv_model in kehu/clv.h."""
        values, out = (c_double * max(len(parameters), 1))(*parameters), c_void_p()
        call(lib.kehu_clv_from_parameters, byref(out), choose(model, "model", MODELS), values, len(parameters), None)
        return cls._adopt(out)

    @property
    def info(self) -> ClvInfo:
        """What the fit found."""
        struct = _abi.kehu_clv_fit_report()
        lib.kehu_clv_get_fit(self._own(), struct)
        k = struct.n_parameters
        names = [string(n) for n in list(struct.name)[:k]]
        shown = {name: getattr(struct, name) for name in ("log_likelihood", "n", "n_left_out", "n_groups", "iterations", "gradient")}
        return ClvInfo(None, model=MODELS[struct.model], parameters=dict(zip(names, struct.parameter)),
                       standard_errors=dict(zip(names, struct.standard_error)), **shown)

    def _each(self, function: Any, name: str, rows: Any, *more: float) -> Column:
        owner, made = self._own(), _Rows(rows)
        values = room("d", made.n)
        call(function, owner, made.struct, *more, values)
        return only(name, "d", values, made.n)

    def alive(self, rows: Any) -> Column:
        """[n] probability that the customer is still one at the end of observation."""
        return self._each(lib.kehu_clv_alive, "alive", rows)

    def purchases(self, rows: Any, horizon: float) -> Column:
        """[n] expected purchases in the time `horizon` after the observation."""
        return self._each(lib.kehu_clv_purchases, "purchases", rows, horizon)

    def waiting(self, rows: Any) -> Column:
        """[n] time until the next purchase that half of such customers, being alive, stay under."""
        return self._each(lib.kehu_clv_waiting, "waiting", rows)

    def spend(self, rows: Any) -> Column:
        """[n] expected money of a purchase (model "gamma_gamma")."""
        return self._each(lib.kehu_clv_spend, "spend", rows)

    def value(self, spends: Clv, rows: Any, horizon: float, discount: float = 0) -> Column:
        """[n] expected money in `horizon` whole periods after the observation, discounted by (1 + discount)^-k.

        spends  a model "gamma_gamma" """
        owner, other, made = self._own(), spends._own(), _Rows(rows)
        values = room("d", made.n)
        call(lib.kehu_clv_value, owner, other, made.struct, horizon, discount, values)
        return only("value", "d", values, made.n)

    def value_interval(self, spends: Clv, rows: Any, horizon: float, discount: float = 0, deviations: float = 1.96) -> Result:
        """How far value() may be off because the fits rest on so many customers and no more: [n] low and high,
        `deviations` standard errors of ln value on either side (1.96 holds 95 in 100).

        Fails as value(), and with KehuArgumentError when a model was given, not fitted."""
        owner, other, made = self._own(), spends._own(), _Rows(rows)
        low, high = room("d", made.n), room("d", made.n)
        call(lib.kehu_clv_value_interval, owner, other, made.struct, horizon, discount, deviations, low, high)
        return Result(made.n, [Part("low", "d", low), Part("high", "d", high)])

    def __repr__(self) -> str:
        if self.closed:
            return "<closed Clv>"
        info = self.info
        return f"<Clv {info.model}: {', '.join(f'{n} {v:.4g}' for n, v in info.parameters.items())}>"


class _Rows:
    def __init__(self, data: Any) -> None:
        inputs = columns(data, "rows")
        self.parts = {name: vector(picked(inputs, name, "rows"), "d", name) for name in ("frequency", "recency", "age", "spend", "weight")
                      if name in inputs.names or name in ("frequency", "recency", "age")}
        self.n = inputs.rows
        self.struct = _abi.kehu_clv_columns(n=self.n, **{name: part._as_parameter_ for name, part in self.parts.items()})


