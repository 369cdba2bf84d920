"""One worker for each tool that `race_speed.py` compares, and what the workers share.

The programs are those of the corpus of this checkout, whatever is installed.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
