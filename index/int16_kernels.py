"""Loops over vectors of 16-bit integers, compiled for this CPU when they are first used. The door of `numba`.

Two numbers of 16 bits are multiplied and added in the time of one of 32: a product of matrices takes about .6 of
float32's time on a CPU with AVX2 alone (benchmarks/embedding.py). No accuracy is given up for it: each row and each
column is scaled so that its Euclidean length is 32,767; by Cauchy and Schwarz no sum can then leave 32 bits, and a
number keeps ten to eleven bits of its own.

Layout: the left matrix is rows of int16; the right one is packed, COLUMNS columns together, pairs of rows side by side.
Every buffer of rows has TILE - 1 rows more than are in use: a tile writes whole.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

TILE, COLUMNS = 6, 16  # 12 sums, 2 columns and a row's pair: 15 of the 16 vector registers
CACHED = 147_456  # bytes of rows that stay in the second-level cache while the columns pass by
BLOCK = 8 * TILE  # rows of attention at a time
LENGTH = np.float32(32767.0)
HALF, ONE, TWO = np.float32(0.5), np.float32(1.0), np.float32(2.0)
LOG2_E, ROOT_HALF = np.float32(1.4426950408889634), np.float32(0.7071067811865476)
LEAST = np.float32(-126.0)
# 2**f on 0..1, a Chebyshev fit: off by less than 1e-7 of it.
E0, E1, E2 = np.float32(0.99999994), np.float32(0.69315296), np.float32(0.24015453)
E3, E4, E5 = np.float32(0.05582361), np.float32(0.00899258), np.float32(0.00187623)
# erf as in Abramowitz and Stegun, 7.1.26: off by less than 1.5e-7.
P, A1, A2 = np.float32(0.3275911), np.float32(0.254829592), np.float32(-0.284496736)
A3, A4, A5 = np.float32(1.421413741), np.float32(-1.453152027), np.float32(1.061405429)


# "numpy": a division by zero is no error, whose test would keep loops from being run eight numbers at a time.
_compiled = njit(nogil=True, cache=True, fastmath=True, error_model="numpy")


@intrinsic
def _float_of_bits(_context: Any, _bits: Any) -> Any:
    def code(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.FloatType())

    return types.float32(types.int32), code


@intrinsic
def _tile(
    _context: Any, a: Any, a_row: Any, a_scale: Any, b: Any, b_scale: Any, bias: Any, out: Any, out_row: Any, pairs: Any
) -> Any:
    """out[TILE, COLUMNS] = a[TILE, 2 * pairs] @ b, scaled, plus bias. Addresses, and bytes from row to row."""
    del a, a_row, a_scale, b, b_scale, bias, out, out_row, pairs
    return types.void(*[types.int64] * 9), _tile_code


def _tile_code(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
    i16, i32, i64 = ir.IntType(16), ir.IntType(32), ir.IntType(64)
    shorts, longs, floats = ir.VectorType(i16, 16), ir.VectorType(i32, 8), ir.VectorType(ir.FloatType(), 8)
    a, a_row, a_scale, b, b_scale, bias, out, out_row, pairs = arguments
    multiply_add = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(longs, [shorts, shorts]), "llvm.x86.avx2.pmadd.wd"
    )
    spread = ir.Constant(longs, [0] * 8)

    def at(address: Any, offset: int, of: Any) -> Any:
        return builder.inttoptr(builder.add(address, ir.Constant(i64, offset)), of.as_pointer())

    def load(address: Any, offset: int, of: Any) -> Any:
        return builder.load(at(address, offset, of), align=4)

    def spread_out(value: Any, of: Any) -> Any:
        one = builder.insert_element(ir.Constant(of, ir.Undefined), value, ir.Constant(i32, 0))
        return builder.shuffle_vector(one, ir.Constant(of, ir.Undefined), spread)

    rows = [builder.add(a, builder.mul(a_row, ir.Constant(i64, row))) for row in range(TILE)]
    before, loop, after = builder.block, builder.append_basic_block("pairs"), builder.append_basic_block("scale")
    builder.branch(loop)
    builder.position_at_end(loop)
    pair = builder.phi(i64)
    pair.add_incoming(ir.Constant(i64, 0), before)
    sums = [[builder.phi(longs) for _ in range(2)] for _ in range(TILE)]
    here = builder.add(b, builder.mul(pair, ir.Constant(i64, 4 * COLUMNS)))
    columns = [load(here, 32 * half, shorts) for half in range(2)]
    totals = []
    for row in range(TILE):
        two = load(builder.add(rows[row], builder.mul(pair, ir.Constant(i64, 4))), 0, i32)
        left = builder.bitcast(spread_out(two, longs), shorts)
        products = [builder.call(multiply_add, [left, column]) for column in columns]
        totals.append([builder.add(total, product) for total, product in zip(sums[row], products, strict=True)])
    following = builder.add(pair, ir.Constant(i64, 1))
    pair.add_incoming(following, loop)
    for row in range(TILE):
        for half in range(2):
            sums[row][half].add_incoming(ir.Constant(longs, None), before)
            sums[row][half].add_incoming(totals[row][half], loop)
    builder.cbranch(builder.icmp_signed("<", following, pairs), loop, after)
    builder.position_at_end(after)
    for row in range(TILE):
        scale = spread_out(load(a_scale, 4 * row, ir.FloatType()), floats)
        to = builder.add(out, builder.mul(out_row, ir.Constant(i64, row)))
        for half in range(2):
            value = builder.fmul(builder.sitofp(totals[row][half], floats), scale)
            value = builder.fmul(value, load(b_scale, 32 * half, floats))
            builder.store(builder.fadd(value, load(bias, 32 * half, floats)), at(to, 32 * half, floats), align=4)
    return _context.get_dummy_value()


@_compiled
def multiply(a, a_scale, b, b_scale, bias, out, column, rows, pairs):
    """out[:rows, column:] = a[:rows] @ b; `b` (panels, pairs, 2, 8, 2)."""
    a_row, out_row = a.strides[0], out.strides[0]
    a0, s0, b0, t0, c0 = a.ctypes.data, a_scale.ctypes.data, b.ctypes.data, b_scale.ctypes.data, bias.ctypes.data
    o0 = out.ctypes.data + 4 * column
    chunk = max(CACHED // (4 * pairs) // TILE, 1) * TILE
    for first in range(0, rows, chunk):
        for panel in range(b.shape[0]):
            for row in range(first, min(first + chunk, rows), TILE):
                _tile(
                    a0 + row * a_row,
                    a_row,
                    s0 + 4 * row,
                    b0 + panel * b.strides[0],
                    t0 + 4 * COLUMNS * panel,
                    c0 + 4 * COLUMNS * panel,
                    o0 + row * out_row + 4 * COLUMNS * panel,
                    out_row,
                    pairs,
                )


@_compiled
def _exp(x):
    t = max(x * LOG2_E, LEAST)
    whole = np.floor(t)
    f = t - whole
    power = _float_of_bits(np.int32((np.int32(whole) + np.int32(127)) << np.int32(23)))
    return power * (E0 + f * (E1 + f * (E2 + f * (E3 + f * (E4 + f * E5)))))


@_compiled
def _gelu(x):
    y = abs(x) * ROOT_HALF
    t = ONE / (ONE + P * y)
    tail = t * (A1 + t * (A2 + t * (A3 + t * (A4 + t * A5)))) * _exp(-y * y)
    return HALF * (x + abs(x) * (ONE - tail))


@_compiled
def _shorten(row, shorts):
    """A row as int16; returns what one of its units is worth."""
    total = np.float32(1e-30)
    for i in range(row.size):
        total += row[i] * row[i]
    unit = np.sqrt(total) / LENGTH
    scale = ONE / unit
    for i in range(row.size):
        shorts[i] = np.int16(np.int32(np.rint(row[i] * scale)))
    return unit


@_compiled
def _norm(row, weight, bias, epsilon):
    """Layer normalisation of a row, in place."""
    total = np.float32(0)
    for i in range(row.size):
        total += row[i]
    mean = total / np.float32(row.size)
    squares = np.float32(0)
    for i in range(row.size):
        squares += (row[i] - mean) * (row[i] - mean)
    scale = ONE / np.sqrt(squares / np.float32(row.size) + epsilon)
    for i in range(row.size):
        row[i] = (row[i] - mean) * scale * weight[i] + bias[i]


@_compiled
def _pack_head(qkv, start, length, head, q, q_unit, k, k_unit, v, v_unit):
    """Query of one head as rows, key (a column each) and value (a row each) packed; the queries' units hold 1/root."""
    size, width = q.shape[1], qkv.shape[1] // 3
    at = head * size
    root = ONE / np.sqrt(np.float32(size))
    short = np.empty(size, np.int16)
    squares = np.full(size, np.float32(1e-30))
    k[:] = 0
    k_unit[:] = 0
    for j in range(length):
        q_unit[j] = _shorten(qkv[start + j, at : at + size], q[j]) * root
        k_unit[j] = _shorten(qkv[start + j, width + at : width + at + size], short)
        value = qkv[start + j, 2 * width + at : 2 * width + at + size]
        for d in range(size):
            k[j // COLUMNS, d // 2, (j % COLUMNS) // 8, j % 8, d % 2] = short[d]
            squares[d] += value[d] * value[d]
    for d in range(size):
        v_unit[d] = np.sqrt(squares[d]) / LENGTH
    for j in range(length):
        value = qkv[start + j, 2 * width + at : 2 * width + at + size]
        for d in range(size):
            number = np.int16(np.int32(np.rint(value[d] / v_unit[d])))
            v[d // COLUMNS, j // 2, (d % COLUMNS) // 8, d % 8, j % 2] = number
    if length % 2:
        v[:, length // 2, :, :, 1] = 0


@_compiled
def _soften(row, shorts):
    """Softmax of a row as int16; returns what one of its units is worth. `row` is overwritten."""
    top = row[0]
    for j in range(row.size):
        top = max(top, row[j])
    total = np.float32(0)
    squares = np.float32(0)
    for j in range(row.size):
        value = _exp(row[j] - top)
        row[j] = value
        total += value
        squares += value * value
    unit = np.sqrt(squares) / LENGTH
    scale = ONE / unit
    for j in range(row.size):
        shorts[j] = np.int16(np.int32(np.rint(row[j] * scale)))
    if shorts.size > row.size:
        shorts[row.size] = 0
    return unit / total


@_compiled
def embed(ids, starts, words, places, weight, bias, epsilon, hidden):
    """The first rows of `hidden`: word and place of each token, normalised. Text t is starts[t] to starts[t + 1]."""
    for text in range(starts.size - 1):
        for row in range(starts[text], starts[text + 1]):
            for i in range(hidden.shape[1]):
                hidden[row, i] = words[ids[row], i] + places[row - starts[text], i]
            _norm(hidden[row], weight, bias, epsilon)


@_compiled
def shorten(rows, tokens, short, unit):
    """The first `tokens` rows as int16, and what one of each row's units is worth."""
    for row in range(tokens):
        unit[row] = _shorten(rows[row], short[row])


@_compiled
def shorten_gelu(rows, tokens, short, unit):
    """The same of their GELU. `rows` is overwritten."""
    for row in range(tokens):
        line = rows[row]
        for i in range(line.size):
            line[i] = _gelu(line[i])
        unit[row] = _shorten(line, short[row])


@_compiled
def add_norm(hidden, more, tokens, weight, bias, epsilon):
    """hidden + more, normalised, in place."""
    for row in range(tokens):
        for i in range(hidden.shape[1]):
            hidden[row, i] += more[row, i]
        _norm(hidden[row], weight, bias, epsilon)


@_compiled
def attend(qkv, starts, heads, mixed):
    """Attention of each text over its own tokens: qkv (tokens, 3 * width) to mixed (tokens, width)."""
    longest = 0
    for text in range(starts.size - 1):
        longest = max(longest, starts[text + 1] - starts[text])
    size, columns = mixed.shape[1] // heads, (longest + COLUMNS - 1) // COLUMNS
    q, q_unit = np.zeros((longest + TILE, size), np.int16), np.zeros(longest + TILE, np.float32)
    k, k_unit = np.zeros((columns, size // 2, 2, 8, 2), np.int16), np.zeros(columns * COLUMNS, np.float32)
    v, v_unit = np.zeros((size // COLUMNS, longest // 2 + 1, 2, 8, 2), np.int16), np.zeros(size, np.float32)
    scores = np.zeros((BLOCK, columns * COLUMNS), np.float32)
    p, p_unit = np.zeros((BLOCK, 2 * (longest // 2 + 1)), np.int16), np.zeros(BLOCK, np.float32)
    none = np.zeros(max(columns * COLUMNS, size), np.float32)
    for text in range(starts.size - 1):
        start, length = starts[text], starts[text + 1] - starts[text]
        for head in range(heads):
            _pack_head(qkv, start, length, head, q, q_unit, k, k_unit, v, v_unit)
            even, panels = (length + 1) // 2, (length + COLUMNS - 1) // COLUMNS
            for first in range(0, length, BLOCK):
                rows = min(BLOCK, length - first)
                multiply(q[first:], q_unit[first:], k[:panels], k_unit, none, scores, 0, rows, size // 2)
                for i in range(rows):
                    p_unit[i] = _soften(scores[i, :length], p[i, : 2 * even])
                multiply(p, p_unit, v, v_unit, none, mixed[start + first :], head * size, rows, even)
