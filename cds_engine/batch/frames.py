"""Tables in memory, of whatever library, as the engine takes them."""

from __future__ import annotations

from typing import Any

from cds_engine.batch.duck import Duck
from cds_engine.batch.engine import check_columns
from cds_engine.diagnostics import InputError


def frame_of(table: object, duck: Duck) -> object:
    """Return a table in memory as the engine takes it; a lazy one is collected.

    Raises:
        InputError: If it is no table, or has two columns of one name.
    """
    collect = getattr(table, "collect", None)
    frame = collect() if callable(collect) else table
    to_arrow = getattr(frame, "to_arrow", None)
    frame = _with_floats(to_arrow() if callable(to_arrow) else frame)
    try:
        duck.register("frame_tried", frame)
    except TypeError:  # where nothing is handed over at all
        raise no_table(table) from None
    except duck.errors:
        raise no_table(table) from None
    names = getattr(getattr(frame, "schema", None), "names", None) or getattr(frame, "columns", None)
    check_columns([str(name) for name in names] if names is not None else [], "the table")
    return frame


def no_table(table: object) -> InputError:
    """Return the complaint about something that is no table."""
    what = "nothing" if table is None else f"a `{type(table).__name__}`"
    return InputError(f"{what} is no table; give a path, or a table of Arrow, pandas or Polars")


def _with_floats(frame: Any) -> Any:
    """Return a table of Arrow without floats of half the length, which the engine does not read."""
    schema: Any = getattr(frame, "schema", None)
    if "halffloat" not in map(str, getattr(schema, "types", ())):
        return frame
    import pyarrow as pa  # noqa: PLC0415 - an extra, here already: the table is its own

    wider = [field.with_type(pa.float32()) if str(field.type) == "halffloat" else field for field in schema]
    return frame.cast(pa.schema(wider))
