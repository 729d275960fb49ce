"""How often somebody may try to log in to one account."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.users.domain.refusals import TooManyLogIns


@dataclass(frozen=True, slots=True)
class LogInLimit:
    """So many failures within the window, and no more answer is given until the first of them is older than that."""

    failures: int
    window: timedelta

    def check(self, last_but: datetime | None, now: datetime) -> None:
        """`last_but` is the failure that is the limit's many back from the newest. Raises `TooManyLogIns`."""
        if last_but is not None and now < (free_at := last_but + self.window):
            raise TooManyLogIns(max(1, math.ceil((free_at - now).total_seconds())))
