"""Loops over vectors of 16-bit integers, compiled for this CPU when they are first used. The door of `numba`.

Two numbers of 16 bits are multiplied and added in the time of one of 32 (int16_tile.py, whose code is cached with this
module's). No accuracy is given up for it: each row and each column is scaled so that its Euclidean length is 32,767; by
Cauchy and Schwarz no sum can then leave 32 bits, and a number keeps ten to eleven bits of its own.

Layout: the left matrix is rows of int16; the right one is packed, COLUMNS columns together, pairs of rows side by side.
Every buffer of rows has TILE - 1 rows more than are in use: a tile writes whole.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from index.int16_tile import kind_here, tile_of

_KIND = kind_here()
TILE, COLUMNS = _KIND.rows, _KIND.columns
BYTES = bool(_KIND.bytes)  # whether there is a product of 8-bit integers
_tile, _small_tile = tile_of(_KIND), tile_of(_KIND, small=BYTES)
CACHED = 147_456  # bytes of rows that stay in the second-level cache while the columns pass by
BLOCK = 8 * TILE  # rows of attention at a time
LENGTH = np.float32(32767.0)
HALF, ONE, TWO = np.float32(0.5), np.float32(1.0), np.float32(2.0)
LOG2_E, ROOT_HALF = np.float32(1.4426950408889634), np.float32(0.7071067811865476)
LEAST = np.float32(-126.0)
AWAY = np.float32(-1e30)  # a score of what is not there
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


@_compiled
def multiply(a, a_scale, b, b_scale, bias, out, column, rows, pairs):
    """out[:rows, column:] = a[:rows] @ b; `b` (panels, pairs, COLUMNS, 2)."""
    a_row, out_row = a.strides[0], out.strides[0]
    a0, s0, b0, t0, c0 = a.ctypes.data, a_scale.ctypes.data, b.ctypes.data, b_scale.ctypes.data, bias.ctypes.data
    o0 = out.ctypes.data + 4 * column
    chunk = max(CACHED // (4 * pairs) // TILE, 1) * TILE
    for first in range(0, rows, chunk):
        for panel in range(b.shape[0]):
            at, of = 4 * COLUMNS * panel, b0 + panel * b.strides[0]
            for row in range(first, min(first + chunk, rows), TILE):
                to = o0 + row * out_row + at
                _tile(a0 + row * a_row, a_row, s0 + 4 * row, 0, of, t0 + at, 0, c0 + at, to, out_row, pairs)


@_compiled
def multiply_bytes(a, a_unit, a_zero, b, b_unit, b_sum, bias, out, rows):
    """out[:rows] = a[:rows] @ b, of bytes; `b` (panels, inputs / 4, COLUMNS, 4)."""
    a_row, out_row, steps = a.strides[0], out.strides[0], b.shape[1]
    a0, s0, z0, b0 = a.ctypes.data, a_unit.ctypes.data, a_zero.ctypes.data, b.ctypes.data
    t0, m0, c0, o0 = b_unit.ctypes.data, b_sum.ctypes.data, bias.ctypes.data, out.ctypes.data
    chunk = max(CACHED // (4 * steps) // TILE, 1) * TILE
    for first in range(0, rows, chunk):
        for panel in range(b.shape[0]):
            at, of = 4 * COLUMNS * panel, b0 + panel * b.strides[0]
            for row in range(first, min(first + chunk, rows), TILE):
                left, unit, zero, to = a0 + row * a_row, s0 + 4 * row, z0 + 4 * row, o0 + row * out_row + at
                _small_tile(left, a_row, unit, zero, of, t0 + at, m0 + at, c0 + at, to, out_row, steps)


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
    """Query of one head as rows, key (a column each) and value (a row each) packed; the queries' units hold 1/root.
    `k` and `v` hold a pair of numbers in each."""
    size, width = q.shape[1], qkv.shape[1] // 3
    at = head * size
    root = ONE / np.sqrt(np.float32(size))
    short = np.empty(size, np.int16)
    pairs = short.view(np.int32)
    squares = np.full(size, np.float32(1e-30))
    k[:] = 0
    k_unit[:] = 0
    for j in range(length):
        q_unit[j] = _shorten(qkv[start + j, at : at + size], q[j]) * root
        k_unit[j] = _shorten(qkv[start + j, width + at : width + at + size], short)
        for d in range(size // 2):
            k[j // COLUMNS, d, j % COLUMNS] = pairs[d]
        value = qkv[start + j, 2 * width + at : 2 * width + at + size]
        for d in range(size):
            squares[d] += value[d] * value[d]
    for d in range(size):
        v_unit[d] = np.sqrt(squares[d]) / LENGTH
    for j in range(0, length, 2):
        for first in range(0, size, COLUMNS):
            _pair_rows(
                qkv, start + j, j + 1 < length, 2 * width + at + first, v_unit[first:], v[first // COLUMNS, j // 2]
            )


@_compiled
def _pair_rows(qkv, row, both, column, units, pairs):
    """Numbers of a row and of the one after it (0 without `both`), as int16, side by side in 32 bits each."""
    upper = qkv[row, column : column + pairs.size]
    lower = qkv[row + (1 if both else 0), column : column + pairs.size]
    for d in range(pairs.size):
        one = np.int32(np.rint(upper[d] / units[d]))
        other = np.int32(np.rint(lower[d] / units[d])) if both else np.int32(0)
        pairs[d] = (one & np.int32(0xFFFF)) | (other << np.int32(16))


@_compiled
def _range(row):
    """The least and the largest number of a row: their bits as integers in the same order, which goes in vectors."""
    bits = row.view(np.int32)
    least, most = np.int32(0x7FFFFFFF), np.int32(-0x7FFFFFFF)
    for j in range(bits.size):
        order = bits[j] ^ ((bits[j] >> np.int32(31)) & np.int32(0x7FFFFFFF))
        least, most = min(least, order), max(most, order)
    return _float_of_order(least), _float_of_order(most)


@_compiled
def _float_of_order(order):
    return _float_of_bits(np.int32(order ^ ((order >> np.int32(31)) & np.int32(0x7FFFFFFF))))


@_compiled
def _soften(row, length, shorts):
    """Softmax of a row's first numbers as int16, 0 after them; returns what one of its units is worth. `row` is
    overwritten. Both are whole blocks of COLUMNS long: what is left over of vectors would be computed one by one
    (a tenth of attention at 190 tokens)."""
    for j in range(length, row.size):
        row[j] = AWAY
    top = _range(row)[1]
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
def to_bytes(rows, tokens, factors, small, unit, zero):
    """The first `tokens` rows, each column times its factor, as unsigned bytes: what one of a row's units is worth, and
    which byte is 0."""
    line = np.empty(rows.shape[1], np.float32)
    for row in range(tokens):
        for i in range(line.size):
            line[i] = rows[row, i] * factors[i]
        least, most = _range(line)
        least = min(least, np.float32(0))
        unit[row] = (max(most, np.float32(0)) - least + np.float32(1e-30)) / np.float32(255)
        scale = ONE / unit[row]
        middle = np.rint(-least * scale)
        zero[row] = np.int32(middle)
        for i in range(line.size):
            small[row, i] = np.uint8(np.int32(min(np.rint(line[i] * scale) + middle, np.float32(255))))


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
    k, k_unit = np.zeros((columns, size // 2, COLUMNS), np.int32), np.zeros(columns * COLUMNS, np.float32)
    v, v_unit = np.zeros((size // COLUMNS, longest // 2 + 1, COLUMNS), np.int32), np.zeros(size, np.float32)
    scores = np.zeros((BLOCK, columns * COLUMNS), np.float32)
    p, p_unit = np.zeros((BLOCK, columns * COLUMNS), np.int16), np.zeros(BLOCK, np.float32)
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
                    p_unit[i] = _soften(scores[i, : panels * COLUMNS], length, p[i, : panels * COLUMNS])
                multiply(p, p_unit, v, v_unit, none, mixed[start + first :], head * size, rows, even)
