# SPDX-License-Identifier: Apache-2.0
"""Seals the pages of a database as docs/storage.md tells it, so that a test may change one by hand."""

import struct

PAGE_BYTES = 4096
CHECKSUM_BYTES = 8
NOT_COVERED = ((18, 20), (24, 28), (40, 44), (92, 100))
HEADER_BYTES = 100
MASK = (1 << 64) - 1


def mix(total, word):
    total = (total ^ word) * 0x9E3779B97F4A7C15 & MASK
    return total ^ (total >> 32)


def mix_all(total, data):
    for at in range(0, len(data), 8):
        total = mix(total, int.from_bytes(data[at:at + 8], "little"))
    return total


def checksum(page, number):
    covered = bytearray(page[:-CHECKSUM_BYTES])
    total = mix(0, number)
    if number != 1:
        return mix_all(total, covered)
    for begin, end in NOT_COVERED:
        covered[begin:end] = bytes(end - begin)
    return mix_all(mix_all(total, covered[:HEADER_BYTES]), covered[HEADER_BYTES:])


def seal(path):
    with open(path, "r+b") as file:
        for number, page in enumerate(iter(lambda: file.read(PAGE_BYTES), b""), 1):
            file.seek(number * PAGE_BYTES - CHECKSUM_BYTES)
            file.write(struct.pack("<Q", checksum(page, number)))
