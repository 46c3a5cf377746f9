"""The ledger: every response of a teacher, recorded before anything else is done with it (law 3).

One SQLite file in write-ahead mode: a kill at any moment loses nothing that was recorded, and several builds may
write at once. It is append-only: triggers refuse to change or delete a row. The tables:

    texts        messages and settings (model, endpoint, sampling) of requests, each once
    requests     digest, the problem, and the numbers of setting and messages
    responses    the bytes of a response as they came, compressed
    answers      the key (digest of the request, sample index), and which choice of which response answers it
    forgotten    problems whose answers were erased
    payments     what was paid for a response: tokens, amount, and the terms (version, model, price)
    reservations what a request can cost at most, written before it is sent where there is a limit
    settlements  what counts in place of a reservation

An answer is read out of its response each time it is needed, so that a later reader may read more of the same bytes.
The first answer recorded under a key stays. Each row has a checksum that is verified when it is read (law 10); before
new answers are requested, the whole table of keys is verified, so that damage is never paid for silently.

From the bottom up: `encoding`, `write_ahead_log`; `texts`; `payments`; `writing`, `migrate`; `layout`; `ledger`,
`recorder`; `check`, `forget`, `statistics`; `entries`, `compact`; `lines`; `lookup`, `transfer`.
"""

from .ledger import Ledger, open_ledger
from .recorder import open_recorder
from .writing import Key

__all__ = ["Key", "Ledger", "open_ledger", "open_recorder"]
