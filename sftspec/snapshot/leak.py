"""Whether packed samples see one another: each gets the same logits in its pack as alone.

The model is small, causal and untrained, its weights drawn from a fixed seed: a leak comes of masks
and positions, not of what a model has learned. A pack is given to it as trainers give it, with
positions that begin anew in each sample and no attention mask. With a mask of ones beside them the
library no longer looks for samples, and they see one another: that is the control, and it must
show, or the check could not fail.
"""

from collections.abc import Iterable
from importlib import import_module
from itertools import islice
import math
from typing import Any

from msgspec import Struct
import numpy as np

from sftspec.ground.report import Fault

BOUND, SHOWS = 1e-5, 1e-3
LONGEST = 8192  # tokens of a pack that the model is given; attention costs their square
WORDS = 1024


class Pack(Struct, frozen=True):
    """A pack as its file has it. `where`: the file, and which pack of it from 0.

    `ids`, `positions`: one a token. `lengths`: of its samples.
    """

    where: str
    ids: Any
    positions: Any
    lengths: Any


class LeakAnswer(Struct, frozen=True):
    """What was found. `segments`: samples in those packs; `where`: the pack of the largest difference.

    `difference`: the largest between a logit packed and alone. `control`: the same with a mask of
    ones; empty where no pack had two samples, which none can leak.
    """

    packs: int
    segments: int
    difference: str
    where: str
    control: str
    holds: bool

    @property
    def why(self) -> str:
        """Why it does not hold."""
        if not float(self.difference) < BOUND:
            return f"a sample's logits packed and alone differ by {self.difference}"
        return f"with a mask of ones they differ by no more than {self.control}: the check shows nothing"


def leak(packs: Iterable[Pack], limit: int) -> LeakAnswer:
    """Compare the first packs, as many as the limit says. Raises Fault where a library is not there."""
    torch, model = _tools()
    taken = segments = 0
    worst, where, control = -1.0, "", None
    for pack in islice(packs, limit):
        taken += 1
        segments += len(pack.lengths)
        apart, shown = (
            _compare(torch, model, _short(pack)) if _whole(pack) else (math.inf, None)
        )
        if apart > worst:
            worst, where = apart, pack.where
        if shown is not None:
            control = max(shown, control or 0.0)
    seen = control is None or control > SHOWS
    return LeakAnswer(
        packs=taken, segments=segments, difference=f"{max(worst, 0.0):.1e}", where=where,
        control="" if control is None else f"{control:.1e}", holds=worst < BOUND and seen,
    )  # fmt: skip


def _tools() -> tuple[Any, Any]:
    """The library, and the model."""
    try:
        torch, library = import_module("torch"), import_module("transformers")
    except ImportError:
        raise Fault(
            "missing-library", "`--leak` runs a model, and torch or transformers is not there",
            hint="pip install 'sftspec[train]'",
        ) from None  # fmt: skip
    config = library.LlamaConfig(
        vocab_size=WORDS, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=LONGEST,
        attn_implementation="sdpa",
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = library.LlamaForCausalLM(config)
    return torch, model.to(torch.float32).eval()


def _whole(pack: Pack) -> bool:
    """Whether its columns are of one length, and every sample has a token."""
    lengths = np.asarray(pack.lengths)
    total = len(pack.ids)
    return (
        len(pack.positions) == total
        and int(lengths.sum()) == total
        and bool((lengths > 0).all())
    )


def _short(pack: Pack) -> Pack:
    """Its first samples, as many tokens as the model is given."""
    ends = np.minimum(np.cumsum(pack.lengths), LONGEST)
    lengths = np.diff(ends, prepend=0)
    return Pack(
        pack.where, np.asarray(pack.ids)[:LONGEST], np.asarray(pack.positions)[:LONGEST],
        lengths[lengths > 0],
    )  # fmt: skip


def _compare(torch: Any, model: Any, pack: Pack) -> tuple[float, float | None]:
    """The largest difference of a logit; and with a mask of ones, where there are two samples."""
    # Which token is which is of no matter to a leak, so that few words do for any vocabulary. Without
    # `use_cache=False`, as trainers have it, the library does not look for samples either.
    ids = torch.tensor(np.asarray(pack.ids, np.int64) % WORDS)[None]
    positions = torch.tensor(np.asarray(pack.positions, np.int64))[None]
    with torch.inference_mode():
        alone = torch.cat(
            [
                model(input_ids=part, position_ids=torch.arange(part.shape[1])[None], use_cache=False).logits
                for part in torch.split(ids, [int(n) for n in pack.lengths], dim=1)
            ],
            dim=1,
        )  # fmt: skip
        found = _apart(model(input_ids=ids, position_ids=positions, use_cache=False), alone)
        if len(pack.lengths) < 2:
            return found, None
        ones = torch.ones_like(ids)
        leaky = model(
            input_ids=ids, position_ids=positions, attention_mask=ones, use_cache=False
        )
    return found, _apart(leaky, alone)


def _apart(answer: Any, alone: Any) -> float:
    """The largest difference; infinite where a logit is no number."""
    found = float((answer.logits - alone).abs().max())
    return math.inf if math.isnan(found) else found
