# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The files of a picture: SVG, PNG and PDF, the latter two with the mark of the SVG that they were made from."""

from __future__ import annotations

import hashlib
import struct
import zlib
from pathlib import Path

from ansible_collections.refarch.aws.plugins.plugin_utils.picture.scene import PictureError

PNG_SCALE = 2
MARK = b"svg-sha256"


def picture_files(drawn: str, stem: Path) -> dict[Path, bytes]:
    """Contents of C(<stem>.svg), C(.png) and C(.pdf). Files that were made from the same SVG keep theirs. Raises PictureError."""
    source = drawn.encode()
    mark = hashlib.sha256(source).hexdigest().encode()
    found = {stem.with_suffix(".svg"): source}
    for suffix in (".png", ".pdf"):
        file = stem.with_suffix(suffix)
        # What cairo writes differs from release to release, and by the time of day: only another picture is worth another file.
        standing = file.read_bytes() if file.exists() else b""
        found[file] = standing if mark_of(standing) == mark else _rendered(source, suffix, mark)
    return found


def mark_of(content: bytes) -> bytes | None:
    """SHA-256 (hex) of the SVG that a PNG or PDF was made from."""
    at = content.rfind(MARK)
    return content[at + len(MARK) + 1 : at + len(MARK) + 65] if at >= 0 else None


def _rendered(source: bytes, suffix: str, mark: bytes) -> bytes:
    try:
        import cairosvg
    except (ImportError, OSError) as error:
        raise PictureError(f"the picture can't be made into {suffix[1:].upper()}: {error} (Debian's package is libcairo2)") from error
    if suffix == ".png":
        return _with_text(cairosvg.svg2png(bytestring=source, scale=PNG_SCALE), mark)
    # A comment after the end of the file is allowed, as long as the end is near ("PDF 32000-1:2008", implementation note 18).
    return cairosvg.svg2pdf(bytestring=source) + b"%" + MARK + b" " + mark + b"\n"


def _with_text(png: bytes, mark: bytes) -> bytes:
    """*png* with a tEXt chunk before its end (PNG specification, 11.3.4.3)."""
    body = b"tEXt" + MARK + b"\0" + mark
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    end = png.rindex(b"IEND") - 4
    return png[:end] + chunk + png[end:]
