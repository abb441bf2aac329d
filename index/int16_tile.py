"""A tile of a product of matrices of 16- or 8-bit integers, in the instructions that this CPU has. A door of `numba`.

    avx512    12 rows, 2 vectors of 16 sums: two products and both additions are one instruction (AVX512_VNNI)
    avxvnni   6 rows, 2 vectors of 8 sums: the same in half the width (AVX-VNNI: laptops since 2021)
    avx2      6 rows, 2 vectors of 8 sums: products are added in a second instruction

On one core with all three: 195 to 225, 140 and 140 thousand million operations a second, where float32 has 85. The
first two have the same instructions for 8 bits: four products at a time, 450 thousand million.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

VECTORS = 2  # side by side in a tile


@dataclass(frozen=True, slots=True)
class Kind:
    """A tile of `rows` by `columns`; `shorts` is LLVM's name of the instruction for 16 bits, `added` whether it adds to
    the sums; `bytes` that for 8 bits (unsigned times signed), "" for none. Sums, two columns and what is read of a row
    have to fit in the registers."""

    rows: int
    lanes: int
    shorts: str
    added: bool
    bytes: str = ""

    @property
    def columns(self) -> int:
        return VECTORS * self.lanes


KINDS = {
    "avx512": Kind(12, 16, "llvm.x86.avx512.vpdpwssd.512", True, "llvm.x86.avx512.vpdpbusd.512"),
    "avxvnni": Kind(6, 8, "llvm.x86.avx512.vpdpwssd.256", True, "llvm.x86.avx512.vpdpbusd.256"),
    "avx2": Kind(6, 8, "llvm.x86.avx2.pmadd.wd", False),
}


def kind_here() -> Kind:
    """The fastest that this CPU has."""
    has = binding.get_host_cpu_features()
    if has.get("avx512vnni") and has.get("avx512bw"):
        return KINDS["avx512"]
    return KINDS["avxvnni" if has.get("avxvnni") else "avx2"]


def tile_of(kind: Kind, *, small: bool = False) -> Any:
    """The tile as a function for compiled code; of 8-bit integers with `small`."""

    @intrinsic  # type: ignore[untyped-decorator]
    def tile(
        _context: Any, a: Any, a_row: Any, a_unit: Any, a_zero: Any, b: Any, b_unit: Any, b_sum: Any, bias: Any,
        out: Any, out_row: Any, steps: Any,
    ) -> Any:  # fmt: skip
        """out[rows, columns] = (a - a_zero)[rows, 2 or 4 * steps] @ b in units, plus bias; `b_sum` are the sums of b's
        columns. Addresses, and bytes from row to row; in 16 bits zero is 0, and neither it nor `b_sum` is read."""
        del a, a_row, a_unit, a_zero, b, b_unit, b_sum, bias, out, out_row, steps

        def code(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            _Code(builder, kind, small).write(*arguments)
            return context.get_dummy_value()

        return types.void(*[types.int64] * 11), code

    return tile


class _Code:
    """Writes the instructions of a tile."""

    def __init__(self, builder: Any, kind: Kind, small: bool) -> None:
        self.builder, self.kind, self.small = builder, kind, small
        self.i32, self.i64 = ir.IntType(32), ir.IntType(64)
        self.shorts, self.longs = ir.VectorType(ir.IntType(16), 2 * kind.lanes), ir.VectorType(self.i32, kind.lanes)
        self.floats = ir.VectorType(ir.FloatType(), kind.lanes)
        self.added = kind.added or small
        called = ir.FunctionType(self.longs, [self.longs] * 3 if self.added else [self.shorts] * 2)
        name = kind.bytes if small else kind.shorts
        self.instruction = cgutils.get_or_insert_function(builder.module, called, name)

    def write(
        self, a: Any, a_row: Any, a_unit: Any, a_zero: Any, b: Any, b_unit: Any, b_sum: Any, bias: Any,
        out: Any, out_row: Any, steps: Any,
    ) -> None:  # fmt: skip
        builder = self.builder
        rows = [builder.add(a, builder.mul(a_row, ir.Constant(self.i64, row))) for row in range(self.kind.rows)]
        first = self._first(a_zero, b_sum)
        before, loop, after = builder.block, builder.append_basic_block("steps"), builder.append_basic_block("scale")
        builder.branch(loop)
        builder.position_at_end(loop)
        step = builder.phi(self.i64)
        step.add_incoming(ir.Constant(self.i64, 0), before)
        sums = [[builder.phi(self.longs) for _ in range(VECTORS)] for _ in rows]
        totals = self._products(rows, b, step, sums)
        following = builder.add(step, ir.Constant(self.i64, 1))
        step.add_incoming(following, loop)
        for old, start, new in zip(sums, first, totals, strict=True):
            for place, nothing, total in zip(old, start, new, strict=True):
                place.add_incoming(nothing, before)
                place.add_incoming(total, loop)
        builder.cbranch(builder.icmp_signed("<", following, steps), loop, after)
        builder.position_at_end(after)
        for row, line in enumerate(totals):
            to = builder.add(out, builder.mul(out_row, ir.Constant(self.i64, row)))
            self._store(line, self._load(a_unit, 4 * row, ir.FloatType()), b_unit, bias, to)

    def _first(self, a_zero: Any, b_sum: Any) -> list[list[Any]]:
        """What the sums begin with: less what the rows' zeros add."""
        if not self.small:
            return [[ir.Constant(self.longs, None)] * VECTORS for _ in range(self.kind.rows)]
        columns = [self._load(b_sum, 4 * self.kind.lanes * vector, self.longs) for vector in range(VECTORS)]
        zeros = [self._spread(self._load(a_zero, 4 * row, self.i32), self.longs) for row in range(self.kind.rows)]
        return [[self.builder.neg(self.builder.mul(zero, column)) for column in columns] for zero in zeros]

    def _products(self, rows: list[Any], b: Any, step: Any, sums: list[list[Any]]) -> list[list[Any]]:
        """The sums with 32 bits of each row, times those of the columns, added."""
        builder, width = self.builder, 4 * self.kind.lanes
        here = builder.add(b, builder.mul(step, ir.Constant(self.i64, VECTORS * width)))
        columns = [self._load(here, vector * width, self.longs) for vector in range(VECTORS)]
        at = builder.mul(step, ir.Constant(self.i64, 4))
        totals = []
        for row, line in zip(rows, sums, strict=True):
            left = self._spread(self._load(builder.add(row, at), 0, self.i32), self.longs)
            totals.append([self._added(total, left, column) for total, column in zip(line, columns, strict=True)])
        return totals

    def _added(self, total: Any, left: Any, right: Any) -> Any:
        if self.added:
            return self.builder.call(self.instruction, [total, left, right])
        shorts = [self.builder.bitcast(one, self.shorts) for one in (left, right)]
        return self.builder.add(total, self.builder.call(self.instruction, shorts))

    def _store(self, line: list[Any], unit: Any, b_unit: Any, bias: Any, to: Any) -> None:
        builder, width = self.builder, 4 * self.kind.lanes
        units = self._spread(unit, self.floats)
        for vector, total in enumerate(line):
            value = builder.fmul(builder.sitofp(total, self.floats), units)
            value = builder.fmul(value, self._load(b_unit, vector * width, self.floats))
            value = builder.fadd(value, self._load(bias, vector * width, self.floats))
            builder.store(value, self._at(to, vector * width, self.floats), align=4)

    def _at(self, address: Any, offset: int, of: Any) -> Any:
        place = self.builder.add(address, ir.Constant(self.i64, offset))
        return self.builder.inttoptr(place, of.as_pointer())

    def _load(self, address: Any, offset: int, of: Any) -> Any:
        return self.builder.load(self._at(address, offset, of), align=4)

    def _spread(self, value: Any, of: Any) -> Any:
        """A number in every place of a vector."""
        none = ir.Constant(of, ir.Undefined)
        one = self.builder.insert_element(none, value, ir.Constant(self.i32, 0))
        return self.builder.shuffle_vector(one, none, ir.Constant(self.longs, [0] * self.kind.lanes))
