# SPDX-License-Identifier: Apache-2.0
"""Mutants that no test can kill, and why: (source, the text of its line, the change) -> the reason."""
from typing import Dict, Tuple

SURVIVORS: Dict[Tuple[str, str, str], str] = {}
