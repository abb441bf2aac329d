"""How much a browser may send at a time."""

# A thesis with many pictures has about 50 MB.
MOST_BYTES = 100 * 2**20
