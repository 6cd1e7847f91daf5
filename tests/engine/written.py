"""PNGs bit by bit: Pillow writes few of the kinds that it reads."""

import struct
import zlib

GREY, COLOUR, PALETTE, GREY_ALPHA, COLOUR_ALPHA = 0, 2, 3, 4, 6


def png(bits: int, kind: int, row: bytes, width: int = 1, **chunks: bytes) -> bytes:
    """Return a PNG of one row of packed samples; `chunks` are its PLTE and tRNS."""
    header = struct.pack(">IIBBBBB", width, 1, bits, kind, 0, 0, 0)
    parts = [_chunk(b"IHDR", header)]
    parts += [_chunk(name.encode(), content) for name, content in chunks.items()]
    parts += [_chunk(b"IDAT", zlib.compress(b"\0" + row)), _chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _chunk(name: bytes, content: bytes) -> bytes:
    checked = name + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))
