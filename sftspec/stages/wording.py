"""Which wording each candidate gets: drawn by rendezvous hashing, variants without replacement."""

from collections.abc import Sequence
from math import lcm

import xxhash

from sftspec.ground.canon import canonical, draw_prefix
from sftspec.ir import body as b
from sftspec.plan.parts import TemplatePart
from sftspec.stages.bodies import Drawn


def draw_wordings(
    template: TemplatePart, seed: int, rids: Sequence[bytes], step: int
) -> dict[str, Drawn]:
    """For each `vary` name the option of each candidate.

    A row's options are ordered by rendezvous hashing; its variants walk through the
    combinations of those orders without meeting one twice. `rids`: the rows' identities;
    `step`: how many variants each row has.
    """
    vary = template.vary
    orders = [
        _orders(
            draw_prefix(seed, f"vary {template.identity} {one.name}"),
            one.options,
            rids,
            all_of=step > 1,
        )
        for one in vary
    ]
    sizes = [len(one.options) for one in vary]
    walk = [walk_combinations(variant, sizes) for variant in range(step)]
    found: dict[str, Drawn] = {}
    for place, one in enumerate(vary):
        order = orders[place]
        choice = [ranked[walk[v][place]] for ranked in order for v in range(step)]
        found[one.name] = Drawn(one.options, choice)
    return found


def _orders(
    prefix: bytes, options: Sequence[b.Body], rids: Sequence[bytes], *, all_of: bool
) -> list[list[int]]:
    """Each row's order of the options, or only the best where one is drawn.

    The highest random weight comes first, so one more option takes 1/(n+1) of the first places
    and moves nothing else (Thaler and Ravishankar 1998).
    """
    marks = [b"\0" + canonical(option) for option in options]
    draw = xxhash.xxh3_64_intdigest
    out: list[list[int]] = []
    indices = range(len(options))
    for rid in rids:
        base = prefix + rid
        weights = [draw(base + mark) for mark in marks]
        if all_of:
            out.append(sorted(indices, key=[-weight for weight in weights].__getitem__))
        else:
            out.append([weights.index(max(weights))])
    return out


def walk_combinations(variant: int, sizes: Sequence[int]) -> tuple[int, ...]:
    """The variant-th combination of indices; all differ until every one was met.

    Two lists are walked together, the second shifted by one each time both come round; a third
    joins the pair in the same way, and so on.
    """
    out = [variant % sizes[0]] if sizes else []
    whole = sizes[0] if sizes else 1
    for size in sizes[1:]:
        at = variant % (whole * size)
        out.append((at + at // lcm(whole, size)) % size)
        whole *= size
    return tuple(out)
