"""Standard error that bears a full disk: what a log misses is no reason to stop the work."""

from __future__ import annotations

import contextlib
import sys
from typing import Any


class StandardError:
    """Standard error as it is now; what cannot be written to it is not said."""

    def __init__(self) -> None:
        self._stream = sys.stderr

    def write(self, text: str) -> int:
        """As a stream's."""
        with contextlib.suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """As a stream's."""
        with contextlib.suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
