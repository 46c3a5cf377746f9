"""Records that are kept as an Arrow array until somebody looks at them: a tenth of the memory, and no time to write."""

from collections.abc import Iterator, Sequence
from typing import Any, Generic, TypeVar, overload

import pyarrow as pa

from .frames import make_reader

Record = TypeVar("Record")


class ArrowRows(Sequence[Record], Generic[Record]):
    """A sequence of records; it equals the tuple of them."""

    __slots__ = ("_record", "array")

    def __init__(self, array: pa.StructArray, record: type[Record]) -> None:
        """Keep an array whose fields are those of the record."""
        self.array = array
        self._record = record

    def __len__(self) -> int:
        """Count the records."""
        return len(self.array)

    @overload
    def __getitem__(self, place: int) -> Record: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Record, ...]: ...
    def __getitem__(self, place: Any) -> Any:
        """Make one record, or some."""
        return tuple(self)[place]

    def __iter__(self) -> Iterator[Record]:
        """Make the records."""
        read = make_reader(self._record)  # type: ignore[arg-type]  # a class is hashable
        return (read(row) for row in self.array.to_pylist())

    def __eq__(self, other: object) -> bool:
        """Compare with any sequence of records."""
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        """Hash like the tuple."""
        return hash(tuple(self))


def join_rows(rows: Sequence["ArrowRows[Any] | None"]) -> pa.LargeListArray:
    """Join rows as a column of lists; null stays null. At least one is not null."""
    arrays = [each.array for each in rows if each is not None]
    lengths = [0 if each is None else len(each) for each in rows]
    offsets = [0]
    for length in lengths:
        offsets.append(offsets[-1] + length)
    mask = pa.array([each is None for each in rows])
    return pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), pa.concat_arrays(arrays), mask=mask)
