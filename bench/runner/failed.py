# SPDX-License-Identifier: Apache-2.0
"""What ends a run."""


class Failed(Exception):
    """A program did not do what it was started for."""
